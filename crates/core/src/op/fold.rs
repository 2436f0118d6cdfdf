//! The states of children in a loop over the levels of a forest.
//!
//! ```text
//! for each level t, leaves first:
//!     incoming(edge) = next(child)                for the edges of the level's nodes
//!     run the body                                (writes next(t))
//! ```
//!
//! A child lies at any level below, so that next is kept for all of them. Backward goes down: once the body of a level has run
//! backward, `d next(child)` receives `d incoming(edge)`. A child has one parent, and so one summand from above.

use unrolled_kernels::Element;

use crate::program::{ChildLink, Operand, Recurrence};
use crate::storage::{Span, View};

/// `incoming(edge) = next(child)` for the edges of level `t`.
pub(super) fn enter<E: Element>(f: &mut View<'_, E>, op: &Recurrence, link: &ChildLink, t: usize) {
    f.write_at(Operand::Value(link.incoming), Span::Step { axis: op.axis, t }, |f, incoming| {
        let (next, mut incoming) = (f.matrix_at(Operand::Value(link.next), Span::All), incoming.matrix());
        let edges = f.schedule(link.incoming);
        for (edge, &child) in edges.children(edges.step(t)).iter().enumerate() {
            incoming.row_mut(edge).copy_from_slice(next.row(child as usize));
        }
    });
}

/// `d next(child) += d incoming(edge)` for the edges of level `t`.
pub(super) fn hand_down<E: Element>(f: &mut View<'_, E>, op: &Recurrence, link: &ChildLink, t: usize) {
    if !f.has_gradient(link.incoming) || !f.has_gradient(link.next) {
        return;
    }
    f.write_at(Operand::Gradient(link.next), Span::All, |f, d_next| {
        let d_incoming = f.matrix_at(Operand::Gradient(link.incoming), Span::Step { axis: op.axis, t });
        let (edges, mut d_next) = (f.schedule(link.incoming), d_next.matrix());
        for (edge, &child) in edges.children(edges.step(t)).iter().enumerate() {
            f.kernels.add_assign(d_next.row_mut(child as usize), d_incoming.row(edge));
        }
    });
}
