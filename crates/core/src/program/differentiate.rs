//! What has a gradient, and which products form the gradients of the weights.

use std::collections::HashSet;
use std::ops::Range;

use super::plan::{Operand, Space};
use super::{Instruction, Operation, Program, TensorRef, ValueId};

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

/// One summand of a parameter's gradient: a sum over all rows and steps of a space.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// The parameter, or the part of it.
    pub tensor: TensorRef,
    /// Rows, or the steps of an axis.
    pub space: Space,
    /// The group of its instruction.
    pub group: Option<usize>,
    /// Whether backward visits time from the first step to the last.
    pub reverse: bool,
    /// The sum.
    pub sum: Sum,
}

/// What a contribution sums.
#[derive(Clone, Debug)]
pub enum Sum {
    /// `Gᵀ X`, with the columns of G that belong to the tensor.
    Outer {
        /// G.
        gradient: Operand,
        /// The columns of G.
        columns: Range<usize>,
        /// X.
        input: Operand,
    },
    /// The column sums of G.
    Columns {
        /// G.
        gradient: Operand,
        /// The columns of G.
        columns: Range<usize>,
    },
    /// The column sums of `G ∘ X`.
    Products {
        /// G.
        gradient: Operand,
        /// X.
        input: Operand,
    },
    /// Rows of G added to the rows that the ids name.
    Table {
        /// G.
        gradient: Operand,
        /// The ids.
        ids: ValueId,
        /// The id whose row stays as it is.
        padding: Option<u32>,
    },
}

impl Sum {
    /// The values and gradients it reads.
    #[must_use]
    pub fn operands(&self) -> Vec<Operand> {
        match self {
            Self::Outer { gradient, input, .. } | Self::Products { gradient, input } => {
                vec![*gradient, *input]
            }
            Self::Columns { gradient, .. } | Self::Table { gradient, .. } => vec![*gradient],
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

fn collect(
    program: &Program,
    list: &[Instruction],
    axis: Option<usize>,
    gradients: &Gradients,
    out: &mut Vec<Contribution>,
) {
    for instruction in list {
        if !gradients.active(instruction) {
            continue;
        }
        if let Operation::Recurrence(recurrence) = &instruction.op {
            collect(program, &recurrence.body, Some(recurrence.axis), gradients, out);
            continue;
        }
        let value_axis = program.values[instruction.outputs[0]].axis;
        let space = axis.or(value_axis).map_or(Space::Rows, Space::Axis);
        contribute(instruction, space, out);
    }
}

fn contribute(instruction: &Instruction, space: Space, out: &mut Vec<Contribution>) {
    let mut push = |tensor, sum| out.push(Contribution { tensor, space, sum, group: None, reverse: false });
    let (inputs, outputs) = (&instruction.inputs, &instruction.outputs);
    let mut linear =
        |linear: &super::Linear, gradient: Operand, first: usize, columns: Range<usize>, input: ValueId| {
            let rows = columns.len();
            let weight = linear.weight.row_block(first, rows);
            let input = Operand::Value(input);
            if let Some(bias) = linear.bias {
                let sum = Sum::Columns { gradient, columns: columns.clone() };
                push(bias.row_block(first, rows), sum);
            }
            push(weight, Sum::Outer { gradient, columns, input });
        };
    match &instruction.op {
        Operation::Linear(op) => {
            linear(op, Operand::Gradient(outputs[0]), 0, 0..op.weight.rows, inputs[0]);
        }
        Operation::ActivationStep { linear: op, .. } => {
            linear(op, Operand::Gradient(outputs[0]), 0, 0..op.weight.rows, inputs[1]);
        }
        Operation::Lstm { linear: Some(op) } => {
            linear(op, Operand::Gradient(inputs[0]), 0, 0..op.weight.rows, inputs[2]);
        }
        Operation::Gru { linear: Some(op) } => {
            // The reset and update gates see pre + rec, so their gradients are pre's; n's part of rec
            // has its own, left by the kernel where that part was.
            let size = op.weight.rows / 3;
            linear(op, Operand::Gradient(inputs[0]), 0, 0..2 * size, inputs[2]);
            linear(op, Operand::Value(outputs[1]), 2 * size, 0..size, inputs[2]);
        }
        Operation::LayerNorm(op) => {
            let gradient = Operand::Gradient(outputs[0]);
            push(op.bias, Sum::Columns { gradient, columns: 0..op.bias.rows });
            let sum = Sum::Products { gradient, input: Operand::Value(outputs[2]) };
            push(op.gain, sum);
        }
        Operation::Embedding(op) => {
            let sum =
                Sum::Table { gradient: Operand::Gradient(outputs[0]), ids: inputs[0], padding: op.padding };
            push(op.weight, sum);
        }
        _ => {}
    }
}

/// The values that an instruction defines, with those inside a loop.
pub(super) fn defined(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.outputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.incoming, state.last]);
        }
        for inner in &recurrence.body {
            set.extend(defined(inner));
        }
    }
    set
}

/// The values that an instruction reads from before it.
pub(super) fn read(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.inputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.initial, state.next]);
        }
        for inner in &recurrence.body {
            set.extend(read(inner));
        }
        let own = defined(instruction);
        set.retain(|v| !own.contains(v));
    }
    set
}
