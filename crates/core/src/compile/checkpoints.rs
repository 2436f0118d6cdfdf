//! Storage of the states of loops: from step to step, and at the checkpoints of segments.

use crate::program::{
    Checkpoint, Delay, Gradients, Operand, Operation, Program, Slot, Space, StateLink, read,
};

/// Storage for the states at the checkpoints of segments, and for their gradients.
pub(super) fn checkpoints(
    program: &Program,
    gradients: &Gradients,
    training: bool,
    slots: &mut Vec<Slot>,
) -> Vec<Checkpoint> {
    let mut checkpoints = vec![Checkpoint::default(); program.values.len()];
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for state in &recurrence.states {
            let width = program.values[state.incoming].width;
            let mut add = |space| {
                slots.push(Slot { space, width });
                Some((slots.len() - 1, space))
            };
            // Only backward reads a checkpoint twice.
            let space = if training { Space::Checkpoints(recurrence.axis) } else { Space::PingPong };
            checkpoints[state.incoming].states = add(space);
            if [state.incoming, state.next, state.last].iter().any(|&value| gradients.needed[value]) {
                checkpoints[state.incoming].gradients = [add(Space::Rows), add(Space::Rows)];
            }
        }
    }
    checkpoints
}

/// The incoming states that no instruction reads outside of their loops.
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

/// By value: true for an incoming state that backward reads and copies once more.
pub(super) fn recomputed(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<bool> {
    let mut recomputed = vec![false; program.values.len()];
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for inner in recurrence.body.iter().filter(|inner| gradients.active(inner)) {
            for value in inner.facts().reads_back {
                recomputed[value] = delays[value].is_some();
            }
        }
    }
    recomputed
}

/// By axis: true if sums read the states before the steps, of scans from first to last and of reversed ones.
pub(super) fn previous(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<[bool; 2]> {
    let mut previous = vec![[false; 2]; program.axes.len()];
    for operand in gradients.contributions.iter().flat_map(|contribution| contribution.sum.operands()) {
        if let Operand::Value(value) = operand
            && let (Some(delay), Some(axis)) = (delays[value], program.values[value].axis)
        {
            previous[axis][usize::from(delay.reverse)] = true;
        }
    }
    previous
}
