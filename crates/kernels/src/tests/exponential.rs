//! exp, tanh and sigmoid over all of their range: distance from the exact value, and equal bits.

use super::support::{bits, for_both, on_every_isa, ulps};
use crate::arch::portable::Portable;
use crate::generic::exponential;
use crate::simd::Simd;
use crate::vector::Vector;
use crate::{Activation, Element, flush_subnormals, reference};

trait Sample: Simd + Element {
    /// The smallest positive number.
    const SMALLEST: f64;
    const FROM_BITS: fn(u64) -> Self;
    const BITS: u32;
    /// Beyond this number exp is 0 or infinite.
    const LIMIT: f64;

    /// Numbers evenly spaced by bits (all exponents and signs, subnormals, infinities, NaNs) and by value.
    fn sample() -> Vec<Self> {
        const COUNT: u64 = 300_000;
        let step = (u64::MAX >> (64 - Self::BITS)) / COUNT;
        let by_bits = (0..COUNT).map(|i| Self::FROM_BITS(i * step));
        let by_value =
            (0..COUNT).map(|i| Self::from_f64(Self::LIMIT * (2.0 * i as f64 / COUNT as f64 - 1.0)));
        let edges = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30].map(Self::from_f64);
        by_bits.chain(by_value).chain(edges).collect()
    }
}

impl Sample for f32 {
    const SMALLEST: f64 = 1.401_298_464_324_817e-45;
    const FROM_BITS: fn(u64) -> f32 = |bits| f32::from_bits(bits as u32);
    const BITS: u32 = 32;
    const LIMIT: f64 = 110.0;
}

impl Sample for f64 {
    const SMALLEST: f64 = 5e-324;
    const FROM_BITS: fn(u64) -> f64 = f64::from_bits;
    const BITS: u32 = 64;
    const LIMIT: f64 = 760.0;
}

/// Checks that `y` is `f(x)` within `bound` units of the last place.
fn assert_ulps<E: Sample>(x: &[E], y: &[E], bound: f64, f: impl Fn(f64) -> f64) {
    for (&x, &y) in x.iter().zip(y) {
        let error = ulps(y, f(x.to_f64()), E::SMALLEST);
        assert!(error <= bound, "f({x}) = {y}, expected {}: {error} ulp", f(x.to_f64()));
    }
}

fn activate<E: Sample>(activation: Activation, x: &[E]) -> Vec<E> {
    on_every_isa(|kernels| {
        let mut y = vec![E::ZERO; x.len()];
        kernels.activate(activation, &mut y, x);
        y
    })
}

fn tanh<E: Sample>() {
    let x = E::sample();
    assert_ulps(&x, &activate(Activation::Tanh, &x), 3.0, f64::tanh);
}

/// `1 - h²` of a saturated unit is as far off as h, many times over.
fn saturated_tanh<E: Sample>() {
    let x: Vec<E> = E::sample().into_iter().filter(|x| x.to_f64().abs() > 3.0).collect();
    assert_ulps(&x, &activate(Activation::Tanh, &x), 1.5, f64::tanh);
}

fn sigmoid<E: Sample>() {
    let x = E::sample();
    assert_ulps(&x, &activate(Activation::Sigmoid, &x), 3.0, |x| {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { reference::sigmoid(x) }
    });
}

fn exp<E: Sample>() {
    let x = E::sample();
    let y: Vec<E> = x
        .iter()
        .map(|&x| {
            let mut y = [E::ZERO];
            exponential::exp(Portable::<E, 1>::splat(x)).write(&mut y);
            y[0]
        })
        .collect();
    assert_ulps(&x, &y, 2.0, f64::exp);
}

fn equal_bits_when_subnormals_are_flushed<E: Sample>() {
    let _mode = flush_subnormals();
    let x = E::sample();
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Relu] {
        activate(activation, &x);
    }
}

fn special_values<E: Sample>() {
    let x = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0].map(E::from_f64);
    let expect = |activation, expected: [f64; 5]| {
        assert_eq!(bits(&activate(activation, &x)), bits(&expected.map(E::from_f64)), "{activation:?}");
    };
    expect(Activation::Tanh, [1.0, -1.0, f64::NAN, 0.0, -0.0]);
    expect(Activation::Sigmoid, [1.0, 0.0, f64::NAN, 0.5, 0.5]);
    expect(Activation::Relu, [f64::INFINITY, 0.0, f64::NAN, 0.0, 0.0]);
    expect(Activation::Identity, [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0]);
}

fn tanh_is_odd<E: Sample>() {
    let x = E::sample();
    let negated: Vec<E> = x.iter().map(|&x| -x).collect();
    let mirrored: Vec<E> = activate(Activation::Tanh, &negated).iter().map(|&y| -y).collect();
    assert_eq!(bits(&activate(Activation::Tanh, &x)), bits(&mirrored));
}

/// Hash (FNV-1a) of the bits of tanh and sigmoid over the sample.
fn hash<E: Sample>() -> u64 {
    let x = E::sample();
    let y = [activate(Activation::Tanh, &x), activate(Activation::Sigmoid, &x)].concat();
    bits(&y).into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, y| (hash ^ y).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn equal_bits_on_every_machine() {
    // Found on x86-64.
    assert_eq!((hash::<f32>(), hash::<f64>()), (9_714_947_486_583_668_811, 8_165_950_844_896_099_972));
}

for_both! {
    tanh;
    saturated_tanh;
    sigmoid;
    exp;
    equal_bits_when_subnormals_are_flushed;
    special_values;
    tanh_is_odd;
}
