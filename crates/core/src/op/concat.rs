//! Features side by side, and a range of them.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::repeat::{each_gradient, each_row};
use crate::program::{Instruction, Operand};
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

/// `y = [a, b, ...]`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let y = i.outputs[0];
    f.write(Operand::Value(y), |f, rows| {
        let mut start = 0;
        for &x in &i.inputs {
            let end = start + f.program.values[x].width;
            each_row(f, x, y, rows.matrix(), |y, x| y[start..end].copy_from_slice(x));
            start = end;
        }
    });
}

/// Each input gets its columns of dy.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut start = 0;
    for &x in &i.inputs {
        let end = start + f.program.values[x].width;
        f.add_gradient(x, |f, dx| {
            each_gradient(f, x, i.outputs[0], dx.matrix(), |dx, dy| {
                f.kernels.add_assign(dx, &dy[start..end]);
            });
        });
        start = end;
    }
}

/// `y = x[start..]`, as long as y is.
pub(crate) fn slice_forward<E: Element>(f: &mut View<'_, E>, start: usize, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        each_row(f, x, y, rows.matrix(), |y, x| y.copy_from_slice(&x[start..start + y.len()]));
    });
}

/// The range's columns of dx get dy.
pub(crate) fn slice_backward<E: Element>(f: &mut View<'_, E>, start: usize, i: &Instruction) {
    let (x, y) = (i.inputs[0], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        each_gradient(f, x, y, dx.matrix(), |dx, dy| {
            f.kernels.add_assign(&mut dx[start..start + dy.len()], dy);
        });
    });
}
