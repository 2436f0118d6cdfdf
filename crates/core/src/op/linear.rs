//! `y = x Wᵀ + b`.

use unrolled_kernels::{Element, Start};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work, linear_sums};
use crate::program::{Instruction, Linear, Operand, ValueId};
use crate::storage::View;

pub(crate) fn facts(op: &Linear, i: &Instruction) -> Facts {
    let gradient = Operand::Gradient(i.outputs[0]);
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: linear_sums(op, gradient, 0, 0..op.weight.rows, i.inputs[0]),
        work: Work::Elementwise { weights: op.weights() },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Linear, i: &Instruction) {
    if f.has_no_children(i.outputs[0]) {
        return f.clear(Operand::Value(i.outputs[0]));
    }
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let start = op.bias.map_or(Start::Zero, |bias| Start::Bias(f.weights.slice(bias)));
        let x = f.matrix(Operand::Value(i.inputs[0]));
        f.kernels.product(f.team, y.matrix(), start, x, f.weights.packed(op.forward));
    });
}

/// `dx += dy W`; the weights' gradients wait for their region.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Linear, i: &Instruction) {
    send_back(f, op, i.inputs[0], Operand::Gradient(i.outputs[0]));
}

/// `dx += dy W`; nothing where x is of children that are not there.
pub(super) fn send_back<E: Element>(f: &mut View<'_, E>, op: &Linear, x: ValueId, dy: Operand) {
    if f.has_no_children(x) {
        return;
    }
    f.add_gradient(x, |f, dx| {
        let dy = f.matrix(dy);
        f.kernels.product(f.team, dx.matrix(), Start::Accumulate, dy, f.weights.packed(op.backward[0]));
    });
}
