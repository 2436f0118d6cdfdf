//! `y = |x|`, elementwise.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts(i: &Instruction) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: vec![i.inputs[0]],
        starts_gradients: false,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.slice(Operand::Value(i.inputs[0]));
        y.slice().iter_mut().zip(x).for_each(|(y, &x)| *y = x.abs());
    });
}

/// `dx += sign(x) dy`, nothing at 0.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let x = f.slice(Operand::Value(i.inputs[0]));
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        for ((dx, &x), &dy) in dx.slice().iter_mut().zip(x).zip(dy) {
            if x > E::ZERO {
                *dx += dy;
            } else if x < E::ZERO {
                *dx += -dy;
            }
        }
    });
}
