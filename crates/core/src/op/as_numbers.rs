//! Given ids as numbers, which states and choices are.

use unrolled_kernels::Element;

use super::facts::Facts;
use crate::program::{Instruction, Operand};
use crate::storage::View;

/// An id has no slope.
pub(crate) fn facts() -> Facts {
    super::discrete::choice_facts()
}

/// `y = id`; exact, as ids lie below 2^24.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let ids = f.ids(i.inputs[0]);
        y.slice().iter_mut().enumerate().for_each(|(row, y)| *y = E::from_f64(f64::from(ids.at(row))));
    });
}
