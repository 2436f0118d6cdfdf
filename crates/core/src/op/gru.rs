//! The gated recurrent unit (Cho et al., 2014) with the reset gate after the product, as PyTorch and cuDNN have it.
//!
//! `r, z = σ(pre + rec), n = tanh(pre_n + r rec_n), h' = (1 - z) n + z h`; the gates' rows in the order r, z, n.

use unrolled_kernels::{Element, GruRecurrent, MatrixMut, Start};

use super::facts::{Cut, Facts, Flow, Joint, Storage, Time, Work, linear_sums};
use crate::program::{Instruction, Linear, Operand};
use crate::storage::{Taken, View};

/// The reset and update gates see pre + rec, so their gradients are pre's; n's part of rec has its own, left by the
/// kernel where that part was.
pub(crate) fn facts(op: Option<&Linear>, i: &Instruction) -> Facts {
    let (pre, [gates, rec_n, h]) = (i.inputs[0], [i.outputs[0], i.outputs[1], i.outputs[2]]);
    let joint = Joint { any: vec![rec_n, h], all: vec![h, pre], never: vec![gates, rec_n] };
    let sums = |op: &Linear| {
        let size = op.weight.rows / 3;
        let rz = linear_sums(op, Operand::Gradient(pre), 0, 0..2 * size, i.inputs[2]);
        let n = linear_sums(op, Operand::Value(rec_n), 2 * size, 0..size, i.inputs[2]);
        [rz, n].concat()
    };
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::InPlaceOfValue,
        reads_back: vec![gates, rec_n, i.inputs[1]],
        flow: Flow::Through,
        joint: Some(joint),
        sums: op.map(sums).unwrap_or_default(),
        work: Work::Elementwise { weights: op.map_or(0, Linear::weights) },
    }
}

/// Inputs: pre, h, then state if fused, else rec. Outputs: the gates in pre's storage, n's part of rec, h'.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Option<&Linear>, i: &Instruction) {
    f.write_all([i.outputs[0], i.outputs[1], i.outputs[2]].map(Operand::Value), |f, [gates, rec_n, h]| {
        let recurrent = match op {
            None => GruRecurrent::Ready(f.matrix(Operand::Value(i.inputs[2]))),
            Some(op) => GruRecurrent::Product(f.recurrent(op, i.inputs[2])),
        };
        let h_prev = f.matrix(Operand::Value(i.inputs[1]));
        f.kernels.gru_step(f.team, gates.matrix(), rec_n.matrix(), h_prev, recurrent, h.matrix());
    });
}

/// Leaves the gradient of pre where the gates were and that of n's part of rec where that was.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Option<&Linear>, i: &Instruction) {
    let [gates, rec_n] = [i.outputs[0], i.outputs[1]].map(Operand::Value);
    if f.has_gradient(i.inputs[1]) {
        f.write_all([gates, rec_n, Operand::Gradient(i.inputs[1])], |f, [gates, rec_n, d_prev]| {
            step_back(f, i, gates, rec_n, d_prev.matrix());
        });
    } else {
        f.with_scratch(|f, unwanted| {
            f.write_all([gates, rec_n], |f, [gates, rec_n]| {
                let dh = f.matrix(Operand::Gradient(i.outputs[2]));
                unwanted.resize(dh.rows() * dh.columns(), E::ZERO);
                step_back(f, i, gates, rec_n, MatrixMut::new(unwanted, dh.rows(), dh.columns()));
            });
        });
    }
    let size = f.program.values[i.outputs[2]].width;
    f.add_gradient(i.inputs[2], |f, third| {
        let gates = f.matrix(Operand::Value(i.outputs[0])).column_range(0..2 * size);
        let rec_n = f.matrix(Operand::Value(i.outputs[1]));
        match op {
            Some(op) => {
                let [rz, n] = [op.backward[0], op.backward[1]];
                f.kernels.product(f.team, third.matrix(), Start::Accumulate, gates, f.weights.packed(rz));
                f.kernels.product(f.team, third.matrix(), Start::Accumulate, rec_n, f.weights.packed(n));
            }
            None => {
                let mut rec = third.matrix();
                for row in 0..gates.rows() {
                    let d = rec.row_mut(row);
                    f.kernels.add_assign(&mut d[..2 * size], gates.row(row));
                    f.kernels.add_assign(&mut d[2 * size..], rec_n.row(row));
                }
            }
        }
    });
}

fn step_back<E: Element>(
    f: &View<'_, E>,
    i: &Instruction,
    gates: &mut Taken<E>,
    rec_n: &mut Taken<E>,
    d_prev: MatrixMut<'_, E>,
) {
    let h_prev = f.matrix(Operand::Value(i.inputs[1]));
    let dh = f.matrix(Operand::Gradient(i.outputs[2]));
    f.kernels.gru_backward(gates.matrix(), rec_n.matrix(), h_prev, dh, d_prev);
}
