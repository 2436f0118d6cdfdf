//! Sums, products and affine functions with constants.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::repeat::{each_gradient, each_row};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::{Item, Taken, View};

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
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        join(f, i, y, |y, a, b| f.kernels.add(y, a, b));
        take_in(f, i, y, |y, x| f.kernels.add_assign(y, x));
    });
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
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        join(f, i, y, |y, a, b| f.kernels.multiply(y, a, b));
        take_in(f, i, y, |y, x| y.iter_mut().zip(x).for_each(|(y, &x)| *y = *y * x));
    });
}

/// Calls `both` with rows of y and the rows of the first two inputs that belong to them.
pub(super) fn join<E: Element>(
    f: &View<'_, E>,
    i: &Instruction,
    rows: &mut Taken<E>,
    both: impl Fn(&mut [E], &[E], &[E]),
) {
    let (inputs, y) = ([i.inputs[0], i.inputs[1]], i.outputs[0]);
    let whole = inputs.map(|x| f.is_whole(x, y));
    if whole == [false; 2] {
        let [a, b] = inputs.map(|x| f.slice(Operand::Value(x)));
        return both(rows.slice(), a, b);
    }
    let (mut rows, [a, b]) = (rows.matrix(), inputs.map(|x| f.matrix(Operand::Value(x))));
    for item in f.items(y) {
        both(rows.row_mut(item.place), a.row(item.of(whole[0])), b.row(item.of(whole[1])));
    }
}

/// Calls `take` with rows of y and of each input behind the second.
fn take_in<E: Element>(f: &View<'_, E>, i: &Instruction, rows: &mut Taken<E>, take: impl Fn(&mut [E], &[E])) {
    let y = i.outputs[0];
    for &x in &i.inputs[2..] {
        match f.is_whole(x, y) {
            true => each_row(f, x, y, rows.matrix(), |y, x| take(y, x)),
            false => take(rows.slice(), f.slice(Operand::Value(x))),
        }
    }
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
        if let [a, b] = i.inputs[..] {
            let other = [b, a][n];
            let (factor, [own, others]) =
                (f.matrix(Operand::Value(other)), [x, other].map(|value| f.is_whole(value, y)));
            for item in f.items_back(y) {
                let factor = factor.row(item.of(others));
                f.kernels.add_product(dx.row_mut(item.of(own)), dy.row(item.place), factor);
            }
            return;
        }
        for item in f.items_back(y) {
            let (dx, dy) = (dx.row_mut(row(x, item)), dy.row(item.place));
            let of = |value: ValueId| f.matrix(Operand::Value(value)).row(row(value, item));
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
