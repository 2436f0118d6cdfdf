//! `y = gain (x - mean) / sqrt(variance + epsilon) + bias` over the features of each row (Ba et al., 2016).

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, LayerNorm, Operand, Sum};
use crate::storage::View;

pub(crate) fn facts(op: &LayerNorm, i: &Instruction) -> Facts {
    let gradient = Operand::Gradient(i.outputs[0]);
    let bias = Sum::Columns { gradient, columns: 0..op.bias.rows };
    let gain = Sum::Products { gradient, input: Operand::Value(i.outputs[2]) };
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: vec![i.inputs[0], i.outputs[1], i.outputs[2]],
        flow: Flow::Through,
        joint: None,
        sums: vec![(op.bias, bias), (op.gain, gain)],
        work: Work::Reduction,
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &LayerNorm, i: &Instruction) {
    f.write_all([i.outputs[0], i.outputs[1]].map(Operand::Value), |f, [y, statistics]| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let (gain, bias) = (f.weights.slice(op.gain), f.weights.slice(op.bias));
        let epsilon = E::from_f64(op.epsilon);
        f.kernels.layer_norm_rows(y.matrix(), x, gain, bias, epsilon, statistics.matrix());
    });
}

/// Sends dy to dx and leaves the normalized x for the gain's gradient.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &LayerNorm, i: &Instruction) {
    f.write(Operand::Value(i.outputs[2]), |f, normalized| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let statistics = f.matrix(Operand::Value(i.outputs[1]));
        f.kernels.layer_norm_normalized_rows(normalized.matrix(), x, statistics);
    });
    f.add_gradient(i.inputs[0], |f, dx| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let statistics = f.matrix(Operand::Value(i.outputs[1]));
        f.kernels.layer_norm_backward_rows(dx.matrix(), x, dy, f.weights.slice(op.gain), statistics);
    });
}
