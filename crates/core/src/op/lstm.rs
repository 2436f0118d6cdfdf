//! Long short-term memory (Hochreiter and Schmidhuber, 1997; with forget gate, Gers et al., 2000).
//!
//! `i, f, o = σ(..), g = tanh(..), c' = f c + i g, h' = o tanh(c')`; the gates' rows in the order i, f, g, o.

use unrolled_kernels::{Element, Start};

use super::facts::{Cut, Facts, Flow, Joint, Storage, Time, Work, linear_sums};
use crate::program::{Instruction, Linear, Operand};
use crate::storage::View;

/// The kernel reads the gradients of both states and leaves that of pre where the gates were.
pub(crate) fn facts(op: Option<&Linear>, i: &Instruction) -> Facts {
    let (pre, [gates, c, h]) = (i.inputs[0], [i.outputs[0], i.outputs[1], i.outputs[2]]);
    let joint = Joint { any: vec![c, h], all: vec![c, h, pre], never: vec![gates] };
    let sums = |op: &Linear| linear_sums(op, Operand::Gradient(pre), 0, 0..op.weight.rows, i.inputs[2]);
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::InPlaceOfValue,
        reads_back: vec![gates, c, i.inputs[1]],
        flow: Flow::Through,
        joint: Some(joint),
        sums: op.map(sums).unwrap_or_default(),
        work: Work::Elementwise { weights: op.map_or(0, Linear::weights) },
    }
}

/// Inputs: pre, c and, if fused, state. Outputs: the gates in pre's storage, c', h'.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Option<&Linear>, i: &Instruction) {
    f.write_all([i.outputs[0], i.outputs[1], i.outputs[2]].map(Operand::Value), |f, [gates, c, h]| {
        let recurrent = op.map(|op| f.recurrent(op, i.inputs[2]));
        let c_prev = f.matrix(Operand::Value(i.inputs[1]));
        f.kernels.lstm_step(f.team, gates.matrix(), recurrent, c_prev, c.matrix(), h.matrix());
    });
}

/// Leaves the gradient of pre where the gates were, then `dc += ..`, `dh += dpre W`.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Option<&Linear>, i: &Instruction) {
    let (gates, dc) = (Operand::Value(i.outputs[0]), Operand::Gradient(i.outputs[1]));
    f.write_all([gates, dc], |f, [gates, dc]| {
        let c_prev = f.matrix(Operand::Value(i.inputs[1]));
        let c = f.matrix(Operand::Value(i.outputs[1]));
        let dh = f.matrix(Operand::Gradient(i.outputs[2]));
        f.kernels.lstm_backward(gates.matrix(), c_prev, c, dh, dc.matrix());
    });
    f.add_gradient(i.inputs[1], |f, dc_prev| f.kernels.add_assign(dc_prev.slice(), f.slice(dc)));
    if let Some(op) = op {
        f.add_gradient(i.inputs[2], |f, dh| {
            let dpre = f.matrix(Operand::Value(i.outputs[0]));
            f.kernels.product(f.team, dh.matrix(), Start::Accumulate, dpre, f.weights.packed(op.backward[0]));
        });
    }
}
