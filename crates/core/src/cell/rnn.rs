//! `h' = f(pre + h Wᵀ + b)`, in place of pre (Goodfellow et al., equation 10.8).

use unrolled_kernels::{Activation, Element, Start};

use crate::program::{Instruction, Linear, Operand};
use crate::run::Frame;

/// Inputs: pre, state. Output: h', in pre's storage.
pub(crate) fn forward<E: Element>(
    f: &mut Frame<'_, E>,
    activation: Activation,
    op: &Linear,
    i: &Instruction,
) {
    let mut h = f.take(Operand::Value(i.outputs[0]));
    let recurrent = f.recurrent(op, i.inputs[1]);
    f.kernels.activation_step(f.team, activation, h.matrix(), Some(recurrent));
    f.put(h);
}

/// `dpre = f'(h') dh'` in place of dh', then `dh += dpre W`.
pub(crate) fn backward<E: Element>(
    f: &mut Frame<'_, E>,
    activation: Activation,
    op: &Linear,
    i: &Instruction,
) {
    let mut d = f.take(Operand::Gradient(i.outputs[0]));
    f.kernels.activate_gradient(activation, d.slice(), f.slice(Operand::Value(i.outputs[0])));
    f.put(d);
    f.add_gradient(i.inputs[1], |f, dh| {
        let d = f.matrix(Operand::Gradient(i.outputs[0]));
        f.kernels.product(f.team, dh.matrix(), Start::Accumulate, d, f.weights.packed(op.backward[0]));
    });
}
