//! Instructions that need not wait for the state leave the loop over time.
//!
//! A body splits into *before* (no state reaches it: all steps together), *inside* (the true recurrence)
//! and *after* (no next state needs it: all steps together, later). A state whose next value lies before
//! is no recurrence but a delay, and becomes a shift; so an output-to-hidden network under teacher
//! forcing loses its loop altogether (Goodfellow et al., section 10.2.1).

use std::collections::HashSet;

use crate::program::{Instruction, Operation, Pooling, Program, Recurrence, Shift, ValueId};

/// Splits every scan's body.
pub(super) fn hoist(program: &mut Program) {
    let instructions = std::mem::take(&mut program.instructions);
    for instruction in instructions {
        match instruction.op {
            Operation::Recurrence(recurrence) => {
                split(&instruction.node, recurrence, &mut program.instructions)
            }
            _ => program.instructions.push(instruction),
        }
    }
}

fn split(node: &str, mut recurrence: Recurrence, out: &mut Vec<Instruction>) {
    let mut delays = Vec::new();
    while let Some(i) = delay(&recurrence) {
        delays.push(recurrence.states.remove(i));
    }
    let dependent = dependent(&recurrence);
    let needed = needed(&recurrence);
    let mut before = Vec::new();
    let mut inside = Vec::new();
    let mut after = Vec::new();
    for instruction in recurrence.body {
        if !instruction.outputs.iter().any(|v| dependent.contains(v)) {
            before.push(instruction);
        } else if instruction.outputs.iter().any(|v| needed.contains(v)) {
            inside.push(instruction);
        } else {
            after.push(instruction);
        }
    }
    let reverse = recurrence.reverse;
    for state in delays {
        before.push(Instruction {
            node: node.to_owned(),
            op: Operation::Shift(Shift { reverse, start: None }),
            inputs: vec![state.next, state.initial],
            outputs: vec![state.incoming],
        });
        after.push(Instruction {
            node: node.to_owned(),
            op: Operation::Pool(Pooling::Last { first: reverse }),
            inputs: vec![state.next, state.initial],
            outputs: vec![state.last],
        });
    }
    out.extend(sorted(before));
    if !recurrence.states.is_empty() || !recurrence.children.is_empty() {
        recurrence.body = inside;
        let op = Operation::Recurrence(recurrence);
        out.push(Instruction { node: node.to_owned(), op, inputs: Vec::new(), outputs: Vec::new() });
    }
    out.extend(after);
}

/// A state whose next value no state reaches.
fn delay(recurrence: &Recurrence) -> Option<usize> {
    let dependent = dependent(recurrence);
    recurrence.states.iter().position(|state| !dependent.contains(&state.next))
}

/// Everything that a state reaches within a step.
fn dependent(recurrence: &Recurrence) -> HashSet<ValueId> {
    let mut reached: HashSet<ValueId> = recurrence.states.iter().map(|state| state.incoming).collect();
    reached.extend(recurrence.children.iter().map(|link| link.incoming));
    for instruction in &recurrence.body {
        if instruction.inputs.iter().any(|v| reached.contains(v)) {
            reached.extend(&instruction.outputs);
        }
    }
    reached
}

/// Everything that a next state needs.
fn needed(recurrence: &Recurrence) -> HashSet<ValueId> {
    let mut needed: HashSet<ValueId> = recurrence.states.iter().map(|state| state.next).collect();
    needed.extend(recurrence.children.iter().map(|link| link.next));
    for instruction in recurrence.body.iter().rev() {
        if instruction.outputs.iter().any(|v| needed.contains(v)) {
            needed.extend(&instruction.inputs);
        }
    }
    needed
}

/// Orders the instructions: the shifts of delayed states are listed after the body but run before it.
fn sorted(mut waiting: Vec<Instruction>) -> Vec<Instruction> {
    let mut sorted = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let written: HashSet<ValueId> = waiting.iter().flat_map(|i| i.outputs.iter().copied()).collect();
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|i| !i.inputs.iter().any(|v| written.contains(v)));
        if ready.is_empty() {
            // Only a cycle could stop here, and `check` refused those.
            sorted.extend(rest);
            break;
        }
        sorted.extend(ready);
        waiting = rest;
    }
    sorted
}
