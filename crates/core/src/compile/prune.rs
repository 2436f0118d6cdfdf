//! Instructions that no output and no state at the end needs leave the program: a value that nobody reads costs nothing.

use std::collections::HashSet;

use crate::program::{Instruction, Operation, Program, ValueId, defined, read};

/// Keeps the instructions that outputs and last states depend on, in bodies too.
pub(super) fn prune(program: &mut Program) {
    let outputs = program.outputs.iter().map(|port| port.value);
    let states = program.states.iter().map(|state| state.last);
    let mut wanted: HashSet<ValueId> = outputs.chain(states).collect();
    let mut kept: Vec<Instruction> = Vec::with_capacity(program.instructions.len());
    for mut instruction in std::mem::take(&mut program.instructions).into_iter().rev() {
        if defined(&instruction).iter().any(|value| wanted.contains(value)) {
            prune_body(&mut instruction, &wanted);
            wanted.extend(read(&instruction));
            kept.push(instruction);
        }
    }
    kept.reverse();
    program.instructions = kept;
}

/// Keeps the instructions of a body that its next states or readers outside depend on.
fn prune_body(instruction: &mut Instruction, outside: &HashSet<ValueId>) {
    let Operation::Recurrence(recurrence) = &mut instruction.op else { return };
    let mut wanted = outside.clone();
    wanted.extend(recurrence.states.iter().map(|state| state.next));
    wanted.extend(recurrence.children.iter().map(|link| link.next));
    let mut kept: Vec<Instruction> = Vec::with_capacity(recurrence.body.len());
    for inner in std::mem::take(&mut recurrence.body).into_iter().rev() {
        if inner.outputs.iter().any(|value| wanted.contains(value)) {
            wanted.extend(&inner.inputs);
            kept.push(inner);
        }
    }
    kept.reverse();
    recurrence.body = kept;
}
