//! Sections run segment by segment, so that only the states between segments are kept.
//!
//! Forward leaves the states at each checkpoint. Backward runs each segment forward once more (except the last, whose
//! values are still there), then back, and adds its gradients to the sums of the row groups: the same operations on the
//! same numbers in the same order as without segments.

use unrolled_kernels::Element;

use crate::Result;
use crate::op::forward_all;
use crate::program::{Instruction, Operand, Operation, Plan, Section, StateLink};
use crate::run::reduce::{add_section, reset_section};
use crate::run::section::backward_section;
use crate::storage::{Segment, Span, View};

/// The states of a section's loops.
fn states<'a>(list: &'a [Instruction]) -> impl Iterator<Item = &'a StateLink> + use<'a> {
    list.iter().flat_map(of_loop)
}

fn of_loop(instruction: &Instruction) -> &[StateLink] {
    match &instruction.op {
        Operation::Recurrence(recurrence) => &recurrence.states,
        _ => &[],
    }
}

/// Runs a section forward. The last segment's values stay where they are.
pub(in crate::run) fn forward<E: Element>(f: &mut View<'_, E>, section: &Section) -> Result<()> {
    let list = &f.program.instructions[section.range.clone()];
    for state in states(list) {
        copy(f, Operand::Checkpoint(state.incoming, 0), Operand::Value(state.initial));
    }
    let count = f.shard.segments[section.axis].len();
    for order in 0..count {
        inside(f, section, order, |f| forward_all(f, list))?;
    }
    for state in states(list) {
        copy(f, Operand::Value(state.last), Operand::Checkpoint(state.incoming, count));
    }
    Ok(())
}

/// Sends gradients back through a section.
pub(in crate::run) fn backward<E: Element>(f: &mut View<'_, E>, index: usize) -> Result<()> {
    let (program, plan) = (f.program, f.plan);
    let section = &program.sections[index];
    let list = &program.instructions[section.range.clone()];
    if !list.iter().any(|instruction| plan.gradients.active(instruction)) {
        // Everything in it is frozen: no segment needs to run again.
        return Ok(());
    }
    reset_section(f, index)?;
    for &value in plan.instructions[section.range.clone()].iter().flat_map(|plan| &plan.zeroed_before) {
        if program.values[value].axis != Some(section.axis) {
            f.zero(value);
        }
    }
    let count = f.shard.segments[section.axis].len();
    for state in states(list).filter(|state| has_gradient(plan, state)) {
        let border = Operand::CheckpointGradient(state.incoming, count);
        f.clear(border);
        if f.has_gradient(state.last) {
            add(f, border, Operand::Gradient(state.last));
        }
    }
    for order in (0..count).rev() {
        inside(f, section, order, |f| {
            if order + 1 < count {
                forward_all(f, list)?;
            }
            for state in states(list).filter(|state| has_gradient(plan, state)) {
                f.clear(Operand::CheckpointGradient(state.incoming, order));
            }
            backward_section(f, section.range.clone());
            add_section(f, index)
        })?;
    }
    // A vector that several loops begin with sums their gradients in the order in which backward visits them.
    for state in list.iter().rev().flat_map(of_loop) {
        if f.has_gradient(state.initial) && has_gradient(plan, state) {
            add(f, Operand::Gradient(state.initial), Operand::CheckpointGradient(state.incoming, 0));
        }
    }
    Ok(())
}

fn has_gradient(plan: &Plan, state: &StateLink) -> bool {
    plan.place(Operand::CheckpointGradient(state.incoming, 0)).is_some()
}

/// Runs `body` on the steps of one segment.
fn inside<E: Element>(
    f: &mut View<'_, E>,
    section: &Section,
    order: usize,
    body: impl FnOnce(&mut View<'_, E>) -> Result<()>,
) -> Result<()> {
    let (axis, rng_key) = (section.axis, f.rng_key);
    let count = f.shard.segments[axis].len();
    let at = if section.reverse { count - 1 - order } else { order };
    let start = at * f.shard.segment_steps;
    let base = f.shard.schedules[axis].offset(start);
    let shard = &mut *f.shard;
    std::mem::swap(&mut shard.schedules[axis], &mut shard.segments[axis][at]);
    shard.segment = Some(Segment { axis, start, base, order });
    f.rng_key.time += start as u64;
    f.span = Span::All;
    let result = body(f);
    f.rng_key = rng_key;
    let shard = &mut *f.shard;
    shard.segment = None;
    std::mem::swap(&mut shard.schedules[axis], &mut shard.segments[axis][at]);
    result
}

fn copy<E: Element>(f: &mut View<'_, E>, to: Operand, from: Operand) {
    f.write(to, |f, to| to.slice().copy_from_slice(f.slice(from)));
}

fn add<E: Element>(f: &mut View<'_, E>, to: Operand, from: Operand) {
    f.write(to, |f, to| f.kernels.add_assign(to.slice(), f.slice(from)));
}
