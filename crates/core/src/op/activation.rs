//! Elementwise functions and softmax.

use unrolled_kernels::{Activation, Element};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

/// The facts of an elementwise function and of softmax, which differ in their work.
fn mapped(i: &Instruction, work: Work) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: vec![i.outputs[0]],
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work,
    }
}

pub(crate) fn facts(i: &Instruction) -> Facts {
    mapped(i, Work::Exponential)
}

pub(crate) fn softmax_facts(i: &Instruction) -> Facts {
    mapped(i, Work::Reduction)
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, activation: Activation, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        f.kernels.activate(activation, y.slice(), f.slice(Operand::Value(i.inputs[0])));
    });
}

/// `dx += f'(x) dy`, the derivative taken from y.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, activation: Activation, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let y = f.slice(Operand::Value(i.outputs[0]));
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        f.kernels.activate_backward(activation, dx.slice(), y, dy);
    });
}

/// `y = e^x / Σ e^x` over the features of each row.
pub(crate) fn softmax_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        f.kernels.softmax_rows(y.matrix(), f.matrix(Operand::Value(i.inputs[0])));
    });
}

/// `dx += y (dy - Σ y dy)`.
pub(crate) fn softmax_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let y = f.matrix(Operand::Value(i.outputs[0]));
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        f.kernels.softmax_backward_rows(dx.matrix(), y, dy);
    });
}
