//! A body unrolled along an axis, and backpropagation through it.
//!
//! ```text
//! last = initial                                  (a row without items ends where it started)
//! for each step t, in the order of the loop:
//!     incoming(t) = next(predecessor), or initial where a row starts
//!     run the body                                (writes next(t))
//!     last = next(t)                              (where a row ends)
//! ```
//!
//! Backward is the same steps from the last that ran to the first: `d next(t)` receives the gradients of the items
//! that follow and `d last` where a row ends, the body runs backward, and rows that started hand `d incoming(t)` to `d initial`.

use unrolled_kernels::Element;

use super::edges::FOREST;
use super::facts::{BACKWARDS, Cut, Facts, Flow, Storage, Time, Work};
use super::{backward_all, fold, forward_all};
use crate::Result;
use crate::program::{Operand, Recurrence, StateLink, ValueId};
use crate::storage::{Span, Unrolling, View};

/// A reversed loop reads backwards; one whose states begin with values of the graph begins each chunk of time anew.
pub(crate) fn facts(op: &Recurrence) -> Facts {
    let cut = match op.reverse {
        _ if !op.children.is_empty() => Cut::Never(FOREST),
        true => Cut::Never(BACKWARDS),
        false => Cut::From {
            vectors: op.states.iter().map(|state| state.initial).collect(),
            otherwise: "begins each chunk with an initial state from the graph",
        },
    };
    Facts {
        time: match op.children.is_empty() {
            true => Time::Along { axis: op.axis, reverse: op.reverse },
            false => Time::Whole,
        },
        cut,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// Runs the body at every step.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Recurrence) -> Result<()> {
    op.states.iter().for_each(|state| pass_on(f, state));
    for i in 0..steps(f, op) {
        let t = unrolling(f, op).step(i);
        op.states.iter().for_each(|state| enter(f, op, state, t));
        op.children.iter().for_each(|link| fold::enter(f, op, link, t));
        f.span = Span::Step { axis: op.axis, t };
        forward_all(f, &op.body)?;
        op.states.iter().for_each(|state| leave(f, op, state, t));
    }
    f.span = Span::All;
    Ok(())
}

/// Backpropagation through time: from the last step that ran to the first.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Recurrence, per_step: &[ValueId]) {
    let is_next = |value: ValueId| op.states.iter().any(|state| state.next == value);
    pass_through(f, op);
    for i in (0..steps(f, op)).rev() {
        let t = unrolling(f, op).step(i);
        let recomputed = |state: &&StateLink| f.plan.values[state.incoming].recomputed;
        op.states.iter().filter(recomputed).for_each(|state| enter(f, op, state, t));
        f.span = Span::Step { axis: op.axis, t };
        per_step.iter().filter(|&&value| is_next(value)).for_each(|&value| f.zero(value));
        op.states.iter().for_each(|state| receive(f, op, state, t));
        per_step.iter().filter(|&&value| !is_next(value)).for_each(|&value| f.zero(value));
        backward_all(f, &op.body);
        op.children.iter().for_each(|link| fold::hand_down(f, op, link, t));
        op.states.iter().for_each(|state| hand_back(f, op, state, t));
    }
    f.span = Span::All;
}

fn steps<E: Element>(f: &View<'_, E>, op: &Recurrence) -> usize {
    f.shard.schedules[op.axis].steps()
}

fn unrolling<'a, E: Element>(f: &'a View<'_, E>, op: &Recurrence) -> Unrolling<'a> {
    f.shard.schedules[op.axis].unrolling(op.reverse)
}

/// The states that rows start with: of the run, or of the segment.
fn first<E: Element>(f: &View<'_, E>, state: &StateLink) -> Operand {
    match f.shard.segment {
        Some(segment) => Operand::Checkpoint(state.incoming, segment.order),
        None => Operand::Value(state.initial),
    }
}

/// The states that rows end with.
fn last<E: Element>(f: &View<'_, E>, state: &StateLink) -> Operand {
    match f.shard.segment {
        Some(segment) => Operand::Checkpoint(state.incoming, segment.order + 1),
        None => Operand::Value(state.last),
    }
}

/// The gradient of [`first`], if it is wanted.
fn d_first<E: Element>(f: &View<'_, E>, state: &StateLink) -> Option<Operand> {
    match f.shard.segment {
        Some(segment) => stored(f, Operand::CheckpointGradient(state.incoming, segment.order)),
        None => f.has_gradient(state.initial).then_some(Operand::Gradient(state.initial)),
    }
}

