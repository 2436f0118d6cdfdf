//! A vector at each step of an axis.

use unrolled_kernels::Element;

use crate::program::{Instruction, Operand};
use crate::run::Frame;

pub(crate) fn forward<E: Element>(f: &mut Frame<'_, E>, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let timeline = f.timeline(i.outputs[0]);
    let mut steps = y.matrix();
    for t in 0..timeline.steps() {
        for (place, &row) in timeline.step(t).zip(timeline.order()) {
            steps.row_mut(place).copy_from_slice(x.row(row as usize));
        }
    }
    f.put(y);
}

/// `dx += Σ_t dy(t)`, from the last step to the first.
pub(crate) fn backward<E: Element>(f: &mut Frame<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let timeline = f.timeline(i.outputs[0]);
        let mut dx = dx.matrix();
        for t in (0..timeline.steps()).rev() {
            for (place, &row) in timeline.step(t).zip(timeline.order()) {
                f.kernels.add_assign(dx.row_mut(row as usize), dy.row(place));
            }
        }
    });
}
