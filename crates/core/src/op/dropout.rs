//! Masks in training, nothing otherwise.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Dropout, Instruction, Operand};
use crate::random::Stream;
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
        work: Work::Elementwise { weights: 0 },
    }
}

/// `y = mask x`, the mask 0 with probability `rate` and else `1 / (1 - rate)`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Dropout, i: &Instruction) {
    f.with_scratch(|f, mask| {
        f.write(Operand::Value(i.outputs[0]), |f, y| {
            let x = f.slice(Operand::Value(i.inputs[0]));
            if f.rng_key.training && op.rate > 0.0 {
                y.slice().fill(E::ZERO);
                masked(f, op, i, y.slice(), x, mask);
            } else {
                y.slice().copy_from_slice(x);
            }
        });
    });
}

/// `dx += mask dy`, the mask drawn again from its key.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Dropout, i: &Instruction) {
    f.with_scratch(|f, mask| {
        f.add_gradient(i.inputs[0], |f, dx| {
            let dy = f.slice(Operand::Gradient(i.outputs[0]));
            if f.rng_key.training && op.rate > 0.0 {
                masked(f, op, i, dx.slice(), dy, mask);
            } else {
                f.kernels.add_assign(dx.slice(), dy);
            }
        });
    });
}

/// `y += mask x`, a mask for each row and step, the same in any shard.
fn masked<E: Element>(
    f: &View<'_, E>,
    op: &Dropout,
    i: &Instruction,
    y: &mut [E],
    x: &[E],
    mask: &mut Vec<E>,
) {
    let width = f.program.values[i.outputs[0]].width;
    let stream = Stream::new(f.rng_key.seed, &i.node, f.rng_key.step);
    mask.resize(width, E::ZERO);
    for item in f.items(i.outputs[0]) {
        let [row, time] = f.place_of(item);
        let range = item.place * width..(item.place + 1) * width;
        stream.fill_mask(row, if op.fixed { 0 } else { time }, op.rate, mask);
        f.kernels.add_product(&mut y[range.clone()], &x[range], mask);
    }
}
