//! Optimizer updates, one pass over flat slices.

use super::access::{read, write};
use crate::argument::{AdagradStep, AdamStep, RmspropStep, SgdStep};
use crate::number::Number;
use crate::vector::Vector;

#[inline(always)]
fn splat<V: Vector>(x: f64) -> V {
    V::splat(V::Element::from_f64(x))
}

/// xⁿ by squaring; `powi` has other bits on other machines.
fn power(mut x: f64, mut n: u64) -> f64 {
    let mut result = 1.0;
    while n > 0 {
        if n & 1 == 1 {
            result *= x;
        }
        x *= x;
        n >>= 1;
    }
    result
}

#[inline(always)]
pub(crate) fn sgd<V: Vector>(
    p: &mut [V::Element],
    g: &[V::Element],
    buffer: Option<&mut [V::Element]>,
    step: SgdStep,
) {
    assert_eq!(p.len(), g.len());
    let (rate, decay) = (splat::<V>(-step.rate), splat::<V>(step.weight_decay));
    let (momentum, share) = (splat::<V>(step.momentum), splat::<V>(1.0 - step.dampening));
    let Some(buffer) = buffer else {
        for_each_vector!(V, p.len(), |at, active| {
            let old: V = read(p, at, active);
            let g = decay.mul_add(old, read(g, at, active));
            write(rate.mul_add(g, old), p, at, active);
        });
        return;
    };
    assert_eq!(p.len(), buffer.len());
    for_each_vector!(V, p.len(), |at, active| {
        let old: V = read(p, at, active);
        let g = decay.mul_add(old, read(g, at, active));
        let b = if step.first { g } else { momentum.mul_add(read(buffer, at, active), share * g) };
        write(b, buffer, at, active);
        let direction = if step.nesterov { momentum.mul_add(b, g) } else { b };
        write(rate.mul_add(direction, old), p, at, active);
    });
}

#[inline(always)]
pub(crate) fn rmsprop<V: Vector>(
    p: &mut [V::Element],
    g: &[V::Element],
    square_average: &mut [V::Element],
    mut buffer: Option<&mut [V::Element]>,
    step: RmspropStep,
) {
    assert_eq!((p.len(), p.len()), (g.len(), square_average.len()));
    assert!(buffer.as_ref().is_none_or(|buffer| buffer.len() == p.len()));
    let (rate, decay) = (splat::<V>(-step.rate), splat::<V>(step.weight_decay));
    let (alpha, rest) = (splat::<V>(step.alpha), splat::<V>(1.0 - step.alpha));
    let (epsilon, momentum) = (splat::<V>(step.epsilon), splat::<V>(step.momentum));
    for_each_vector!(V, p.len(), |at, active| {
        let old: V = read(p, at, active);
        let g = decay.mul_add(old, read(g, at, active));
        let v = alpha.mul_add(read(square_average, at, active), rest * (g * g));
        write(v, square_average, at, active);
        let mut direction = g / (v.sqrt() + epsilon);
        if let Some(buffer) = &mut buffer {
            direction = momentum.mul_add(read(buffer, at, active), direction);
            write(direction, buffer, at, active);
        }
        write(rate.mul_add(direction, old), p, at, active);
    });
}

#[inline(always)]
pub(crate) fn adagrad<V: Vector>(
    p: &mut [V::Element],
    g: &[V::Element],
    sum: &mut [V::Element],
    step: AdagradStep,
) {
    assert_eq!((p.len(), p.len()), (g.len(), sum.len()));
    let (rate, decay) = (splat::<V>(-step.rate), splat::<V>(step.weight_decay));
    let epsilon = splat::<V>(step.epsilon);
    for_each_vector!(V, p.len(), |at, active| {
        let old: V = read(p, at, active);
        let g = decay.mul_add(old, read(g, at, active));
        let total = g.mul_add(g, read(sum, at, active));
        write(total, sum, at, active);
        write(rate.mul_add(g / (total.sqrt() + epsilon), old), p, at, active);
    });
}

#[inline(always)]
pub(crate) fn adam<V: Vector>(
    p: &mut [V::Element],
    g: &[V::Element],
    m: &mut [V::Element],
    v: &mut [V::Element],
    step: AdamStep,
) {
    assert_eq!((p.len(), p.len(), p.len()), (g.len(), m.len(), v.len()));
    let correction1 = 1.0 - power(step.beta1, step.step);
    let correction2 = 1.0 - power(step.beta2, step.step);
    let rate = splat::<V>(-step.rate / correction1);
    let root = splat::<V>(1.0 / correction2.sqrt());
    let (beta1, rest1) = (splat::<V>(step.beta1), splat::<V>(1.0 - step.beta1));
    let (beta2, rest2) = (splat::<V>(step.beta2), splat::<V>(1.0 - step.beta2));
    let epsilon = splat::<V>(step.epsilon);
    let (penalty, shrink) =
        if step.decoupled { (0.0, 1.0 - step.rate * step.weight_decay) } else { (step.weight_decay, 1.0) };
    let (penalty, shrink) = (splat::<V>(penalty), splat::<V>(shrink));
    for_each_vector!(V, p.len(), |at, active| {
        let old: V = read(p, at, active);
        let g = penalty.mul_add(old, read(g, at, active));
        let mean = beta1.mul_add(read(m, at, active), rest1 * g);
        let square = beta2.mul_add(read(v, at, active), rest2 * (g * g));
        write(mean, m, at, active);
        write(square, v, at, active);
        let direction = mean / square.sqrt().mul_add(root, epsilon);
        write(rate.mul_add(direction, old * shrink), p, at, active);
    });
}
