//! A sequence one step later: `y(t) = x(t - 1)`, or `x(t + 1)` in a reversed scan.

use unrolled_kernels::Element;

use super::facts::{BACKWARDS, Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, Shift};
use crate::storage::{Schedule, View};

/// A chunk of time begins with the last step of the chunk before only if a state of the model holds that step.
pub(crate) fn facts(op: &Shift, i: &Instruction) -> Facts {
    let otherwise = "begins each chunk with a first step from the graph";
    let cut = match op.reverse {
        true => Cut::Never(BACKWARDS),
        false => Cut::From { vectors: vec![i.inputs[1]], otherwise },
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
    if f.program.values[i.outputs[0]].holds_ids() {
        return shift_ids(f, op, i);
    }
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let first = f.matrix(Operand::Value(i.inputs[1]));
        let mut rows = y.matrix();
        each_item(f.schedule(i.inputs[0]), op.reverse, |place, row, previous| {
            let out = rows.row_mut(place);
            out.copy_from_slice(previous.map_or_else(|| first.row(row), |from| x.row(from)));
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

/// The first id is one of the second input, which holds numbers as states do.
fn shift_ids<E: Element>(f: &mut View<'_, E>, op: &Shift, i: &Instruction) {
    let mut shifted = std::mem::take(&mut f.shard.ids[i.outputs[0]]);
    shifted.clear();
    let ids = &f.shard.ids[i.inputs[0]];
    let first = f.ids(i.inputs[1]);
    each_item(f.schedule(i.inputs[0]), op.reverse, |_, row, previous| {
        shifted.push(previous.map_or_else(|| first.at(row), |from| ids[from]));
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
