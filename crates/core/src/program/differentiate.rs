//! What has a gradient.

use super::contribute::{Contribution, collect};
use super::{Instruction, Operation, Program, ValueId};

/// The gradients of a program in training.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    /// Whether a value has a gradient.
    pub needed: Vec<bool>,
    /// What the region of the weights sums.
    pub contributions: Vec<Contribution>,
}

impl Gradients {
    /// Whether the instruction sends anything back.
    #[must_use]
    pub fn active(&self, instruction: &Instruction) -> bool {
        match &instruction.op {
            Operation::Recurrence(recurrence) => {
                recurrence.body.iter().any(|inner| self.active(inner))
                    || recurrence
                        .states
                        .iter()
                        .any(|state| self.needed[state.last] || self.needed[state.next])
            }
            _ => instruction.outputs.iter().any(|&v| self.needed[v]),
        }
    }
}

/// Finds the values with a gradient when `seeded` are given theirs.
pub(super) fn differentiate(program: &Program, seeded: &[ValueId], inputs: bool) -> Gradients {
    let requires = requires(program, inputs);
    let reached = reached(program, seeded);
    let mut needed: Vec<bool> =
        (0..program.values.len()).map(|v| requires[v] && reached[v] && program.values[v].width > 0).collect();
    complete(&program.instructions, &mut needed);
    let mut gradients = Gradients { needed, contributions: Vec::new() };
    let mut contributions = Vec::new();
    for (index, instruction) in program.instructions.iter().enumerate() {
        let first = contributions.len();
        collect(program, std::slice::from_ref(instruction), None, &gradients, &mut contributions);
        let group = program.groups.iter().position(|group| group.range.contains(&index));
        for contribution in &mut contributions[first..] {
            contribution.group = group;
            contribution.reverse = group.is_some_and(|group| program.groups[group].reverse);
        }
    }
    gradients.contributions = contributions;
    gradients
}

/// Values that depend on a parameter (or on an input, if those are asked for).
fn requires(program: &Program, inputs: bool) -> Vec<bool> {
    let mut requires = vec![false; program.values.len()];
    if inputs {
        for value in program.inputs.iter().map(|p| p.value).chain(program.states.iter().map(|s| s.initial)) {
            requires[value] = true;
        }
    }
    depend(&program.instructions, &mut requires);
    requires
}

fn depend(list: &[Instruction], requires: &mut [bool]) {
    for instruction in list {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            // A state depends on what it depended on one step before: twice round reaches every one
            // that is fed directly, once more for each state in between.
            for _ in 0..=recurrence.states.len() {
                for state in &recurrence.states {
                    requires[state.incoming] |= requires[state.initial] || requires[state.next];
                }
                depend(&recurrence.body, requires);
            }
            for state in &recurrence.states {
                requires[state.last] = requires[state.next] || requires[state.initial];
            }
        } else {
            let any = has_parameters(&instruction.op) || instruction.inputs.iter().any(|&v| requires[v]);
            for &output in &instruction.outputs {
                requires[output] = any;
            }
        }
    }
}

fn has_parameters(op: &Operation) -> bool {
    matches!(
        op,
        Operation::Embedding(_)
            | Operation::Linear(_)
            | Operation::LayerNorm(_)
            | Operation::ActivationStep { .. }
            | Operation::Lstm { linear: Some(_) }
            | Operation::Gru { linear: Some(_) }
    )
}

/// Values from which a seeded one can be reached.
fn reached(program: &Program, seeded: &[ValueId]) -> Vec<bool> {
    let mut reached = vec![false; program.values.len()];
    for &value in seeded {
        reached[value] = true;
    }
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
            for _ in 0..=recurrence.states.len() {
                reach(&recurrence.body, reached);
                for state in &recurrence.states {
                    reached[state.next] |= reached[state.incoming];
                    reached[state.initial] |= reached[state.incoming];
                }
            }
        } else if instruction.outputs.iter().any(|&v| reached[v]) {
            for &input in &instruction.inputs {
                reached[input] = true;
            }
        }
    }
}

/// A gate kernel reads the gradients of all its states and writes its pre-activation's in place; its
/// tape has none of its own.
fn complete(list: &[Instruction], needed: &mut [bool]) {
    for instruction in list {
        match &instruction.op {
            Operation::Recurrence(recurrence) => complete(&recurrence.body, needed),
            Operation::Lstm { .. } | Operation::Gru { .. } => {
                let [tape, second, h] =
                    [instruction.outputs[0], instruction.outputs[1], instruction.outputs[2]];
                let active = needed[second] || needed[h];
                let cell = matches!(instruction.op, Operation::Lstm { .. });
                needed[tape] = false;
                needed[second] = active && cell;
                needed[h] = active;
                needed[instruction.inputs[0]] = active;
            }
            Operation::ActivationStep { .. } if needed[instruction.outputs[0]] => {
                needed[instruction.inputs[0]] = true;
            }
            _ => {}
        }
    }
}
