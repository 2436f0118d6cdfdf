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
    /// For each pair of a query and a step of its memory: the axis of the queries, none for a single one, that of the memory,
    /// and the operations.
    pub pairs: Vec<(Option<usize>, usize, f64)>,
    /// Instructions that run step by step.
    pub instructions: usize,
    /// Numbers that go in and out: for each row, and for each step of a row.
    pub numbers: [usize; 2],
    /// The weights of the largest product that a step of a recurrence waits for; 0 without any.
    pub recurrent: usize,
    /// By axis: the weights of the largest product of all its steps together; 0 without any.
    pub together: Vec<usize>,
}

impl Cost {
    /// The cost of a run of at most `rows` rows and `steps` steps, in floating-point operations of a busy core: about
    /// 10 ps each.
    #[must_use]
    pub fn at_most(&self, rows: usize, steps: usize) -> f64 {
        let (rows, steps) = (rows as f64, steps as f64);
        let [row, step] = self.numbers.map(|count| count as f64 * NUMBER);
        let pairs = self
            .pairs
            .iter()
            .map(|&(axis, _, each)| each * if axis.is_some() { steps * steps } else { steps });
        let arithmetic = self.row + steps * self.steps.iter().sum::<f64>() + pairs.sum::<f64>();
        let waiting = self.instructions as f64 * steps * (LOOP_INSTRUCTION + rows * LOOP_ROW);
        rows.max(FEW_ROWS) * arithmetic + rows * (row + steps * step) + waiting
    }
}

impl<E: Element> Batch<E> {
    /// An estimate of the floating-point operations of a forward run.
    pub(crate) fn operations(&self, cost: &Cost) -> f64 {
        let steps = |axis: &Axis| axis.lengths.iter().map(|&n| f64::from(n)).sum::<f64>();
        let steps = self.axes().iter().zip(&cost.steps).map(|(axis, each)| steps(axis) * each);
        let length = |axis: usize, row: usize| f64::from(self.axes()[axis].lengths[row]);
        let pairs = cost.pairs.iter().map(|&(axis, memory, each)| {
            let pairs = |row: usize| length(memory, row) * axis.map_or(1.0, |axis| length(axis, row));
            each * (0..self.rows()).map(pairs).sum::<f64>()
        });
        self.rows() as f64 * cost.row + steps.sum::<f64>() + pairs.sum::<f64>()
    }
}

impl Program {
    /// The cost of a forward run.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut cost = Cost {
            row: 0.0,
            steps: vec![0.0; self.axes.len()],
            pairs: Vec::new(),
            instructions: 0,
            numbers: [0; 2],
            recurrent: 0,
            together: vec![0; self.axes.len()],
        };
        for instruction in &self.instructions {
            let (axis, operations) = match &instruction.op {
                Operation::Recurrence(op) => {
                    let largest = op.body.iter().map(weights).max().unwrap_or(0);
                    cost.instructions += op.body.len() + op.states.len() + op.children.len();
                    cost.recurrent = cost.recurrent.max(largest);
                    cost.pairs.extend(op.body.iter().filter_map(|inner| self.pairs(inner)));
                    (Some(op.axis), op.body.iter().map(|inner| self.operations(inner)).sum())
                }
                _ => {
                    cost.pairs.extend(self.pairs(instruction));
                    let wide = instruction.inputs.iter().chain(&instruction.outputs);
                    let axis = wide.filter_map(|&value| self.values[value].axis).next();
                    if let Some(axis) = axis {
                        cost.together[axis] = cost.together[axis].max(weights(instruction));
                    }
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

    /// The axes and the operations of an instruction for a query and a step of its memory.
    fn pairs(&self, instruction: &Instruction) -> Option<(Option<usize>, usize, f64)> {
        let Work::EachPair { exponential } = instruction.facts().work else { return None };
        let [query, memory] = [instruction.inputs[0], instruction.inputs[1]].map(|value| &self.values[value]);
        let exponentials = if exponential { memory.width as f64 } else { 1.0 };
        let products = 2 * (memory.width + self.values[instruction.outputs[0]].width);
        Some((query.axis, memory.axis?, EXPONENTIAL * exponentials + products as f64))
    }

    /// The operations of an instruction for a row or step.
    fn operations(&self, instruction: &Instruction) -> f64 {
        let elements: usize = instruction.outputs.iter().map(|&value| self.values[value].width).sum();
        let elements = elements as f64;
        match instruction.facts().work {
            Work::Reduction => REDUCTION + EXPONENTIAL * elements,
            Work::EachPair { .. } => ROW_ALONE + ELEMENTWISE * elements,
            Work::Exponential => ROW_ALONE + EXPONENTIAL * elements,
            Work::Elementwise { weights } => ROW_ALONE + ELEMENTWISE * elements + 2.0 * weights as f64,
        }
    }
}

/// The weights of an instruction's product.
fn weights(instruction: &Instruction) -> usize {
    match instruction.facts().work {
        Work::Elementwise { weights } => weights,
        Work::Exponential | Work::Reduction | Work::EachPair { .. } => 0,
    }
}
