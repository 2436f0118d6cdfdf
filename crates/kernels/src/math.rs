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
