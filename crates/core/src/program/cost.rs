//! How much there is to compute, roughly: to tell what is worth sending to other threads.

use super::{Instruction, Linear, Operation, Program, TensorRef};

/// Floating-point operations that an element of anything but a product takes.
const ELEMENTWISE: f64 = 8.0;

/// That with an exponential in it.
const EXPONENTIAL: f64 = 25.0;

/// What a row takes beside its elements where all of them are summed first, and elsewhere.
const REDUCTION: f64 = 4e3;
const ROW_ALONE: f64 = 300.0;

/// What an instruction of a step takes beside its arithmetic, and that for each row.
const INSTRUCTION: f64 = 1e4;
const ROW: f64 = 2e3;

/// What a number that goes in or out takes.
const NUMBER: f64 = 100.0;

/// Fewer rows than these take as long, since all wait for the weights.
const FEW_ROWS: f64 = 2.0;

/// Floating-point operations of a forward run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// For each row of the batch.
    pub row: f64,
    /// By axis: for each valid step of a row.
    pub steps: Vec<f64>,
    /// Instructions that run step by step.
    pub instructions: usize,
    /// Numbers that go in and out: for each row, and for each step of a row.
    pub numbers: [usize; 2],
    /// The weights of the largest product that a step of a recurrence waits for; 0 without any.
    pub recurrent: usize,
}

impl Cost {
    /// What a run of so many rows and steps takes at most, all told, in floating-point operations of a core at work:
    /// about 10 ps each.
    #[must_use]
    pub fn at_most(&self, rows: usize, steps: usize) -> f64 {
        let (rows, steps) = (rows as f64, steps as f64);
        let [row, step] = self.numbers.map(|count| count as f64 * NUMBER);
        let arithmetic = self.row + steps * self.steps.iter().sum::<f64>();
        let waiting = self.instructions as f64 * steps * (INSTRUCTION + rows * ROW);
        rows.max(FEW_ROWS) * arithmetic + rows * (row + steps * step) + waiting
    }
}

impl Program {
    /// What a forward run takes.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut cost = Cost {
            row: 0.0,
            steps: vec![0.0; self.axes.len()],
            instructions: 0,
            numbers: [0; 2],
            recurrent: 0,
        };
        for instruction in &self.instructions {
            let (axis, operations) = match &instruction.op {
                Operation::Recurrence(op) => {
                    let largest = op.body.iter().map(|inner| weights(&inner.op)).max().unwrap_or(0);
                    cost.instructions += op.body.len() + op.states.len();
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
        for port in self.inputs.iter().chain(&self.outputs) {
            let value = &self.values[port.value];
            cost.numbers[usize::from(value.axis.is_some())] += value.width + 1;
        }
        cost.numbers[0] += self.states.iter().map(|state| 2 * state.size + 1).sum::<usize>();
        cost
    }

    /// What an instruction takes for a row or step.
    fn operations(&self, instruction: &Instruction) -> f64 {
        let elements: usize = instruction.outputs.iter().map(|&value| self.values[value].width).sum();
        let elements = elements as f64;
        match &instruction.op {
            Operation::Softmax | Operation::LayerNorm(_) => REDUCTION + EXPONENTIAL * elements,
            Operation::Activation(_) => ROW_ALONE + EXPONENTIAL * elements,
            op => ROW_ALONE + ELEMENTWISE * elements + 2.0 * weights(op) as f64,
        }
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
