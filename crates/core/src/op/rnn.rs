//! `h' = f(pre + h Wᵀ + b)`, in place of pre (Goodfellow et al., equation 10.8).

use unrolled_kernels::{Activation, Element};

use super::facts::{Cut, Facts, Flow, Joint, Storage, Time, Work, linear_sums};
use super::linear::send_back;
use crate::program::{Instruction, Linear, Operand};
use crate::storage::View;

pub(crate) fn facts(op: &Linear, i: &Instruction) -> Facts {
    let (pre, h) = (i.inputs[0], i.outputs[0]);
    let joint = Joint { any: vec![h], all: vec![pre], never: Vec::new() };
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::InPlace,
        reads_back: vec![h],
        flow: Flow::Through,
        joint: Some(joint),
        sums: linear_sums(op, Operand::Gradient(h), 0, 0..op.weight.rows, i.inputs[1]),
        work: Work::Elementwise { weights: op.weights() },
    }
}

/// Inputs: pre, state. Output: h', in pre's storage.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, activation: Activation, op: &Linear, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, h| {
        let recurrent = f.recurrent(op, i.inputs[1]);
        f.kernels.activation_step(f.team, activation, h.matrix(), Some(recurrent));
    });
}

/// `dpre = f'(h') dh'` in place of dh', then `dh += dpre W`.
pub(crate) fn backward<E: Element>(
    f: &mut View<'_, E>,
    activation: Activation,
    op: &Linear,
    i: &Instruction,
) {
    f.write(Operand::Gradient(i.outputs[0]), |f, d| {
        f.kernels.activate_gradient(activation, d.slice(), f.slice(Operand::Value(i.outputs[0])));
    });
    send_back(f, op, i.inputs[1], Operand::Gradient(i.outputs[0]));
}
