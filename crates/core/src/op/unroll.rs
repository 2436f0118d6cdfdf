//! A body unrolled along time, and backpropagation through it.
//!
//! A step reads the states of the step before: the one at `t - 1`, or at `t + 1` when reversed. Rows are
//! ordered by falling length, so those that go on are always the first ones; a reversed loop starts
//! each row at its own last step.

use std::ops::Range;

use unrolled_kernels::Element;

use super::facts::{BACKWARDS, Cut, Facts, Storage, Time, Work};
use super::{backward_all, forward_all};
use crate::Result;
use crate::program::{Operand, Recurrence, StateLink, ValueId};
use crate::storage::{Schedule, Span, View};

/// A reversed loop reads backwards; one whose states begin with values of the graph begins each piece anew.
pub(crate) fn facts(op: &Recurrence) -> Facts {
    let cut = match op.reverse {
        true => Cut::Never(BACKWARDS),
        false => Cut::From {
            vectors: op.states.iter().map(|state| state.initial).collect(),
            otherwise: "begins each piece with an initial state from the graph",
        },
    };
    Facts {
        time: Time::Along { axis: op.axis, reverse: op.reverse },
        cut,
        storage: Storage::Own,
        reads_back: Vec::new(),
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// Which rows go on, start and end at a step.
struct Steps<'a> {
    schedule: &'a Schedule,
    reverse: bool,
}

impl Steps<'_> {
    /// The step that runs as number `i`.
    fn at(&self, i: usize) -> usize {
        if self.reverse { self.schedule.steps() - 1 - i } else { i }
    }

    /// How many rows come from the step that ran before.
    fn going_on(&self, t: usize) -> usize {
        match (self.reverse, t) {
            (true, _) => self.schedule.alive(t + 1),
            (false, 0) => 0,
            (false, _) => self.schedule.alive(t),
        }
    }

    /// The positions that start at `t`.
    fn starting(&self, t: usize) -> Range<usize> {
        self.going_on(t)..self.schedule.alive(t)
    }

    /// The positions that end at `t`.
    fn ending(&self, t: usize) -> Range<usize> {
        match (self.reverse, t) {
            (true, 0) => 0..self.schedule.alive(0),
            (true, _) => 0..0,
            (false, _) => self.schedule.alive(t + 1)..self.schedule.alive(t),
        }
    }

    /// The step that ran before `t`.
    fn before(&self, t: usize) -> usize {
        if self.reverse { t + 1 } else { t.wrapping_sub(1) }
    }

    /// The step that runs after `t`.
    fn after(&self, t: usize) -> usize {
        if self.reverse { t.wrapping_sub(1) } else { t + 1 }
    }
}

fn steps<'a, E: Element>(f: &'a View<'_, E>, op: &Recurrence) -> Steps<'a> {
    Steps { schedule: &f.shard.schedules[op.axis], reverse: op.reverse }
}

/// Where a loop finds the states that rows start with: of the run, or of the segment.
fn first<E: Element>(f: &View<'_, E>, state: &StateLink) -> Operand {
    match f.shard.segment {
        Some(segment) => Operand::Checkpoint(state.incoming, segment.order),
        None => Operand::Value(state.initial),
    }
}

/// Where a loop leaves the states that rows end with.
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

/// Runs the body at every step.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Recurrence) -> Result<()> {
    for state in &op.states {
        // A row without steps ends where it started.
        pass_on(f, state);
    }
    for i in 0..f.shard.schedules[op.axis].steps() {
        let t = steps(f, op).at(i);
        for state in &op.states {
            enter(f, op, state, t);
        }
        f.span = Span::Step { axis: op.axis, t };
        forward_all(f, &op.body)?;
        for state in &op.states {
            leave(f, op, state, t);
        }
    }
    f.span = Span::All;
    Ok(())
}

/// The last states begin as the first.
fn pass_on<E: Element>(f: &mut View<'_, E>, state: &StateLink) {
    let (from, to) = (first(f, state), last(f, state));
    if let Operand::Checkpoint(..) = to {
        return f.copy_within(to, from);
    }
    let mut target = f.take(to);
    target.slice().copy_from_slice(f.slice(from));
    f.put(target);
}

/// `incoming(t)`: the next state of the step before, or the initial one.
fn enter<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    f.span = Span::Step { axis: op.axis, t };
    let mut incoming = f.take(Operand::Value(state.incoming));
    let going_on = steps(f, op).going_on(t);
    if going_on > 0 {
        let before = steps(f, op).before(t);
        f.span = Span::Step { axis: op.axis, t: before };
        let next = f.slice(Operand::Value(state.next));
        let incoming = incoming.slice();
        let numbers = going_on * f.program.values[state.next].width;
        incoming[..numbers].copy_from_slice(&next[..numbers]);
    }
    f.span = Span::All;
    if !steps(f, op).starting(t).is_empty() {
        let (initial, steps) = (f.matrix(first(f, state)), steps(f, op));
        for p in steps.starting(t) {
            incoming.matrix().row_mut(p).copy_from_slice(initial.row(steps.schedule.order()[p] as usize));
        }
    }
    f.put(incoming);
}

