//! How much there is to compute, roughly: to tell what is worth sending to other threads.

use super::{Instruction, Linear, Operation, Program, TensorRef};

/// Floating-point operations that an element of anything but a product takes.
const ELEMENTWISE: f64 = 8.0;

/// Floating-point operations of a forward run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// For each row of the batch.
    pub row: f64,
    /// By axis: for each valid step of a row.
    pub steps: Vec<f64>,
    /// Loops over time.
    pub loops: usize,
    /// The weights of the largest product that a step of a recurrence waits for; 0 without any.
    pub recurrent: usize,
}

impl Program {
    /// What a forward run takes.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut cost = Cost { row: 0.0, steps: vec![0.0; self.axes.len()], loops: 0, recurrent: 0 };
        for instruction in &self.instructions {
            let (axis, operations) = match &instruction.op {
                Operation::Recurrence(op) => {
                    let largest = op.body.iter().map(|inner| weights(&inner.op)).max().unwrap_or(0);
                    cost.loops += 1;
                    cost.recurrent = cost.recurrent.max(largest);
                    (Some(op.axis), op.body.iter().map(|inner| self.operations(inner)).sum())
                }
                _ => {
                    let wide = instruction.inputs.iter().chain(&instruction.outputs);
                    let axis = wide.filter_map(|&value| self.values[value].axis).next();
                    (axis, self.operations(instruction))
                }
            };
            *axis.map_or(&mut cost.row, |axis| &mut cost.steps[axis]) += operations;
        }
        cost
    }

    /// What an instruction takes for a row or step.
    fn operations(&self, instruction: &Instruction) -> f64 {
        let elements: usize = instruction.outputs.iter().map(|&value| self.values[value].width).sum();
        ELEMENTWISE * elements as f64 + 2.0 * weights(&instruction.op) as f64
    }
}

/// The weights of an operation's product.
fn weights(op: &Operation) -> usize {
    match op {
        Operation::Linear(linear)
        | Operation::ActivationStep { linear, .. }
        | Operation::Lstm { linear: Some(linear) }
        | Operation::Gru { linear: Some(linear) } => {
            let Linear { weight: TensorRef { rows, columns, .. }, .. } = linear;
            rows * columns
        }
        _ => 0,
    }
}
