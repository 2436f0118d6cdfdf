//! A sequence becomes a vector: its last step, mean or largest values.

use unrolled_kernels::{Element, Matrix};

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand, Pooling};
use crate::storage::View;

pub(crate) fn facts(op: Pooling, i: &Instruction) -> Facts {
    let cut = match op {
        Pooling::Last { .. } => Cut::Free,
        Pooling::Mean | Pooling::Max => Cut::Anew("pools over the whole sequence"),
    };
    let reads_back = match op {
        Pooling::Max => vec![i.inputs[0], i.outputs[0]],
        Pooling::Last { .. } | Pooling::Mean => Vec::new(),
    };
    Facts {
        time: Time::Whole,
        cut,
        storage: Storage::Own,
        reads_back,
        starts_gradients: false,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// A row without steps gives zeros, or the second input if there is one.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Pooling, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let schedule = f.schedule(i.inputs[0]);
        let mut rows = y.matrix();
        for row in 0..schedule.rows() {
            let (out, items) = (rows.row_mut(row), schedule.items_of(row));
            match (items.len(), i.inputs.get(1)) {
                (0, Some(&fallback)) => {
                    out.copy_from_slice(f.matrix(Operand::Value(fallback)).row(row));
                }
                (0, None) => out.fill(E::ZERO),
                _ => pool(f, op, x, items, out),
            }
        }
    });
}

fn pool<E: Element>(
    f: &View<'_, E>,
    op: Pooling,
    x: Matrix<'_, E>,
    mut items: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
    out: &mut [E],
) {
    let count = E::from_f64(items.len() as f64);
    let first = match op {
        Pooling::Last { first: false } => items.next_back(),
        Pooling::Last { first: true } | Pooling::Mean | Pooling::Max => items.next(),
    };
    first.into_iter().for_each(|place| out.copy_from_slice(x.row(place)));
    match op {
        Pooling::Last { .. } => {}
        Pooling::Mean => {
            items.for_each(|place| f.kernels.add_assign(out, x.row(place)));
            out.iter_mut().for_each(|y| *y = *y / count);
        }
        Pooling::Max => items.for_each(|place| {
            for (y, &x) in out.iter_mut().zip(x.row(place)) {
                if x > *y {
                    *y = x;
                }
            }
        }),
    }
}

/// dy goes to the last step, evenly to all, or to the first of the largest.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Pooling, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let schedule = f.schedule(i.inputs[0]);
        let mut dx = dx.matrix();
        for row in (0..schedule.rows()).filter(|&row| schedule.items_of(row).len() > 0) {
            let (dy, mut items) = (dy.row(row), schedule.items_of(row));
            match op {
                Pooling::Last { first } => {
                    let place = if first { items.next() } else { items.next_back() };
                    place.into_iter().for_each(|place| f.kernels.add_assign(dx.row_mut(place), dy));
                }
                Pooling::Mean => {
                    let share = E::ONE / E::from_f64(items.len() as f64);
                    items.for_each(|place| f.kernels.add_scaled(dx.row_mut(place), share, dy));
                }
                Pooling::Max => {
                    let x = f.matrix(Operand::Value(i.inputs[0]));
                    let y = f.matrix(Operand::Value(i.outputs[0]));
                    for (k, &dy) in dy.iter().enumerate() {
                        let largest = y.element(row, k);
                        let found = items.clone().find(|&place| x.element(place, k) == largest);
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
            for row in f.schedule(i.inputs[0]).unrolling(false).idle() {
                f.kernels.add_assign(dx.row_mut(row), dy.row(row));
            }
        });
    }
}
