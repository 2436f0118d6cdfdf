//! Masks in training, nothing otherwise.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Dropout, Instruction, Operand};
use crate::random::Stream;
use crate::storage::{Span, View};

pub(crate) fn facts() -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// `y = mask x`, the mask 0 with probability `rate` and else `1 / (1 - rate)`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Dropout, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let mut mask = std::mem::take(&mut f.shard.scratch);
    let x = f.slice(Operand::Value(i.inputs[0]));
    if f.rng_key.training && op.rate > 0.0 {
        y.slice().fill(E::ZERO);
        masked(f, op, i, y.slice(), x, &mut mask);
    } else {
        y.slice().copy_from_slice(x);
    }
    f.shard.scratch = mask;
    f.put(y);
}

/// `dx += mask dy`, the mask drawn again from its key.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Dropout, i: &Instruction) {
    let mut mask = std::mem::take(&mut f.shard.scratch);
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        if f.rng_key.training && op.rate > 0.0 {
            masked(f, op, i, dx.slice(), dy, &mut mask);
        } else {
            f.kernels.add_assign(dx.slice(), dy);
        }
    });
    f.shard.scratch = mask;
}

/// `y += mask x`, a mask for each row and step whatever block they are in.
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
    let (mut rows, first) = (y.chunks_exact_mut(width).zip(x.chunks_exact(width)), f.shard.rows.start as u64);
    let mut add = |row: u64, time: u64| {
        let time = if op.fixed { 0 } else { f.rng_key.time + time };
        if let Some((y, x)) = rows.next() {
            stream.fill_mask(first + row, time, op.rate, mask);
            f.kernels.add_product(y, x, mask);
        }
    };
    if f.program.values[i.outputs[0]].axis.is_none() {
        return (0..f.shard.rows.len() as u64).for_each(|row| add(row, 0));
    }
    let schedule = f.schedule(i.outputs[0]);
    let steps = match f.span {
        Span::All => 0..schedule.steps(),
        Span::Step { t, .. } => t..t + 1,
    };
    for t in steps {
        schedule.order()[..schedule.alive(t)].iter().for_each(|&row| add(row.into(), t as u64));
    }
}
