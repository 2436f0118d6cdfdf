//! How the states of loops are stored: from step to step, and at the borders of windows.

use super::differentiate::Gradients;
use super::plan::{Operand, Place, Slot, Space};
use super::uses::{self, read};
use super::{Operation, Program, StateLink, ValueId};

/// Where a state that a step reads is found again: with the step before, or before the first.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// The state that a step writes.
    pub next: ValueId,
    /// The state before the first step.
    pub initial: ValueId,
    /// Whether the step before is the one after in time.
    pub reverse: bool,
}

/// Where the states at the borders of windows lie, and in turn their gradients.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Border {
    pub(super) states: Option<Place>,
    pub(super) gradients: [Option<Place>; 2],
}

/// Storage for the states at the borders of windows, and for their gradients.
pub(super) fn borders(
    program: &Program,
    gradients: &Gradients,
    training: bool,
    slots: &mut Vec<Slot>,
) -> Vec<Border> {
    let mut borders = vec![Border::default(); program.values.len()];
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for state in &recurrence.states {
            let width = program.values[state.incoming].width;
            let mut add = |space| {
                slots.push(Slot { space, width });
                Some((slots.len() - 1, space))
            };
            // Only backward comes back to a border.
            let space = if training { Space::Borders(recurrence.axis) } else { Space::Turns };
            borders[state.incoming].states = add(space);
            if [state.incoming, state.next, state.last].iter().any(|&value| gradients.needed[value]) {
                borders[state.incoming].gradients = [add(Space::Rows), add(Space::Rows)];
            }
        }
    }
    borders
}

/// The incoming states that nobody reads outside of their loops.
pub(super) fn delays(program: &Program) -> Vec<Option<Delay>> {
    let mut delays = vec![None; program.values.len()];
    for instruction in &program.instructions {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            for &StateLink { initial, incoming, next, .. } in &recurrence.states {
                delays[incoming] = Some(Delay { next, initial, reverse: recurrence.reverse });
            }
        }
    }
    for value in program.instructions.iter().flat_map(read) {
        delays[value] = None;
    }
    for port in &program.outputs {
        delays[port.value] = None;
    }
    delays
}

/// By value: whether it is an incoming state that backward reads, and so is copied once more.
pub(super) fn again(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<bool> {
    let mut again = vec![false; program.values.len()];
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for inner in recurrence.body.iter().filter(|inner| gradients.active(inner)) {
            for value in uses::backward_reads(inner) {
                again[value] = delays[value].is_some();
            }
        }
    }
    again
}

/// By axis: whether sums read the states before the steps, of scans from first to last and of reversed ones.
pub(super) fn before(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<[bool; 2]> {
    let mut before = vec![[false; 2]; program.axes.len()];
    for operand in gradients.contributions.iter().flat_map(|contribution| contribution.sum.operands()) {
        if let Operand::Value(value) = operand
            && let (Some(delay), Some(axis)) = (delays[value], program.values[value].axis)
        {
            before[axis][usize::from(delay.reverse)] = true;
        }
    }
    before
}
