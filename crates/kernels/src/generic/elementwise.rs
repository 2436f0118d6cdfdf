//! Functions of slices, element by element.

use super::access::{read, write};
use super::exponential::{sigmoid, tanh};
use crate::argument::Activation;
use crate::vector::Vector;

/// f(x).
#[inline(always)]
pub(crate) fn apply<V: Vector>(activation: Activation, x: V) -> V {
    match activation {
        Activation::Identity => x,
        Activation::Tanh => tanh(x).value(),
        Activation::Sigmoid => sigmoid(x).value(),
        // A maximum may or may not flush a subnormal x in the mode that flushes; a sum does on every instruction set.
        Activation::Relu => V::zero().max(x) + V::zero(),
    }
}

/// f'(x)·dy from y = f(x).
#[inline(always)]
pub(crate) fn derivative<V: Vector>(activation: Activation, y: V, dy: V) -> V {
    match activation {
        Activation::Identity => dy,
        Activation::Tanh => (V::one() - y * y) * dy,
        Activation::Sigmoid => (y * (V::one() - y)) * dy,
        Activation::Relu => V::select_greater(y, V::zero(), dy, V::zero()),
    }
}

#[inline(always)]
pub(crate) fn activate<V: Vector>(activation: Activation, y: &mut [V::Element], x: &[V::Element]) {
    assert_eq!(y.len(), x.len());
    for_each_vector!(V, y.len(), |at, active| {
        write(apply(activation, read::<V>(x, at, active)), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn activate_backward<V: Vector>(
    activation: Activation,
    dx: &mut [V::Element],
    y: &[V::Element],
    dy: &[V::Element],
) {
    assert_eq!((dx.len(), dx.len()), (y.len(), dy.len()));
    for_each_vector!(V, dx.len(), |at, active| {
        let d = derivative(activation, read::<V>(y, at, active), read(dy, at, active));
        write(read::<V>(dx, at, active) + d, dx, at, active);
    });
}

#[inline(always)]
pub(crate) fn activate_gradient<V: Vector>(activation: Activation, d: &mut [V::Element], y: &[V::Element]) {
    assert_eq!(d.len(), y.len());
    for_each_vector!(V, d.len(), |at, active| {
        write(derivative(activation, read::<V>(y, at, active), read(d, at, active)), d, at, active);
    });
}

#[inline(always)]
pub(crate) fn add<V: Vector>(y: &mut [V::Element], a: &[V::Element], b: &[V::Element]) {
    assert_eq!((y.len(), y.len()), (a.len(), b.len()));
    for_each_vector!(V, y.len(), |at, active| {
        write(read::<V>(a, at, active) + read(b, at, active), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn multiply<V: Vector>(y: &mut [V::Element], a: &[V::Element], b: &[V::Element]) {
    assert_eq!((y.len(), y.len()), (a.len(), b.len()));
    for_each_vector!(V, y.len(), |at, active| {
        write(read::<V>(a, at, active) * read(b, at, active), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn add_assign<V: Vector>(y: &mut [V::Element], x: &[V::Element]) {
    assert_eq!(y.len(), x.len());
    for_each_vector!(V, y.len(), |at, active| {
        write(read::<V>(y, at, active) + read(x, at, active), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn add_scaled<V: Vector>(y: &mut [V::Element], s: V::Element, x: &[V::Element]) {
    assert_eq!(y.len(), x.len());
    let s = V::splat(s);
    for_each_vector!(V, y.len(), |at, active| {
        write(s.mul_add(read(x, at, active), read(y, at, active)), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn add_product<V: Vector>(y: &mut [V::Element], a: &[V::Element], b: &[V::Element]) {
    assert_eq!((y.len(), y.len()), (a.len(), b.len()));
    for_each_vector!(V, y.len(), |at, active| {
        let a: V = read(a, at, active);
        write(a.mul_add(read(b, at, active), read(y, at, active)), y, at, active);
    });
}

#[inline(always)]
pub(crate) fn affine<V: Vector>(y: &mut [V::Element], s: V::Element, x: &[V::Element], t: V::Element) {
    assert_eq!(y.len(), x.len());
    let (s, t) = (V::splat(s), V::splat(t));
    for_each_vector!(V, y.len(), |at, active| {
        write(s.mul_add(read(x, at, active), t), y, at, active);
    });
}
