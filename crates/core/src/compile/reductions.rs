//! The sums that form the gradients of the weights that are not frozen, collected from the facts of each instruction.

use crate::program::{Contribution, Gradients, Instruction, Operation, Program, Space};

/// The sums of all instructions that send a gradient back, in the program's order.
pub(super) fn collect(program: &Program, gradients: &Gradients) -> Vec<Contribution> {
    let mut out = Vec::new();
    for (index, instruction) in program.instructions.iter().enumerate() {
        let section = program.section_of(index);
        let reverse = section.is_some_and(|section| program.sections[section].reverse);
        let mut add = |instruction: &Instruction| {
            if !gradients.active(instruction) {
                return;
            }
            let sums = instruction.facts().sums.into_iter();
            for (tensor, sum) in sums.filter(|(tensor, _)| !program.frozen.holds(*tensor)) {
                let axis = program.values[instruction.outputs[0]].axis;
                let space = axis.map_or(Space::Rows, Space::Axis);
                out.push(Contribution { tensor, space, section, reverse, sum });
            }
        };
        match &instruction.op {
            Operation::Recurrence(recurrence) => {
                recurrence.body.iter().for_each(&mut add);
            }
            _ => add(instruction),
        }
    }
    out
}
