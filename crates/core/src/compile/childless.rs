//! Values that a node hears of its children alone: zeros where no node has children.
//!
//! A product with zeros is zero, and no child takes its gradient. The leaves, which are the first level and most of the nodes
//! of many trees, leave out all of these: their products, forward and back, and their part of the weights' sums.

use crate::program::{Operation, Program};

/// Marks the values in the body of every fold.
pub(super) fn mark(program: &mut Program) {
    let values = &mut program.values;
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for i in &recurrence.body {
            let of_children = match &i.op {
                Operation::SumOverEdges | Operation::Child { .. } | Operation::Children => true,
                Operation::Linear(linear) if linear.bias.is_some() => false,
                Operation::Linear(_) | Operation::Concat | Operation::Slice { .. } => {
                    i.inputs.iter().all(|&value| values[value].of_children)
                }
                _ => false,
            };
            i.outputs.iter().for_each(|&value| values[value].of_children = of_children);
        }
    }
}
