//! A sequence one step later: `y(t) = x(t - 1)`, or `x(t + 1)` in a reversed scan.

use unrolled_kernels::Element;

use super::super::run::Frame;
use crate::program::{Instruction, Operand, Shift};

pub(crate) fn forward<E: Element>(f: &mut Frame<'_, E>, op: &Shift, i: &Instruction) {
    if let Some(start) = op.start {
        return shift_ids(f, op, start, i);
    }
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let first = i.inputs.get(1).map(|&first| f.matrix(Operand::Value(first)));
    let timeline = f.timeline(i.inputs[0]);
    let mut steps = y.matrix();
    for t in 0..timeline.steps() {
        for (p, place) in timeline.step(t).enumerate() {
            let out = steps.row_mut(place);
            match (timeline.previous(op.reverse, t, p), &first) {
                (Some(from), _) => out.copy_from_slice(x.row(from)),
                (None, Some(first)) => out.copy_from_slice(first.row(timeline.order()[p] as usize)),
                (None, None) => out.fill(E::ZERO),
            }
        }
    }
    f.put(y);
}

fn shift_ids<E: Element>(f: &mut Frame<'_, E>, op: &Shift, start: u32, i: &Instruction) {
    let mut shifted = std::mem::take(&mut f.block.ids[i.outputs[0]]);
    let ids = &f.block.ids[i.inputs[0]];
    let timeline = f.timeline(i.inputs[0]);
    shifted.clear();
    for t in 0..timeline.steps() {
        for p in 0..timeline.alive(t) {
            shifted.push(timeline.previous(op.reverse, t, p).map_or(start, |from| ids[from]));
        }
    }
    f.block.ids[i.outputs[0]] = shifted;
}

/// Each step's dy goes where the step came from.
pub(crate) fn backward<E: Element>(f: &mut Frame<'_, E>, op: &Shift, i: &Instruction) {
    for (n, &input) in i.inputs.iter().enumerate() {
        f.add_gradient(input, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let timeline = f.timeline(i.inputs[0]);
            let mut dx = dx.matrix();
            for t in 0..timeline.steps() {
                for (p, place) in timeline.step(t).enumerate() {
                    let target = match (timeline.previous(op.reverse, t, p), n) {
                        (Some(from), 0) => from,
                        (None, 1) => timeline.order()[p] as usize,
                        _ => continue,
                    };
                    f.kernels.add_assign(dx.row_mut(target), dy.row(place));
                }
            }
        });
    }
}
