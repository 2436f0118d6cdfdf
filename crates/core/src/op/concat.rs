//! Features side by side, and a range of them.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

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

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let mut y_rows = y.matrix();
    let mut start = 0;
    for &input in &i.inputs {
        let x = f.matrix(Operand::Value(input));
        let end = start + x.columns();
        for row in 0..x.rows() {
            y_rows.row_mut(row)[start..end].copy_from_slice(x.row(row));
        }
        start = end;
    }
    f.put(y);
}

/// Each input gets its columns of dy.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut start = 0;
    for &input in &i.inputs {
        let end = start + f.program.values[input].width;
        f.add_gradient(input, |f, dx| {
            let dy = f.matrix(Operand::Gradient(i.outputs[0]));
            let mut dx = dx.matrix();
            for row in 0..dy.rows() {
                f.kernels.add_assign(dx.row_mut(row), &dy.row(row)[start..end]);
            }
        });
        start = end;
    }
}

pub(crate) fn slice_forward<E: Element>(f: &mut View<'_, E>, start: usize, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.matrix(Operand::Value(i.inputs[0]));
    let mut y_rows = y.matrix();
    let end = start + y_rows.columns();
    for row in 0..x.rows() {
        y_rows.row_mut(row).copy_from_slice(&x.row(row)[start..end]);
    }
    f.put(y);
}

/// The range's columns of dx get dy.
pub(crate) fn slice_backward<E: Element>(f: &mut View<'_, E>, start: usize, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.matrix(Operand::Gradient(i.outputs[0]));
        let mut dx = dx.matrix();
        for row in 0..dy.rows() {
            f.kernels.add_assign(&mut dx.row_mut(row)[start..start + dy.columns()], dy.row(row));
        }
    });
}
