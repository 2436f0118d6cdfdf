//! Sums, products and affine functions with constants.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Storage, Time, Work};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::View;

/// The facts of sums and affine functions, whose gradients need no value, and of products, whose gradients do.
fn combined(reads_back: Vec<ValueId>) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back,
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

/// `y = a + b + ...`, from left to right.
pub(crate) fn add_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    y.slice().copy_from_slice(f.slice(Operand::Value(i.inputs[0])));
    for &input in &i.inputs[1..] {
        f.kernels.add_assign(y.slice(), f.slice(Operand::Value(input)));
    }
    f.put(y);
}

/// `da += dy`, likewise for each summand.
pub(crate) fn add_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    for &input in &i.inputs {
        f.add_gradient(input, |f, dx| {
            f.kernels.add_assign(dx.slice(), f.slice(Operand::Gradient(i.outputs[0])));
        });
    }
}

/// `y = a b ...`, from left to right.
pub(crate) fn multiply_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    y.slice().copy_from_slice(f.slice(Operand::Value(i.inputs[0])));
    for &input in &i.inputs[1..] {
        for (y, &x) in y.slice().iter_mut().zip(f.slice(Operand::Value(input))) {
            *y = *y * x;
        }
    }
    f.put(y);
}

/// `da += dy b ...`: each factor gets dy times all others.
pub(crate) fn multiply_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    for (n, &input) in i.inputs.iter().enumerate() {
        f.add_gradient(input, |f, dx| {
            let dy = f.slice(Operand::Gradient(i.outputs[0]));
            let others = i.inputs.iter().enumerate().filter(|&(m, _)| m != n);
            let others = others.map(|(_, &other)| f.slice(Operand::Value(other)));
            if let (2, Some(other)) = (i.inputs.len(), others.clone().next()) {
                return f.kernels.add_product(dx.slice(), dy, other);
            }
            for (k, dx) in dx.slice().iter_mut().enumerate() {
                *dx += others.clone().fold(dy[k], |product, other| product * other[k]);
            }
        });
    }
}

/// `y = scale x + shift`.
pub(crate) fn affine_forward<E: Element>(f: &mut View<'_, E>, scale: f64, shift: f64, i: &Instruction) {
    let mut y = f.take(Operand::Value(i.outputs[0]));
    let x = f.slice(Operand::Value(i.inputs[0]));
    f.kernels.affine(y.slice(), E::from_f64(scale), x, E::from_f64(shift));
    f.put(y);
}

/// `dx += scale dy`.
pub(crate) fn affine_backward<E: Element>(f: &mut View<'_, E>, scale: f64, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        f.kernels.add_scaled(dx.slice(), E::from_f64(scale), dy);
    });
}
