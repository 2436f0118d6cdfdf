//! Between the nodes of a forest and its edges: what a node says to each child, and what it hears of its children.

use std::ops::Range;

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::{Span, View};

/// The reason why forests are not cut in time.
pub(super) const FOREST: &str = "folds a forest";

pub(crate) fn facts() -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Never(FOREST),
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// `y(edge) = x(parent)`.
pub(crate) fn spread_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        let (values, mut rows) = (f.matrix(Operand::Value(x)), rows.matrix());
        for (node, edges) in families(f, x, y) {
            edges.for_each(|edge| rows.row_mut(edge).copy_from_slice(values.row(node)));
        }
    });
}

/// `dx(parent) += Σ dy(edge)`, the first child's first.
pub(crate) fn spread_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (dy, mut dx) = (f.matrix(Operand::Gradient(y)), dx.matrix());
        for (node, edges) in families(f, x, y) {
            edges.for_each(|edge| f.kernels.add_assign(dx.row_mut(node), dy.row(edge)));
        }
    });
}

/// `y(node) = Σ x(edge)` over its children, the first child's first; zeros without children. An only child's numbers stay as
/// they are, the sign of a zero included.
pub(crate) fn sum_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        let (values, mut rows) = (f.matrix(Operand::Value(x)), rows.matrix());
        for (node, mut edges) in families(f, y, x) {
            match edges.next() {
                Some(edge) => rows.row_mut(node).copy_from_slice(values.row(edge)),
                None => rows.row_mut(node).fill(E::ZERO),
            }
            edges.for_each(|edge| f.kernels.add_assign(rows.row_mut(node), values.row(edge)));
        }
    });
}

/// `dx(edge) += dy(parent)`.
pub(crate) fn sum_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (dy, mut dx) = (f.matrix(Operand::Gradient(y)), dx.matrix());
        for (node, edges) in families(f, y, x) {
            edges.for_each(|edge| f.kernels.add_assign(dx.row_mut(edge), dy.row(node)));
        }
    });
}

/// `y(node) = x(edge)` of the child of number `index`; zeros without one.
pub(crate) fn child_forward<E: Element>(f: &mut View<'_, E>, index: usize, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        let (values, mut rows) = (f.matrix(Operand::Value(x)), rows.matrix());
        for (node, mut edges) in families(f, y, x) {
            match edges.nth(index) {
                Some(edge) => rows.row_mut(node).copy_from_slice(values.row(edge)),
                None => rows.row_mut(node).fill(E::ZERO),
            }
        }
    });
}

/// `dx(edge) += dy(parent)` for the child of number `index`.
pub(crate) fn child_backward<E: Element>(f: &mut View<'_, E>, index: usize, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (dy, mut dx) = (f.matrix(Operand::Gradient(y)), dx.matrix());
        for (node, mut edges) in families(f, y, x) {
            edges
                .nth(index)
                .into_iter()
                .for_each(|edge| f.kernels.add_assign(dx.row_mut(edge), dy.row(node)));
        }
    });
}

/// `y(node) = [x(edge), ...]` over its children; zeros in the places without one.
pub(crate) fn children_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        let (width, mut rows) = (f.program.values[x].width, rows.matrix());
        let values = f.slice(Operand::Value(x));
        for (node, edges) in families(f, y, x) {
            let (below, none) = rows.row_mut(node).split_at_mut(edges.len() * width);
            below.copy_from_slice(&values[edges.start * width..edges.end * width]);
            none.fill(E::ZERO);
        }
    });
}

/// `dx(edge)` gets its columns of `dy(parent)`.
pub(crate) fn children_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (width, dy, dx) = (f.program.values[x].width, f.matrix(Operand::Gradient(y)), dx.slice());
        for (node, edges) in families(f, y, x) {
            let dx = &mut dx[edges.start * width..edges.end * width];
            f.kernels.add_assign(dx, &dy.row(node)[..dx.len()]);
        }
    });
}

/// The nodes within the span, each with its edges, by their places within the span.
fn families<'a, E: Element>(
    f: &'a View<'_, E>,
    nodes: ValueId,
    edges: ValueId,
) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a, E> {
    let own = f.schedule(nodes);
    let range = match f.span {
        Span::All => 0..own.items(),
        Span::Step { t, .. } => own.step(t),
    };
    f.schedule(edges).families(range)
}
