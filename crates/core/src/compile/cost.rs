//! An estimate of a program's arithmetic, to tell the runs that are worth sending to other threads.

use unrolled_kernels::Element;

use crate::op::Work;
use crate::program::{Instruction, Operation, Program};
use crate::storage::{Axis, Batch};
use crate::tuning::{
    ELEMENTWISE, EXPONENTIAL, FEW_ROWS, LOOP_INSTRUCTION, LOOP_ROW, NUMBER, REDUCTION, ROW_ALONE,
};

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
    /// The cost of a run of at most `rows` rows and `steps` steps, in floating-point operations of a busy core: about
    /// 10 ps each.
    #[must_use]
    pub fn at_most(&self, rows: usize, steps: usize) -> f64 {
        let (rows, steps) = (rows as f64, steps as f64);
        let [row, step] = self.numbers.map(|count| count as f64 * NUMBER);
        let arithmetic = self.row + steps * self.steps.iter().sum::<f64>();
        let waiting = self.instructions as f64 * steps * (LOOP_INSTRUCTION + rows * LOOP_ROW);
        rows.max(FEW_ROWS) * arithmetic + rows * (row + steps * step) + waiting
    }
}

impl<E: Element> Batch<E> {
    /// An estimate of the floating-point operations of a forward run.
    pub(crate) fn operations(&self, cost: &Cost) -> f64 {
        let steps = |axis: &Axis| axis.lengths.iter().map(|&n| f64::from(n)).sum::<f64>();
        let steps = self.axes().iter().zip(&cost.steps).map(|(axis, each)| steps(axis) * each);
        self.rows() as f64 * cost.row + steps.sum::<f64>()
    }
}

impl Program {
    /// The cost of a forward run.
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
                    let largest = op.body.iter().map(weights).max().unwrap_or(0);
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

    /// The operations of an instruction for a row or step.
    fn operations(&self, instruction: &Instruction) -> f64 {
        let elements: usize = instruction.outputs.iter().map(|&value| self.values[value].width).sum();
        let elements = elements as f64;
        match instruction.facts().work {
            Work::Reduction => REDUCTION + EXPONENTIAL * elements,
            Work::Exponential => ROW_ALONE + EXPONENTIAL * elements,
            Work::Elementwise { weights } => ROW_ALONE + ELEMENTWISE * elements + 2.0 * weights as f64,
        }
    }
}

/// The weights of an instruction's product.
fn weights(instruction: &Instruction) -> usize {
    match instruction.facts().work {
        Work::Elementwise { weights } => weights,
        Work::Exponential | Work::Reduction => 0,
    }
}
