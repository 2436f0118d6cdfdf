//! A vector at each step of an axis, copied or as an operand among sequences.

use unrolled_kernels::{Element, MatrixMut};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, ValueId};
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

/// `y(t) = x`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        each_row(f, x, y, rows.matrix(), |y, x| y.copy_from_slice(x));
    });
}

/// `dx += Σ_t dy(t)`, in the order in which backward visits time.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        each_gradient(f, x, y, dx.matrix(), |dx, dy| f.kernels.add_assign(dx, dy));
    });
}

/// Calls `apply` with each row of y and the row of x that belongs to it: that of the same step, or of a vector the one row
/// that all steps share.
pub(super) fn each_row<E: Element>(
    f: &View<'_, E>,
    x: ValueId,
    y: ValueId,
    mut rows: MatrixMut<'_, E>,
    mut apply: impl FnMut(&mut [E], &[E]),
) {
    let values = f.matrix(Operand::Value(x));
    match f.is_whole(x, y) {
        true => f.items(y).for_each(|item| apply(rows.row_mut(item.place), values.row(item.row))),
        false => (0..rows.rows()).for_each(|row| apply(rows.row_mut(row), values.row(row))),
    }
}

/// Calls `apply` with each row of dx and the row of dy that it gets a share of, for a vector in the order in which backward
/// visits time.
pub(super) fn each_gradient<E: Element>(
    f: &View<'_, E>,
    x: ValueId,
    y: ValueId,
    mut dx: MatrixMut<'_, E>,
    mut apply: impl FnMut(&mut [E], &[E]),
) {
    let dy = f.matrix(Operand::Gradient(y));
    match f.is_whole(x, y) {
        true => f.items_back(y).for_each(|item| apply(dx.row_mut(item.row), dy.row(item.place))),
        false => (0..dy.rows()).for_each(|row| apply(dx.row_mut(row), dy.row(row))),
    }
}
