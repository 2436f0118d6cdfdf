//! A section of a program, backward.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::op::backward;
use crate::storage::View;

/// Sends gradients back through some of the program's instructions, after zeroing the gradients that they are the first to add to.
pub(super) fn backward_section<E: Element>(f: &mut View<'_, E>, range: Range<usize>) {
    let (program, plan) = (f.program, f.plan);
    for index in range.rev() {
        let instruction = &program.instructions[index];
        f.reverse = program.section_of(index).is_some_and(|section| program.sections[section].reverse);
        if plan.gradients.active(instruction) {
            // A segment adds to the gradients of the section's other segments.
            let segment = f.shard.segment;
            for &value in &plan.instructions[index].zeroed_before {
                if segment.is_none_or(|segment| program.values[value].axis == Some(segment.axis)) {
                    f.zero(value);
                }
            }
            backward(f, instruction, &plan.instructions[index].per_step_gradients);
        }
    }
}
