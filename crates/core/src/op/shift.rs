//! A sequence one step later: `y(t) = x(t - 1)`, or `x(t + 1)` in a reversed scan.

use unrolled_kernels::Element;

use super::facts::{BACKWARDS, Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, Shift};
use crate::storage::{Schedule, View};

/// A chunk of time begins with the last step of the chunk before only if a state of the model holds that step.
pub(crate) fn facts(op: &Shift, i: &Instruction) -> Facts {
    let otherwise = "begins each chunk with a first step from the graph";
    let cut = match i.inputs.get(1) {
        _ if op.reverse => Cut::Never(BACKWARDS),
        Some(&first) => Cut::From { vectors: vec![first], otherwise },
        None => Cut::Never("shifts ids in time and does not keep the last one"),
    };
    Facts {
        time: Time::Whole,
        cut,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Shift, i: &Instruction) {
    if let Some(start) = op.start.filter(|_| f.program.values[i.outputs[0]].holds_ids()) {
        return shift_ids(f, op, start, i);
    }
    let start = E::from_f64(op.start.map_or(0.0, f64::from));
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let first = i.inputs.get(1).map(|&first| f.matrix(Operand::Value(first)));
        let mut rows = y.matrix();
        each_item(f.schedule(i.inputs[0]), op.reverse, |place, row, previous| {
            let out = rows.row_mut(place);
            match (previous, &first) {
                (Some(from), _) => out.copy_from_slice(x.row(from)),
                (None, Some(first)) => out.copy_from_slice(first.row(row)),
                (None, None) => out.fill(start),
            }
        });
    });
}

/// Calls `call` with the place, the row and the predecessor's place of each item.
fn each_item(schedule: &Schedule, reverse: bool, mut call: impl FnMut(usize, usize, Option<usize>)) {
    for t in 0..schedule.steps() {
        for (position, (place, row)) in schedule.step(t).zip(schedule.rows_at(t)).enumerate() {
            call(place, row, schedule.previous(reverse, t, position));
        }
    }
}

fn shift_ids<E: Element>(f: &mut View<'_, E>, op: &Shift, start: u32, i: &Instruction) {
    let mut shifted = std::mem::take(&mut f.shard.ids[i.outputs[0]]);
    shifted.clear();
    let ids = &f.shard.ids[i.inputs[0]];
    each_item(f.schedule(i.inputs[0]), op.reverse, |_, _, previous| {
        shifted.push(previous.map_or(start, |from| ids[from]));
    });
    f.shard.ids[i.outputs[0]] = shifted;
}

/// Sends dy of each step to the step before it.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Shift, i: &Instruction) {
    for (n, &input) in i.inputs.iter().enumerate() {
        f.add_gradient(input, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let mut dx = dx.matrix();
            each_item(f.schedule(i.inputs[0]), op.reverse, |place, row, previous| {
                let target = match (previous, n) {
                    (Some(from), 0) => from,
                    (None, 1) => row,
                    _ => return,
                };
                f.kernels.add_assign(dx.row_mut(target), dy.row(place));
            });
        });
    }
}
