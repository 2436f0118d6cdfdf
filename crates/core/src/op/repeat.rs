//! A vector at each step of an axis.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts() -> Facts {
    Facts {
        time: Time::Whole,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let schedule = f.schedule(i.outputs[0]);
    let mut steps = y.matrix();
    for t in 0..schedule.steps() {
        for (place, &row) in schedule.step(t).zip(schedule.order()) {
            steps.row_mut(place).copy_from_slice(x.row(row as usize));
        }
    }
    f.put(y);
}

/// `dx += Σ_t dy(t)`, from the last step to the first.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let schedule = f.schedule(i.outputs[0]);
        let mut dx = dx.matrix();
        for t in (0..schedule.steps()).rev() {
            for (place, &row) in schedule.step(t).zip(schedule.order()) {
                f.kernels.add_assign(dx.row_mut(row as usize), dy.row(place));
            }
        }
    });
}
