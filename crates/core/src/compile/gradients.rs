//! The values with a gradient: those that a parameter reaches, if it is not frozen, and that reach a loss.

use super::reductions;
use crate::op::Flow;
use crate::program::{Frozen, Gradients, Instruction, Operation, Program, Value};

/// Finds the values with a gradient.
pub(super) fn differentiate(program: &Program, inputs: bool) -> Gradients {
    let requires = requires(program, inputs);
    let reached = reached(program);
    // An id has no slope, whether it is kept as a number or not.
    let numbers = |value: &Value| value.width > 0 && value.kind.vocabulary().is_none();
    let values = program.values.iter().enumerate();
    let mut needed: Vec<bool> =
        values.map(|(v, value)| requires[v] && reached[v] && numbers(value)).collect();
    complete(&program.instructions, &mut needed);
    let gradients = Gradients { needed, contributions: Vec::new() };
    let contributions = reductions::collect(program, &gradients);
    Gradients { contributions, ..gradients }
}

/// Values that depend on a parameter that is not frozen (or on an input, if those are asked for).
fn requires(program: &Program, inputs: bool) -> Vec<bool> {
    let mut requires = vec![false; program.values.len()];
    if inputs {
        for value in program.inputs.iter().map(|p| p.value).chain(program.states.iter().map(|s| s.initial)) {
            requires[value] = true;
        }
    }
    depend(&program.instructions, &program.frozen, &mut requires);
    requires
}

fn depend(list: &[Instruction], frozen: &Frozen, requires: &mut [bool]) {
    for instruction in list {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            // A state depends on the values that it depended on one step before: two passes reach every state
            // that is fed directly, once more for each state in between.
            for _ in 0..=recurrence.states.len() + recurrence.children.len() {
                for state in &recurrence.states {
                    requires[state.incoming] |= requires[state.initial] || requires[state.next];
                }
                for link in &recurrence.children {
                    requires[link.incoming] |= requires[link.next];
                }
                depend(&recurrence.body, frozen, requires);
            }
            for state in &recurrence.states {
                requires[state.last] = requires[state.next] || requires[state.initial];
            }
        } else {
            let facts = instruction.facts();
            let given = facts.flow != Flow::Stop && instruction.inputs.iter().any(|&v| requires[v]);
            let any = given || facts.sums.iter().any(|(tensor, _)| !frozen.holds(*tensor));
            for &output in &instruction.outputs {
                requires[output] = any;
            }
        }
    }
}

/// Values from which a loss can be reached.
fn reached(program: &Program) -> Vec<bool> {
    let mut reached = vec![false; program.values.len()];
    reach(&program.instructions, &mut reached);
    reached
}

fn reach(list: &[Instruction], reached: &mut [bool]) {
    for instruction in list.iter().rev() {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            for state in &recurrence.states {
                reached[state.next] |= reached[state.last];
                reached[state.initial] |= reached[state.last];
            }
            for _ in 0..=recurrence.states.len() + recurrence.children.len() {
                reach(&recurrence.body, reached);
                for link in &recurrence.children {
                    reached[link.next] |= reached[link.incoming];
                }
                for state in &recurrence.states {
                    reached[state.next] |= reached[state.incoming];
                    reached[state.initial] |= reached[state.incoming];
                }
            }
        } else if sends(instruction, reached) {
            for &input in &instruction.inputs {
                reached[input] = true;
            }
        }
    }
}

/// True if an instruction sends a gradient to its inputs.
fn sends(instruction: &Instruction, reached: &[bool]) -> bool {
    match instruction.facts().flow {
        Flow::Through => instruction.outputs.iter().any(|&v| reached[v]),
        Flow::Start => true,
        Flow::Stop => false,
    }
}

/// Completes the gradients of kernels that read or write several of them together, from the last to the first: one may
/// ask for a gradient that the one before makes.
fn complete(list: &[Instruction], needed: &mut [bool]) {
    for instruction in list.iter().rev() {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            complete(&recurrence.body, needed);
            continue;
        }
        let Some(joint) = instruction.facts().joint else { continue };
        let active = joint.any.iter().any(|&value| needed[value]);
        joint.all.iter().for_each(|&value| needed[value] = active);
        joint.never.iter().for_each(|&value| needed[value] = false);
    }
}
