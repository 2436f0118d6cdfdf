//! Sums, maxima and norms.

use super::support::{assert_close, bits, cast, for_both, on_every_isa, values};
use crate::{Element, Kernels, math};

/// The contract: lane j sums elements j, j + 16, ...; then lanes j and j + 8 are added, j + 4, j + 2, j + 1.
fn sum_by_lanes<E: Element>(x: &[E]) -> E {
    let mut lanes = [E::ZERO; 16];
    for (i, &x) in x.iter().enumerate() {
        lanes[i % 16] += x;
    }
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            lanes[j] += lanes[j + half];
        }
    }
    lanes[0]
}

fn sum<E: Element>() {
    for n in (0..=67).chain([1000]) {
        let x = values(n, n);
        let result = on_every_isa(|kernels| vec![kernels.sum(&cast::<E>(&x))]);
        assert_eq!(bits(&result), bits(&[sum_by_lanes(&cast::<E>(&x))]), "{n} elements");
        assert_close(&result, &[x.iter().sum()], 16.0);
    }
}

/// The sum in the order of the elements, of what [`math::exp`] gives in f64.
fn exponential_sum<E: Element>() {
    for n in (0..=67).chain([1000]) {
        let mut x: Vec<f64> = values(n, n).iter().map(|x| 40.0 * x).collect();
        x.iter_mut().take(1).for_each(|x| *x = f64::NEG_INFINITY);
        let result = on_every_isa(|kernels| vec![kernels.exponential_sum(&cast::<E>(&x), E::from_f64(39.5))]);
        let expected = x.iter().fold(0.0, |sum, x| sum + math::exp(x - 39.5));
        if E::EPSILON.to_f64() == f64::EPSILON {
            assert_eq!(result[0].to_f64(), expected, "{n} elements");
        }
        assert_close(&result, &[expected], 64.0);
    }
}

fn max<E: Element>() {
    for n in 0..=67 {
        let x: Vec<f64> = values(n, n).iter().map(|x| x - 2.0).collect();
        let result = on_every_isa(|kernels| vec![kernels.max(&cast::<E>(&x))]);
        let expected = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(result, [E::from_f64(expected)], "{n} elements");
    }
}

/// The norm, the same on every instruction set.
fn norm_of<E: Element>(x: &[E]) -> f64 {
    let norms: Vec<f64> =
        Kernels::<E>::available().into_iter().map(|isa| Kernels::with(isa).unwrap().norm(x)).collect();
    assert!(norms.iter().all(|norm| norm.to_bits() == norms[0].to_bits() || norm.is_nan()), "{norms:?}");
    norms[0]
}

fn assert_relative(actual: f64, expected: f64) {
    assert!((actual / expected - 1.0).abs() < 1e-14, "{actual:e}, expected {expected:e}");
}

fn norm<E: Element>() {
    assert_eq!(norm_of::<E>(&[]), 0.0);
    assert_eq!(norm_of(&[E::ZERO; 5]), 0.0);
    assert_eq!(norm_of(&[E::from_f64(-3.0), E::from_f64(4.0)]), 5.0);
    for n in 1..=67 {
        let x = values(n, n);
        assert_relative(norm_of(&cast::<E>(&x)), x.iter().map(|x| x * x).sum::<f64>().sqrt());
    }
}

fn norm_of_large_and_small<E: Element>() {
    for size in [1e20, 1e-30] {
        let x = E::from_f64(size);
        assert_relative(norm_of(&[x; 100]), 10.0 * x.to_f64());
    }
}

fn norm_of_what_is_not_finite<E: Element>() {
    for bad in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        for at in [0, 15, 16, 36] {
            let mut x = vec![E::ONE; 37];
            x[at] = E::from_f64(bad);
            assert!(!norm_of(&x).is_finite());
        }
    }
    assert!(!norm_of(&[E::from_f64(f64::INFINITY), E::from_f64(f64::NAN)]).is_finite());
}

for_both! {
    sum;
    exponential_sum;
    max;
    norm;
    norm_of_large_and_small;
    norm_of_what_is_not_finite;
}

#[test]
fn norm_at_the_ends_of_f64() {
    for size in [1e200, 1e300, 1e-200, 1e-310] {
        assert_relative(norm_of(&[size; 100]), 10.0 * size);
        assert_relative(norm_of(&[size, 1e-320, 0.0]), size);
    }
    assert_eq!(norm_of(&[f64::MAX; 4]), f64::INFINITY);
    assert_relative(norm_of(&[5e-324; 16]), 2e-323);
}
