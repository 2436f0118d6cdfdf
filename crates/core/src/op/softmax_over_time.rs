//! Softmax over the steps of a row, feature by feature.

use unrolled_kernels::{Element, math};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts(i: &Instruction) -> Facts {
    Facts {
        time: Time::Whole,
        cut: Cut::Never("takes a softmax over the whole sequence"),
        storage: Storage::Own,
        reads_back: vec![i.outputs[0]],
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Exponential,
    }
}

/// `y(t) = e^x(t) / Σ_s e^x(s)`, in f64; a row without steps has none.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let mut y = y.matrix();
        for items in f.part(i.inputs[0]).rows() {
            for k in 0..x.columns() {
                let numbers = || items.places().map(|place| x.element(place, k).to_f64());
                let largest = numbers().fold(f64::NEG_INFINITY, larger);
                let sum: f64 = numbers().map(|x| math::exp(x - largest)).sum();
                for (place, x) in items.places().zip(numbers()) {
                    y.row_mut(place)[k] = E::from_f64(math::exp(x - largest) / sum);
                }
            }
        }
    });
}

/// `dx(t) += y(t) (dy(t) - Σ_s dy(s) y(s))`, the sum in f64.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let (y, dy) = (f.matrix(Operand::Value(i.outputs[0])), f.matrix(Operand::Gradient(i.outputs[0])));
        let mut dx = dx.matrix();
        for items in f.part(i.inputs[0]).rows() {
            for k in 0..y.columns() {
                let at = |place: usize| (y.element(place, k).to_f64(), dy.element(place, k).to_f64());
                let mean: f64 = items.places().map(at).map(|(y, dy)| y * dy).sum();
                for place in items.places() {
                    let (y, dy) = at(place);
                    dx.row_mut(place)[k] += E::from_f64(y * (dy - mean));
                }
            }
        }
    });
}

/// The larger number; NaN if one is.
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}
