//! Sums, products and affine functions with constants.

use unrolled_kernels::{Element, Kernels};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::repeat::{each_gradient, each_row};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::{Item, View};

/// The facts of sums and affine functions, whose gradients need no value, and of products, whose gradients do.
fn combined(reads_back: Vec<ValueId>) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back,
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn linear_facts() -> Facts {
    combined(Vec::new())
}

pub(crate) fn multiply_facts(i: &Instruction) -> Facts {
    combined(i.inputs.clone())
}

/// `y = a + b + ...`, from left to right; a vector among sequences is the same at every step.
pub(crate) fn add_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    accumulate(f, i, |kernels, y, x| kernels.add_assign(y, x));
}

/// `da += dy`, likewise for each summand.
pub(crate) fn add_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let y = i.outputs[0];
    for &x in &i.inputs {
        f.add_gradient(x, |f, dx| match f.is_whole(x, y) {
            true => each_gradient(f, x, y, dx.matrix(), |dx, dy| f.kernels.add_assign(dx, dy)),
            false => f.kernels.add_assign(dx.slice(), f.slice(Operand::Gradient(y))),
        });
    }
}

/// `y = a b ...`, from left to right.
pub(crate) fn multiply_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    accumulate(f, i, |_, y, x| y.iter_mut().zip(x).for_each(|(y, &x)| *y = *y * x));
}

/// y begins as the first input and takes in the others.
pub(super) fn accumulate<E: Element>(
    f: &mut View<'_, E>,
    i: &Instruction,
    take: fn(&Kernels<E>, &mut [E], &[E]),
) {
    let y = i.outputs[0];
    f.write(Operand::Value(y), |f, rows| {
        each_row(f, i.inputs[0], y, rows.matrix(), |y, x| y.copy_from_slice(x));
        for &x in &i.inputs[1..] {
            match f.is_whole(x, y) {
                true => each_row(f, x, y, rows.matrix(), |y, x| take(&f.kernels, y, x)),
                false => take(&f.kernels, rows.slice(), f.slice(Operand::Value(x))),
            }
        }
    });
}

/// `da += dy b ...`: each factor gets dy times all others.
pub(crate) fn multiply_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let y = i.outputs[0];
    let whole = i.inputs.iter().any(|&x| f.is_whole(x, y));
    for n in 0..i.inputs.len() {
        match i.inputs[..] {
            [a, b] if !whole => f.add_gradient([a, b][n], |f, dx| {
                let (dy, other) = (f.slice(Operand::Gradient(y)), f.slice(Operand::Value([b, a][n])));
                f.kernels.add_product(dx.slice(), dy, other);
            }),
            _ => multiply_by_others(f, i, n),
        }
    }
}

/// `dx += dy Π others` for the factor `n`, item by item.
fn multiply_by_others<E: Element>(f: &mut View<'_, E>, i: &Instruction, n: usize) {
    let (x, y) = (i.inputs[n], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (mut dx, dy) = (dx.matrix(), f.matrix(Operand::Gradient(y)));
        let row = |value: ValueId, item: Item| item.of(f.is_whole(value, y));
        for item in f.items_back(y) {
            let (dx, dy) = (dx.row_mut(row(x, item)), dy.row(item.place));
            let of = |value: ValueId| f.matrix(Operand::Value(value)).row(row(value, item));
            if let [a, b] = i.inputs[..] {
                f.kernels.add_product(dx, dy, of([b, a][n]));
                continue;
            }
            for (k, dx) in dx.iter_mut().enumerate() {
                let others = i.inputs.iter().enumerate().filter(|&(m, _)| m != n);
                *dx += others.fold(dy[k], |product, (_, &other)| product * of(other)[k]);
            }
        }
    });
}

/// `y = scale x + shift`.
pub(crate) fn affine_forward<E: Element>(f: &mut View<'_, E>, scale: f64, shift: f64, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.slice(Operand::Value(i.inputs[0]));
        f.kernels.affine(y.slice(), E::from_f64(scale), x, E::from_f64(shift));
    });
}

/// `dx += scale dy`.
pub(crate) fn affine_backward<E: Element>(f: &mut View<'_, E>, scale: f64, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        f.kernels.add_scaled(dx.slice(), E::from_f64(scale), dy);
    });
}