/// The gradient of [`last`], if there is one.
fn d_last<E: Element>(f: &View<'_, E>, state: &StateLink) -> Option<Operand> {
    match f.shard.segment {
        Some(segment) => stored(f, Operand::CheckpointGradient(state.incoming, segment.order + 1)),
        None => f.has_gradient(state.last).then_some(Operand::Gradient(state.last)),
    }
}

fn stored<E: Element>(f: &View<'_, E>, operand: Operand) -> Option<Operand> {
    f.plan.place(operand).is_some().then_some(operand)
}

/// The last states begin as the first.
fn pass_on<E: Element>(f: &mut View<'_, E>, state: &StateLink) {
    let (from, to) = (first(f, state), last(f, state));
    match to {
        // The two may share a slot.
        Operand::Checkpoint(..) => f.copy_within(to, from),
        _ => f.write(to, |f, last| last.slice().copy_from_slice(f.slice(from))),
    }
}

/// `incoming(t)`: the next state of the item before, or the initial one.
fn enter<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    let at = |t: usize| Span::Step { axis: op.axis, t };
    f.write_at(Operand::Value(state.incoming), at(t), |f, incoming| {
        let width = f.program.values[state.next].width;
        for link in unrolling(f, op).predecessors(t) {
            let next = f.slice_at(Operand::Value(state.next), at(link.step));
            incoming.slice()[link.to * width..][..link.count * width]
                .copy_from_slice(&next[link.from * width..][..link.count * width]);
        }
        let mut starting = unrolling(f, op).starting(t).peekable();
        if starting.peek().is_some() {
            let initial = f.matrix_at(first(f, state), Span::All);
            for (position, row) in starting {
                incoming.matrix().row_mut(position).copy_from_slice(initial.row(row));
            }
        }
    });
}

/// Rows that end at `t` leave their state.
fn leave<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if unrolling(f, op).ending(t).next().is_none() {
        return;
    }
    f.write_at(last(f, state), Span::All, |f, last| {
        let next = f.matrix_at(Operand::Value(state.next), Span::Step { axis: op.axis, t });
        for (position, row) in unrolling(f, op).ending(t) {
            last.matrix().row_mut(row).copy_from_slice(next.row(position));
        }
    });
}

/// Adds to `d next(t)` the gradients of the items that follow, and `d last` where a row ends.
fn receive<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if !f.has_gradient(state.next) {
        return;
    }
    let at = |t: usize| Span::Step { axis: op.axis, t };
    f.write_at(Operand::Gradient(state.next), at(t), |f, d_next| {
        let follow = unrolling(f, op).successors(t).filter(|_| f.has_gradient(state.incoming));
        for link in follow {
            let d_incoming = f.matrix_at(Operand::Gradient(state.incoming), at(link.step));
            for k in 0..link.count {
                f.kernels.add_assign(d_next.matrix().row_mut(link.to + k), d_incoming.row(link.from + k));
            }
        }
        let mut ending = unrolling(f, op).ending(t).peekable();
        if let Some(d_last) = d_last(f, state).filter(|_| ending.peek().is_some()) {
            let d_last = f.matrix_at(d_last, Span::All);
            for (position, row) in ending {
                f.kernels.add_assign(d_next.matrix().row_mut(position), d_last.row(row));
            }
        }
    });
}

/// Rows that started at `t` hand the gradient of their state to the initial one.
fn hand_back<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if !f.has_gradient(state.incoming) || unrolling(f, op).starting(t).next().is_none() {
        return;
    }
    let Some(d_initial) = d_first(f, state) else { return };
    f.write_at(d_initial, Span::All, |f, d_initial| {
        let d_incoming = f.matrix_at(Operand::Gradient(state.incoming), Span::Step { axis: op.axis, t });
        for (position, row) in unrolling(f, op).starting(t) {
            f.kernels.add_assign(d_initial.matrix().row_mut(row), d_incoming.row(position));
        }
    });
}

/// The gradient of a row without items goes straight through.
fn pass_through<E: Element>(f: &mut View<'_, E>, op: &Recurrence) {
    for state in &op.states {
        let (Some(d_initial), Some(d_last)) = (d_first(f, state), d_last(f, state)) else { continue };
        f.write(d_initial, |f, d_initial| {
            let d_last = f.matrix(d_last);
            for row in unrolling(f, op).idle() {
                f.kernels.add_assign(d_initial.matrix().row_mut(row), d_last.row(row));
            }
        });
    }
}
