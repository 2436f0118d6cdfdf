//! A sequence becomes a vector: its last step, mean or largest values.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand, Pool};
use crate::storage::View;

pub(crate) fn facts(op: Pool, i: &Instruction) -> Facts {
    let cut = match op {
        Pool::Last { .. } => Cut::Free,
        Pool::Mean | Pool::Max => Cut::Anew("pools over the whole sequence"),
    };
    let reads_back = match op {
        Pool::Max => vec![i.inputs[0], i.outputs[0]],
        Pool::Last { .. } | Pool::Mean => Vec::new(),
    };
    Facts {
        time: Time::Whole,
        cut,
        storage: Storage::Own,
        reads_back,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// A row without steps gives zeros, or the second input if there is one.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Pool, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let schedule = f.schedule(i.inputs[0]);
    let mut rows = y.matrix();
    for (p, (&row, &length)) in schedule.order().iter().zip(schedule.lengths()).enumerate() {
        let out = rows.row_mut(row as usize);
        if length == 0 {
            match i.inputs.get(1) {
                Some(&fallback) => out.copy_from_slice(f.matrix(Operand::Value(fallback)).row(row as usize)),
                None => out.fill(E::ZERO),
            }
            continue;
        }
        match op {
            Pool::Last { first } => out.copy_from_slice(x.row(schedule.place(end(first, length), p))),
            Pool::Mean => {
                out.copy_from_slice(x.row(schedule.place(0, p)));
                for t in 1..length {
                    f.kernels.add_assign(out, x.row(schedule.place(t, p)));
                }
                let count = E::from_f64(length as f64);
                out.iter_mut().for_each(|y| *y = *y / count);
            }
            Pool::Max => {
                out.copy_from_slice(x.row(schedule.place(0, p)));
                for t in 1..length {
                    for (y, &x) in out.iter_mut().zip(x.row(schedule.place(t, p))) {
                        if x > *y {
                            *y = x;
                        }
                    }
                }
            }
        }
    }
    f.put(y);
}

fn end(first: bool, length: usize) -> usize {
    if first { 0 } else { length - 1 }
}

/// dy goes to the last step, evenly to all, or to the first of the largest.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Pool, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let schedule = f.schedule(i.inputs[0]);
        let mut dx = dx.matrix();
        for (p, (&row, &length)) in schedule.order().iter().zip(schedule.lengths()).enumerate() {
            let dy = dy.row(row as usize);
            match op {
                _ if length == 0 => {}
                Pool::Last { first } => {
                    f.kernels.add_assign(dx.row_mut(schedule.place(end(first, length), p)), dy);
                }
                Pool::Mean => {
                    let share = E::ONE / E::from_f64(length as f64);
                    for t in 0..length {
                        f.kernels.add_scaled(dx.row_mut(schedule.place(t, p)), share, dy);
                    }
                }
                Pool::Max => {
                    let x = f.matrix(Operand::Value(i.inputs[0]));
                    let y = f.matrix(Operand::Value(i.outputs[0]));
                    for (k, &dy) in dy.iter().enumerate() {
                        let largest = y.element(row as usize, k);
                        let found = (0..length).find(|&t| x.element(schedule.place(t, p), k) == largest);
                        if let Some(t) = found {
                            dx.row_mut(schedule.place(t, p))[k] += dy;
                        }
                    }
                }
            }
        }
    });
    if let Some(&fallback) = i.inputs.get(1) {
        f.add_gradient(fallback, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let schedule = f.schedule(i.inputs[0]);
            let mut dx = dx.matrix();
            for (&row, _) in
                schedule.order().iter().zip(schedule.lengths()).filter(|&(_, &length)| length == 0)
            {
                f.kernels.add_assign(dx.row_mut(row as usize), dy.row(row as usize));
            }
        });
    }
}