/// Rows that end at `t` leave their state.
fn leave<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if steps(f, op).ending(t).is_empty() {
        return;
    }
    f.span = Span::All;
    let mut last = f.take(last(f, state));
    f.span = Span::Step { axis: op.axis, t };
    let next = f.matrix(Operand::Value(state.next));
    let steps = steps(f, op);
    for p in steps.ending(t) {
        last.matrix().row_mut(steps.schedule.order()[p] as usize).copy_from_slice(next.row(p));
    }
    f.put(last);
}

/// Backpropagation through time: from the last step that ran to the first.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Recurrence, per_step_gradients: &[ValueId]) {
    let is_next = |value: ValueId| op.states.iter().any(|state| state.next == value);
    pass_through(f, op);
    for i in (0..f.shard.schedules[op.axis].steps()).rev() {
        let t = steps(f, op).at(i);
        for state in op.states.iter().filter(|state| f.plan.values[state.incoming].recomputed) {
            enter(f, op, state, t);
        }
        f.span = Span::Step { axis: op.axis, t };
        for &value in per_step_gradients.iter().filter(|&&value| is_next(value)) {
            f.zero(value);
        }
        for state in &op.states {
            receive(f, op, state, t);
        }
        f.span = Span::Step { axis: op.axis, t };
        for &value in per_step_gradients.iter().filter(|&&value| !is_next(value)) {
            f.zero(value);
        }
        backward_all(f, &op.body);
        for state in &op.states {
            hand_back(f, op, state, t);
        }
    }
    f.span = Span::All;
}

/// `d next(t)` gets what the step after sends back, and `d last` where a row ends.
fn receive<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if !f.has_gradient(state.next) {
        return;
    }
    let (after, ending) = (steps(f, op).after(t), steps(f, op).ending(t));
    let going_on = if after < steps(f, op).schedule.steps() { steps(f, op).going_on(after) } else { 0 };
    f.span = Span::Step { axis: op.axis, t };
    let mut d_next = f.take(Operand::Gradient(state.next));
    if going_on > 0 && f.has_gradient(state.incoming) {
        f.span = Span::Step { axis: op.axis, t: after };
        let d_incoming = f.matrix(Operand::Gradient(state.incoming));
        for p in 0..going_on {
            f.kernels.add_assign(d_next.matrix().row_mut(p), d_incoming.row(p));
        }
    }
    if let Some(d_last) = d_last(f, state).filter(|_| !ending.is_empty()) {
        f.span = Span::All;
        let d_last = f.matrix(d_last);
        for p in ending {
            let row = f.shard.schedules[op.axis].order()[p] as usize;
            f.kernels.add_assign(d_next.matrix().row_mut(p), d_last.row(row));
        }
    }
    f.put(d_next);
}

/// Rows that started at `t` hand the gradient of their state to the initial one.
fn hand_back<E: Element>(f: &mut View<'_, E>, op: &Recurrence, state: &StateLink, t: usize) {
    if !f.has_gradient(state.incoming) || steps(f, op).starting(t).is_empty() {
        return;
    }
    let Some(d_initial) = d_first(f, state) else { return };
    f.span = Span::All;
    let mut d_initial = f.take(d_initial);
    f.span = Span::Step { axis: op.axis, t };
    let d_incoming = f.matrix(Operand::Gradient(state.incoming));
    let steps = steps(f, op);
    for p in steps.starting(t) {
        let row = steps.schedule.order()[p] as usize;
        f.kernels.add_assign(d_initial.matrix().row_mut(row), d_incoming.row(p));
    }
    f.put(d_initial);
}

/// The gradient of a row without steps goes straight through.
fn pass_through<E: Element>(f: &mut View<'_, E>, op: &Recurrence) {
    for state in &op.states {
        let (Some(d_initial), Some(d_last)) = (d_first(f, state), d_last(f, state)) else { continue };
        let mut d_initial = f.take(d_initial);
        let d_last = f.matrix(d_last);
        let schedule = &f.shard.schedules[op.axis];
        for p in schedule.alive(0)..schedule.rows() {
            let row = schedule.order()[p] as usize;
            f.kernels.add_assign(d_initial.matrix().row_mut(row), d_last.row(row));
        }
        f.put(d_initial);
    }
}
