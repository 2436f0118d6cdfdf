//! The scalar functions.

use super::support::ulps;
use crate::math::{exp, ln, ln_1p};

const SMALLEST: f64 = 5e-324;

/// Positive numbers of every size.
fn positive() -> impl Iterator<Item = f64> {
    let all = f64::INFINITY.to_bits();
    (1..200_000)
        .map(move |i| f64::from_bits(i * (all / 200_000)))
        .chain((1..20_000).map(|i| f64::from(i) / 1e4))
}

#[test]
fn ln_is_within_one_ulp() {
    for x in positive() {
        assert!(ulps(ln(x), x.ln(), SMALLEST) <= 1.0, "ln({x:e}) = {:e}, expected {:e}", ln(x), x.ln());
    }
}

#[test]
fn ln_1p_is_within_three_ulp() {
    for x in positive().chain((1..10_000).map(|i| -f64::from(i) / 10_001.0)).chain([-1e-300, -1e-17]) {
        let expected = x.ln_1p();
        assert!(
            ulps(ln_1p(x), expected, SMALLEST) <= 3.0,
            "ln_1p({x:e}) = {:e}, expected {expected:e}",
            ln_1p(x)
        );
    }
}

#[test]
fn exp_is_within_two_ulp() {
    for x in (-80_000..80_000).map(|i| f64::from(i) / 100.0) {
        assert!(ulps(exp(x), x.exp(), SMALLEST) <= 2.0, "exp({x}) = {:e}, expected {:e}", exp(x), x.exp());
    }
}

#[test]
fn special_values() {
    assert_eq!((exp(0.0), exp(f64::INFINITY), exp(f64::NEG_INFINITY)), (1.0, f64::INFINITY, 0.0));
    assert_eq!((ln(1.0), ln(0.0), ln(-0.0)), (0.0, f64::NEG_INFINITY, f64::NEG_INFINITY));
    assert_eq!((ln(f64::INFINITY), ln(f64::MAX)), (f64::INFINITY, f64::MAX.ln()));
    assert_eq!((ln_1p(0.0), ln_1p(-1.0), ln_1p(f64::INFINITY)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
    assert!([ln(-1.0), ln(f64::NAN), ln_1p(-1.5), ln_1p(f64::NAN), exp(f64::NAN)].iter().all(|y| y.is_nan()));
    assert!(ln_1p(-0.0).is_sign_negative());
}
