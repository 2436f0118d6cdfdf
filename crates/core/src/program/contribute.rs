//! Which sums form the gradients of the weights.

use std::ops::Range;

use super::differentiate::Gradients;
use super::plan::{Operand, Space};
use super::{Instruction, Linear, Operation, Program, TensorRef, ValueId};

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

/// Adds what the weights of a list of instructions get, which is inside a loop along `axis` if there is one.
pub(super) fn collect(
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
        |linear: &Linear, gradient: Operand, first: usize, columns: Range<usize>, input: ValueId| {
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
