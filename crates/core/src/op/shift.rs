//! A sequence one step later: `y(t) = x(t - 1)`, or `x(t + 1)` in a reversed scan.

use unrolled_kernels::Element;

use super::facts::{BACKWARDS, Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand, Shift};
use crate::storage::View;

/// A piece begins with the last step of the one before only where a state of the model holds that step.
pub(crate) fn facts(op: &Shift, i: &Instruction) -> Facts {
    let otherwise = "shifts in time and does not keep its last step";
    let cut = match i.inputs.get(1) {
        _ if op.reverse => Cut::Never(BACKWARDS),
        Some(&first) => Cut::From { vectors: vec![first], otherwise },
        None => Cut::Never(otherwise),
    };
    Facts {
        time: Time::Whole,
        cut,
        storage: Storage::Own,
        reads_back: Vec::new(),
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Shift, i: &Instruction) {
    if let Some(start) = op.start {
        return shift_ids(f, op, start, i);
    }
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let first = i.inputs.get(1).map(|&first| f.matrix(Operand::Value(first)));
    let schedule = f.schedule(i.inputs[0]);
    let mut steps = y.matrix();
    for t in 0..schedule.steps() {
        for (p, place) in schedule.step(t).enumerate() {
            let out = steps.row_mut(place);
            match (schedule.previous(op.reverse, t, p), &first) {
                (Some(from), _) => out.copy_from_slice(x.row(from)),
                (None, Some(first)) => out.copy_from_slice(first.row(schedule.order()[p] as usize)),
                (None, None) => out.fill(E::ZERO),
            }
        }
    }
    f.put(y);
}

fn shift_ids<E: Element>(f: &mut View<'_, E>, op: &Shift, start: u32, i: &Instruction) {
    let mut shifted = std::mem::take(&mut f.shard.ids[i.outputs[0]]);
    let ids = &f.shard.ids[i.inputs[0]];
    let schedule = f.schedule(i.inputs[0]);
    shifted.clear();
    for t in 0..schedule.steps() {
        for p in 0..schedule.alive(t) {
            shifted.push(schedule.previous(op.reverse, t, p).map_or(start, |from| ids[from]));
        }
    }
    f.shard.ids[i.outputs[0]] = shifted;
}

/// Each step's dy goes where the step came from.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Shift, i: &Instruction) {
    for (n, &input) in i.inputs.iter().enumerate() {
        f.add_gradient(input, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let schedule = f.schedule(i.inputs[0]);
            let mut dx = dx.matrix();
            for t in 0..schedule.steps() {
                for (p, place) in schedule.step(t).enumerate() {
                    let target = match (schedule.previous(op.reverse, t, p), n) {
                        (Some(from), 0) => from,
                        (None, 1) => schedule.order()[p] as usize,
                        _ => continue,
                    };
                    f.kernels.add_assign(dx.row_mut(target), dy.row(place));
                }
            }
        });
    }
}
