//! Functions of one number, elementwise. Each is computed in f64 and rounded once.

use unrolled_kernels::{Element, math};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Function, Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts(i: &Instruction) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: vec![i.inputs[0]],
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Exponential,
    }
}

/// `y = f(x)`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, function: Function, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.slice(Operand::Value(i.inputs[0]));
        y.slice().iter_mut().zip(x).for_each(|(y, &x)| *y = E::from_f64(value(function, x.to_f64())));
    });
}

/// `dx += f'(x) dy`, the derivative taken from x.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, function: Function, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let x = f.slice(Operand::Value(i.inputs[0]));
        let dy = f.slice(Operand::Gradient(i.outputs[0]));
        for ((dx, &x), &dy) in dx.slice().iter_mut().zip(x).zip(dy) {
            *dx += E::from_f64(slope(function, x.to_f64())) * dy;
        }
    });
}

fn value(function: Function, x: f64) -> f64 {
    match function {
        Function::Abs => x.abs(),
        Function::Exp => math::exp(x),
        Function::Log => math::ln(x),
        Function::Sqrt => x.sqrt(),
        Function::Softplus => x.max(0.0) + math::ln_1p(math::exp(-x.abs())),
        Function::HardSigmoid => ((x + 3.0) / 6.0).clamp(0.0, 1.0),
        Function::Silu => x * sigmoid(x),
        Function::Gelu => x * normal(x),
        Function::Elu { alpha } if x <= 0.0 => alpha * math::exp_m1(x),
        Function::LeakyRelu { slope } if x <= 0.0 => slope * x,
        Function::Elu { .. } | Function::LeakyRelu { .. } => x,
    }
}

/// The derivative; at a corner that of `PyTorch`: 0 for `|x|` and `hardSigmoid`, that of the lower side elsewhere.
fn slope(function: Function, x: f64) -> f64 {
    match function {
        Function::Abs if x == 0.0 => 0.0,
        Function::Abs => x.signum(),
        Function::Exp => math::exp(x),
        Function::Log => 1.0 / x,
        Function::Sqrt => 0.5 / x.sqrt(),
        Function::Softplus => sigmoid(x),
        Function::HardSigmoid if x.abs() < 3.0 => 1.0 / 6.0,
        Function::HardSigmoid => 0.0,
        Function::Silu => {
            let s = sigmoid(x);
            s * (1.0 + x * (1.0 - s))
        }
        Function::Gelu => normal(x) + x * FRAC_1_SQRT_TAU * math::exp(-0.5 * x * x),
        Function::Elu { alpha } if x <= 0.0 => alpha * math::exp(x),
        Function::LeakyRelu { slope } if x <= 0.0 => slope,
        Function::Elu { .. } | Function::LeakyRelu { .. } => 1.0,
    }
}

/// 1 / √(2π).
const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

fn sigmoid(x: f64) -> f64 {
    let e = math::exp(-x.abs());
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// The distribution function of the normal distribution, `Φ(x) = erfc(-x / √2) / 2`.
fn normal(x: f64) -> f64 {
    let tail = 0.5 * math::erfc(x.abs() * std::f64::consts::FRAC_1_SQRT_2);
    if x < 0.0 { tail } else { 1.0 - tail }
}
