//! Groups of instructions run window by window, so that only the states between windows are kept.
//!
//! Forward leaves the states at each border. Backward runs each window forward once more (the last one is still
//! there), then back, and adds what it comes to to the sums of the granules: the same operations on the same
//! numbers in the same order as without windows.

use unrolled_kernels::Element;

use super::execute::{Probe, backward_group, forward_all};
use super::granule::Source;
use super::{Frame, Span};
use crate::Result;
use crate::program::{Group, Instruction, Operand, Operation, Plan, StateLink};

/// Where a run stands among the windows of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The axis.
    pub axis: usize,
    /// The first step.
    pub start: usize,
    /// Where that lies among all steps.
    pub base: usize,
    /// How many windows run before it.
    pub order: usize,
}

/// The states of a group's loops.
fn states<'a>(list: &'a [Instruction]) -> impl Iterator<Item = &'a StateLink> + use<'a> {
    list.iter().flat_map(of_loop)
}

fn of_loop(instruction: &Instruction) -> &[StateLink] {
    match &instruction.op {
        Operation::Recurrence(recurrence) => &recurrence.states,
        _ => &[],
    }
}

/// Runs a group forward. The last window's values stay where they are.
pub(super) fn forward<E: Element>(f: &mut Frame<'_, E>, group: &Group, probe: Probe) -> Result<()> {
    let list = &f.program.instructions[group.range.clone()];
    for state in states(list) {
        copy(f, Operand::Border(state.incoming, 0), Operand::Value(state.initial));
    }
    let count = f.block.windows[group.axis].len();
    for order in 0..count {
        inside(f, group, order, |f| forward_all(f, list, probe))?;
    }
    for state in states(list) {
        copy(f, Operand::Value(state.last), Operand::Border(state.incoming, count));
    }
    Ok(())
}

/// Sends gradients back through a group; `seed` gives the losses at hand their part.
pub(super) fn backward<E: Element>(
    f: &mut Frame<'_, E>,
    index: usize,
    seed: &mut impl FnMut(&mut Frame<'_, E>, Option<usize>) -> Result<()>,
) -> Result<()> {
    let (program, plan) = (f.program, f.plan);
    let group = &program.groups[index];
    let list = &program.instructions[group.range.clone()];
    reset_sums(f, index)?;
    for &value in plan.first_touched[group.range.clone()].iter().flatten() {
        if program.values[value].axis.is_none() {
            f.zero(value);
        }
    }
    let count = f.block.windows[group.axis].len();
    for state in states(list).filter(|state| has_gradient(plan, state)) {
        let border = Operand::BorderGradient(state.incoming, count);
        f.clear(border);
        if f.has_gradient(state.last) {
            add(f, border, Operand::Gradient(state.last));
        }
    }
    for order in (0..count).rev() {
        inside(f, group, order, |f| {
            if order + 1 < count {
                forward_all(f, list, Probe::Off)?;
            }
            for state in states(list).filter(|state| has_gradient(plan, state)) {
                f.clear(Operand::BorderGradient(state.incoming, order));
            }
            seed(f, Some(index))?;
            backward_group(f, group.range.clone());
            add_sums(f, index);
            Ok(())
        })?;
    }
    // A vector that several loops begin with sums their gradients in the order in which backward visits them.
    for state in list.iter().rev().flat_map(of_loop) {
        if f.has_gradient(state.initial) && has_gradient(plan, state) {
            add(f, Operand::Gradient(state.initial), Operand::BorderGradient(state.incoming, 0));
        }
    }
    Ok(())
}

fn has_gradient(plan: &Plan, state: &StateLink) -> bool {
    plan.place(Operand::BorderGradient(state.incoming, 0)).is_some()
}

/// Runs `body` with one window's steps at hand.
fn inside<E: Element>(
    f: &mut Frame<'_, E>,
    group: &Group,
    order: usize,
    body: impl FnOnce(&mut Frame<'_, E>) -> Result<()>,
) -> Result<()> {
    let (axis, noise) = (group.axis, f.noise);
    let count = f.block.windows[axis].len();
    let at = if group.reverse { count - 1 - order } else { order };
    let start = at * f.block.window_steps;
    let base = f.block.timelines[axis].offset(start);
    let block = &mut *f.block;
    std::mem::swap(&mut block.timelines[axis], &mut block.windows[axis][at]);
    block.window = Some(Window { axis, start, base, order });
    f.noise.time += start as u64;
    f.span = Span::All;
    let result = body(f);
    f.noise = noise;
    let block = &mut *f.block;
    block.window = None;
    std::mem::swap(&mut block.timelines[axis], &mut block.windows[axis][at]);
    result
}

fn copy<E: Element>(f: &mut Frame<'_, E>, to: Operand, from: Operand) {
    let mut target = f.take(to);
    target.slice().copy_from_slice(f.slice(from));
    f.put(target);
}

fn add<E: Element>(f: &mut Frame<'_, E>, to: Operand, from: Operand) {
    let mut target = f.take(to);
    f.kernels.add_assign(target.slice(), f.slice(from));
    f.put(target);
}

fn reset_sums<E: Element>(f: &mut Frame<'_, E>, group: usize) -> Result<()> {
    let contributions = &f.plan.gradients.contributions;
    let rows = f.block.rows.len();
    f.block.sums.resize_with(contributions.len(), Default::default);
    let own = contributions.iter().zip(&mut f.block.sums).filter(|(c, _)| c.group == Some(group));
    own.into_iter().try_for_each(|(contribution, sum)| sum.reset(contribution, rows))
}

fn add_sums<E: Element>(f: &mut Frame<'_, E>, group: usize) {
    let mut sums = std::mem::take(&mut f.block.sums);
    let source = Source {
        kernels: f.kernels,
        operands: f.weights.operands(),
        program: f.program,
        plan: f.plan,
        block: f.block,
    };
    for (contribution, sum) in f.plan.gradients.contributions.iter().zip(&mut sums) {
        if contribution.group == Some(group) {
            sum.add(&source, contribution);
        }
    }
    f.block.sums = sums;
}
