//! Masks in training, nothing otherwise.

use unrolled_kernels::Element;

use crate::program::{Dropout, Instruction, Operand, ValueId};
use crate::random::Stream;
use crate::run::{Frame, Span};

/// `y = mask x`, the mask 0 with probability `rate` and else `1 / (1 - rate)`.
pub(crate) fn forward<E: Element>(f: &mut Frame<'_, E>, op: &Dropout, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.slice(Operand::Value(i.inputs[0]));
    if f.noise.training && op.rate > 0.0 {
        y.slice().fill(E::ZERO);
        masked(f, op, i, y.slice(), x);
    } else {
        y.slice().copy_from_slice(x);
    }
    f.put(y);
}

/// `dx += mask dy`, the mask drawn again from its key.
pub(crate) fn backward<E: Element>(f: &mut Frame<'_, E>, op: &Dropout, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        if f.noise.training && op.rate > 0.0 {
            masked(f, op, i, dx.slice(), dy);
        } else {
            f.kernels.add_assign(dx.slice(), dy);
        }
    });
}

/// `y += mask x`, a mask for each row and step whatever block they are in.
fn masked<E: Element>(f: &Frame<'_, E>, op: &Dropout, i: &Instruction, y: &mut [E], x: &[E]) {
    let width = f.program.values[i.outputs[0]].width;
    let stream = Stream::new(f.noise.seed, &i.node, f.noise.step);
    let mut mask = vec![E::ZERO; width];
    for (n, (row, time)) in keys(f, i.outputs[0]).into_iter().enumerate() {
        stream.fill_mask(row, if op.fixed { 0 } else { f.noise.time + time }, op.rate, &mut mask);
        f.kernels.add_product(&mut y[n * width..][..width], &x[n * width..][..width], &mask);
    }
}

/// The row of the batch and the step of each row at hand.
fn keys<E: Element>(f: &Frame<'_, E>, value: ValueId) -> Vec<(u64, u64)> {
    let first = f.block.rows.start as u64;
    if f.program.values[value].axis.is_none() {
        return (0..f.block.rows.len() as u64).map(|row| (first + row, 0)).collect();
    }
    let timeline = f.timeline(value);
    let steps = match f.span {
        Span::All => 0..timeline.steps(),
        Span::Step { t, .. } => t..t + 1,
    };
    steps
        .flat_map(|t| {
            timeline.order()[..timeline.alive(t)].iter().map(move |&row| (first + u64::from(row), t as u64))
        })
        .collect()
}
