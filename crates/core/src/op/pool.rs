//! A sequence becomes a vector: its last step, mean, sum or largest values; a forest also its root.

use unrolled_kernels::{Element, Matrix};

use super::edges::FOREST;
use super::facts::{BACKWARDS, Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, Pooling};
use crate::storage::{RowItems, View};

/// The last step is known as it passes. A mean or sum would add up once more what passes once more, and the gradient of a largest
/// step goes to the first of several, which only all steps together show. A fallback takes its gradient outside of segments.
pub(crate) fn facts(op: Pooling, i: &Instruction) -> Facts {
    let cut = match op {
        Pooling::Root => Cut::Never(FOREST),
        Pooling::Last { first: false } => Cut::Free,
        Pooling::Last { first: true } => Cut::Never(BACKWARDS),
        Pooling::Mean | Pooling::Sum | Pooling::Max => Cut::Never("pools over the whole sequence"),
    };
    let time = match op {
        Pooling::Last { .. } if i.inputs.len() == 1 => Time::Gather,
        Pooling::Last { .. } | Pooling::Root | Pooling::Mean | Pooling::Sum | Pooling::Max => Time::Whole,
    };
    let reads_back = match op {
        Pooling::Max => vec![i.inputs[0], i.outputs[0]],
        Pooling::Last { .. } | Pooling::Root | Pooling::Mean | Pooling::Sum => Vec::new(),
    };
    Facts {
        time,
        cut,
        storage: Storage::Own,
        reads_back,
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// A row without steps gives zeros, or the second input if there is one.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Pooling, i: &Instruction) {
    if f.program.values[i.inputs[0]].holds_ids() {
        return last_id(f, op, i);
    }
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let part = f.part(i.inputs[0]);
        let mut rows = y.matrix();
        for row in part.whole.unrolling(false).idle() {
            match i.inputs.get(1) {
                Some(&fallback) => {
                    rows.row_mut(row).copy_from_slice(f.matrix(Operand::Value(fallback)).row(row));
                }
                None => rows.row_mut(row).fill(E::ZERO),
            }
        }
        part.rows().for_each(|items| pool(f, op, i, x, items, rows.row_mut(items.row)));
    });
}

/// Takes the items of a row that pass into the row's result.
fn pool<E: Element>(
    f: &View<'_, E>,
    op: Pooling,
    i: &Instruction,
    x: Matrix<'_, E>,
    items: RowItems<'_>,
    out: &mut [E],
) {
    if let Pooling::Last { .. } | Pooling::Root = op {
        let place = chosen(f, op, i, items);
        return place.into_iter().for_each(|place| out.copy_from_slice(x.row(place)));
    }
    let mut places = items.places();
    if items.begins {
        places.next().into_iter().for_each(|place| out.copy_from_slice(x.row(place)));
    }
    match op {
        Pooling::Last { .. } | Pooling::Root => {}
        Pooling::Mean | Pooling::Sum => places.for_each(|place| f.kernels.add_assign(out, x.row(place))),
        Pooling::Max => places.for_each(|place| {
            for (y, &x) in out.iter_mut().zip(x.row(place)) {
                if x > *y {
                    *y = x;
                }
            }
        }),
    }
    if op == Pooling::Mean && items.ends {
        let count = E::from_f64(items.count as f64);
        out.iter_mut().for_each(|y| *y = *y / count);
    }
}

/// The last of given ids, as a number; of a row without steps the second input.
fn last_id<E: Element>(f: &mut View<'_, E>, op: Pooling, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let part = f.part(i.inputs[0]);
        for row in part.whole.unrolling(false).idle() {
            y.slice()[row] = i.inputs.get(1).map_or(E::ZERO, |&id| f.slice(Operand::Value(id))[row]);
        }
        let ids = f.ids(i.inputs[0]);
        for items in part.rows() {
            if let Some(place) = chosen(f, op, i, items) {
                y.slice()[items.row] = E::from_f64(f64::from(ids.at(place)));
            }
        }
    });
}

/// The place of the one item of a row that a pool takes, if it is among these.
fn chosen<E: Element>(f: &View<'_, E>, op: Pooling, i: &Instruction, items: RowItems<'_>) -> Option<usize> {
    match op {
        Pooling::Last { first: true } => items.places().next().filter(|_| items.begins),
        Pooling::Last { first: false } => items.places().next_back().filter(|_| items.ends),
        Pooling::Root => f.schedule(i.inputs[0]).root(items.row),
        Pooling::Mean | Pooling::Sum | Pooling::Max => None,
    }
}

/// dy goes to the last step, to all, evenly or whole, or to the first of the largest.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Pooling, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let mut dx = dx.matrix();
        for items in f.part(i.inputs[0]).rows() {
            let dy = dy.row(items.row);
            match op {
                Pooling::Last { .. } | Pooling::Root => {
                    let place = chosen(f, op, i, items);
                    place.into_iter().for_each(|place| f.kernels.add_assign(dx.row_mut(place), dy));
                }
                Pooling::Sum => {
                    items.places().for_each(|place| f.kernels.add_assign(dx.row_mut(place), dy));
                }
                Pooling::Mean => {
                    let share = E::ONE / E::from_f64(items.count as f64);
                    items.places().for_each(|place| f.kernels.add_scaled(dx.row_mut(place), share, dy));
                }
                Pooling::Max => {
                    let x = f.matrix(Operand::Value(i.inputs[0]));
                    let y = f.matrix(Operand::Value(i.outputs[0]));
                    for (k, &dy) in dy.iter().enumerate() {
                        let largest = y.element(items.row, k);
                        let found = items.places().find(|&place| x.element(place, k) == largest);
                        found.into_iter().for_each(|place| dx.row_mut(place)[k] += dy);
                    }
                }
            }
        }
    });
    if let Some(&fallback) = i.inputs.get(1) {
        f.add_gradient(fallback, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let mut dx = dx.matrix();
            for row in f.part(i.inputs[0]).whole.unrolling(false).idle() {
                f.kernels.add_assign(dx.row_mut(row), dy.row(row));
            }
        });
    }
}
