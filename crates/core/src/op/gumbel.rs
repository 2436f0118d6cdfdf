//! Noise in training, nothing otherwise.

use unrolled_kernels::{Element, math};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::random::{Draws, Stream};
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
        work: Work::Exponential,
    }
}

/// `y = x + g`, with a number `g` of Gumbel's distribution for each feature; drawn for the row and the step.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let y = i.outputs[0];
    f.write(Operand::Value(y), |f, rows| {
        rows.slice().copy_from_slice(f.slice(Operand::Value(i.inputs[0])));
        if !f.rng_key.training {
            return;
        }
        let stream = Stream::new(f.rng_key.seed, &i.node, f.rng_key.step);
        let mut rows = rows.matrix();
        for item in f.items(y) {
            let [row, time] = f.place_of(item);
            let mut draws = stream.at(row, time);
            for y in rows.row_mut(item.place) {
                *y += E::from_f64(gumbel(&mut draws));
            }
        }
    });
}

/// `dx += dy`.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        f.kernels.add_assign(dx.slice(), f.slice(Operand::Gradient(i.outputs[0])));
    });
}

/// `-ln(-ln u)` for u uniform in (0, 1).
pub(super) fn gumbel(draws: &mut Draws) -> f64 {
    // Half of the distance between neighbors keeps u from 0.
    const HALF: f64 = 0.5 / (1_u64 << 53) as f64;
    -math::ln(-math::ln(draws.uniform() + HALF))
}
