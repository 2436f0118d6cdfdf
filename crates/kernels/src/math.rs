//! Scalar functions of `f64` for losses and initializers: the same bits everywhere, unlike a libm's.

use crate::arch::portable::Portable;
use crate::generic::exponential;
use crate::vector::Vector;

/// eˣ, within 2 units of the last place.
pub fn exp(x: f64) -> f64 {
    let mut y = [0.0];
    exponential::exp(Portable::<f64, 1>::splat(x)).write(&mut y);
    y[0]
}

const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// ln x, within 1 unit of the last place; NaN below zero, -∞ at zero.
///
/// x = 2ᵏ·(1 + f) with 1 + f in √½..√2, and ln(1 + f) = f - f²/2 + s·(f²/2 + R) with s = f / (2 + f), where
/// R = 2s²/3 + 2s⁴/5 + ... comes from ln(1 + f) = 2·artanh s.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_infinite() {
        return x;
    }
    const SCALE: f64 = (1_u64 << 54) as f64;
    let (x, shift) = if x < f64::MIN_POSITIVE { (x * SCALE, 54) } else { (x, 0) };
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let mut k = (bits >> 52) as i64 - 1023 - shift;
    let mut m = f64::from_bits(fraction | 1023 << 52);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        k += 1;
    }
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = (1..=11).rev().fold(0.0, |sum, j| (sum + 2.0 / f64::from(2 * j + 1)) * z);
    let half_square = 0.5 * f * f;
    let k = k as f64;
    k * LN2_HIGH - ((half_square - (s * (half_square + series) + k * LN2_LOW)) - f)
}

/// ln(1 + x), within 3 units of the last place, for small x too; NaN below -1, -∞ at -1.
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    if u == 1.0 {
        x
    } else if u.is_infinite() || u <= 0.0 {
        ln(u)
    } else {
        // The factor undoes the rounding of 1 + x.
        ln(u) * (x / (u - 1.0))
    }
}

/// eˣ - 1, within 4 units of the last place, for small x too.
pub fn exp_m1(x: f64) -> f64 {
    if x.abs() < 0.5 {
        // x (1 + x/2 (1 + x/3 (1 + ...))): terms below 0.5¹⁵ / 16! are lost.
        return x * (2..=16).rev().fold(1.0, |sum, n| 1.0 + x / f64::from(n) * sum);
    }
    exp(x) - 1.0
}

/// `(1 + 2x) exp(x²) erfc(x)` as a series of Chebyshev polynomials in `t = (x - 3.75) / (x + 3.75)`, for x from 0 on
/// (the mapping of Shepherd and Laframboise, 1981). The coefficients were computed with 40 digits; the first one left
/// out is 7e-17.
const ERFC: [f64; 23] = [
    1.1775789345674017,
    -0.004590054580646478,
    -0.08424913336651792,
    0.05920993999819189,
    -0.026658668435305753,
    0.009074997670705265,
    -0.002413163540417608,
    0.0004907758365258086,
    -6.916973302501207e-05,
    4.13902798607301e-06,
    7.74038306619849e-07,
    -2.1886401049234397e-07,
    1.076499946567091e-08,
    4.521959811218287e-09,
    -7.754400208831351e-10,
    -6.318088340886684e-11,
    2.86879501093067e-11,
    1.9455868545777347e-13,
    -9.65469674843344e-13,
    3.25254814814874e-14,
    3.3478119482868056e-14,
    -1.864562880419313e-15,
    -1.2507950530688648e-15,
];

/// `erfc x = 2/√π ∫ exp(-t²) dt` from x to infinity, for x from 0 on; to within 1e-15 of its own size up to x = 5.
pub fn erfc(x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    let t = (x - 3.75) / (x + 3.75);
    // Clenshaw's recurrence.
    let (mut b, mut before) = (0.0, 0.0);
    for coefficient in ERFC[1..].iter().rev() {
        (b, before) = (2.0 * t * b - before + coefficient, b);
    }
    exp(-x * x) * (ERFC[0] + t * b - before) / (1.0 + 2.0 * x)
}
