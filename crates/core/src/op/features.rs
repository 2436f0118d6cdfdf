//! One number for all features, and all features for one number: each is the gradient of the other.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts() -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// `y = Σ x` over the features of each row, added up in f64.
pub(crate) fn sum_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        y.slice().iter_mut().enumerate().for_each(|(row, y)| *y = total(x.row(row)));
    });
}

/// `dx += dy` for each feature.
pub(crate) fn sum_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let mut dx = dx.matrix();
        for (row, &dy) in f.slice(Operand::Gradient(i.outputs[0])).iter().enumerate() {
            dx.row_mut(row).iter_mut().for_each(|dx| *dx += dy);
        }
    });
}

/// `y = x` for each feature of y.
pub(crate) fn spread_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let mut y = y.matrix();
        for (row, &x) in f.slice(Operand::Value(i.inputs[0])).iter().enumerate() {
            y.row_mut(row).fill(x);
        }
    });
}

/// `dx += Σ dy` over the features, added up in f64.
pub(crate) fn spread_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        dx.slice().iter_mut().enumerate().for_each(|(row, dx)| *dx += total(dy.row(row)));
    });
}

fn total<E: Element>(numbers: &[E]) -> E {
    E::from_f64(numbers.iter().map(|x| x.to_f64()).sum())
}
