//! The walk over a program: section by section, forward and back.

use std::ops::Range;

use unrolled_kernels::Element;

use super::checkpoint;
use super::section::backward_section;
use crate::Result;
use crate::op::forward_all;
use crate::storage::View;

/// The instructions from `first` on that run together: a section that runs segment by segment, or a single instruction.
fn together<E: Element>(f: &View<'_, E>, first: usize) -> (Option<usize>, Range<usize>) {
    let section = f.program.section_of(first);
    match section.filter(|_| f.plan.segmented) {
        Some(section) => (Some(section), f.program.sections[section].range.clone()),
        None => (None, first..first + 1),
    }
}

/// Runs the whole program.
pub(super) fn forward_program<E: Element>(f: &mut View<'_, E>) -> Result<()> {
    let mut first = 0;
    while first < f.program.instructions.len() {
        let (section, range) = together(f, first);
        first = range.end;
        match section {
            Some(section) => checkpoint::forward(f, &f.program.sections[section])?,
            None => forward_all(f, &f.program.instructions[range])?,
        }
    }
    Ok(())
}

/// Sends gradients back through the whole program, from its losses.
pub(super) fn backward_program<E: Element>(f: &mut View<'_, E>) -> Result<()> {
    let mut end = f.program.instructions.len();
    while end > 0 {
        let (section, range) = together(f, end - 1);
        end = range.start;
        match section {
            Some(section) => checkpoint::backward(f, section)?,
            None => backward_section(f, range),
        }
    }
    Ok(())
}
