//! The scalar functions.

use super::support::ulps;
use crate::math::{erfc, exp, exp_m1, ln, ln_1p};

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

/// Values with 40 digits, rounded.
#[test]
fn complementary_error_function() {
    for (x, expected) in [
        (0.0, 1.0),
        (1e-08, 0.9999999887162083),
        (0.1, 0.887537083981715),
        (0.5, 0.4795001221869535),
        (1.0, 0.15729920705028513),
        (1.5, 0.033894853524689274),
        (2.0, 0.004677734981047266),
        (3.75, 1.1372725656979665e-07),
        (5.0, 1.537459794428035e-12),
        (8.0, 1.1224297172982926e-29),
        (20.0, 5.395865611607901e-176),
        (26.0, 5.663192408856143e-296),
    ] {
        let found = erfc(x);
        // The rounding of x² is magnified by x².
        assert!(
            (found - expected).abs() <= (1e-15 + 3e-16 * x * x) * expected,
            "{x}: {found:e} is not {expected:e}"
        );
    }
    assert_eq!((erfc(30.0), erfc(f64::INFINITY)), (0.0, 0.0));
    assert!(erfc(f64::NAN).is_nan());
}

/// Values with 40 digits, rounded.
#[test]
fn exponential_less_one() {
    for (x, expected) in [
        (1e-300, 1e-300),
        (-1e-20, -1e-20),
        (1e-09, 1.0000000005000001e-09),
        (-0.25, -0.22119921692859512),
        (0.49999, 0.648704783569857),
        (0.5, 0.6487212707001282),
        (-0.5, -0.3934693402873666),
        (-1.0, -0.6321205588285577),
        (3.0, 19.085536923187668),
        (-40.0, -1.0),
        (700.0, 1.0142320547350045e+304),
    ] {
        let found = exp_m1(x);
        assert!((found - expected).abs() <= 9e-16 * expected.abs(), "{x}: {found:e} is not {expected:e}");
    }
    assert_eq!((exp_m1(0.0), exp_m1(f64::NEG_INFINITY)), (0.0, -1.0));
}
