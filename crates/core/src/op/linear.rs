//! `y = x Wᵀ + b`.

use unrolled_kernels::{Element, Start};

use crate::program::{Instruction, Linear, Operand};
use crate::run::Frame;

pub(crate) fn forward<E: Element>(f: &mut Frame<'_, E>, op: &Linear, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let start = op.bias.map_or(Start::Zero, |bias| Start::Bias(f.weights.slice(bias)));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    f.kernels.product(f.team, y.matrix(), start, x, f.weights.packed(op.forward));
    f.put(y);
}

/// `dx += dy W`; the weights' gradients wait for their region.
pub(crate) fn backward<E: Element>(f: &mut Frame<'_, E>, op: &Linear, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        f.kernels.product(f.team, dx.matrix(), Start::Accumulate, dy, f.weights.packed(op.backward[0]));
    });
}
