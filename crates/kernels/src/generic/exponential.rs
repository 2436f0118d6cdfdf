//! exp, tanh and sigmoid.
//!
//! eˣ = 2ⁿ·(1 + p(r)) with n = round(x / ln 2), r = x - n·ln 2 in two steps, and p(r) = r + r²·q(r) ≈ eʳ - 1.
//! tanh x = -m / (2 + m) with m = e^(-2|x|) - 1 and the sign of x, so nothing cancels near zero; sigmoid uses
//! e^(-|x|), so nothing overflows. The polynomial of f32 is that of Cephes `expf`; the polynomial of f64 is Taylor's series,
//! whose first omitted term is 4e-18 at |r| = ln 2 / 2. The constants are in `lane.rs`.

use crate::lane::Lane;
use crate::number::Number;
use crate::vector::Vector;

/// (p, n) with eˣ = 2ⁿ·(1 + p), for x that does not overflow.
#[inline(always)]
fn reduce<V: Vector>(x: V) -> (V, V) {
    let constants = V::Element::EXPONENTIAL;
    // This order of the operands keeps a NaN.
    let x = V::splat(constants.lowest).max(x);
    let rounder = V::splat(constants.rounder);
    let n = x.mul_add(V::splat(constants.log2_e), rounder) - rounder;
    let r = n.mul_add(V::splat(-constants.ln2_high), x);
    let r = n.mul_add(V::splat(-constants.ln2_low), r);
    let mut q = V::splat(constants.polynomial[0]);
    for &coefficient in &constants.polynomial[1..] {
        q = q.mul_add(r, V::splat(coefficient));
    }
    ((r * r).mul_add(q, r), n)
}

/// eˣ.
#[inline(always)]
pub(crate) fn exp<V: Vector>(x: V) -> V {
    let highest = V::splat(V::Element::EXPONENTIAL.highest);
    exp_below(V::select_greater(x, highest, highest, x))
}

/// eˣ for x that does not overflow.
#[inline(always)]
fn exp_below<V: Vector>(x: V) -> V {
    let (p, n) = reduce(x);
    (p + V::one()).scale(n)
}

/// A quotient before its division, so that two can share one. The denominator is in 1..=2.
#[derive(Clone, Copy)]
pub(crate) struct Quotient<V> {
    numerator: V,
    denominator: V,
}

impl<V: Vector> Quotient<V> {
    #[inline(always)]
    pub(crate) fn value(self) -> V {
        self.numerator / self.denominator
    }

    /// Both values by one division.
    #[inline(always)]
    pub(crate) fn pair(self, other: Self) -> (V, V) {
        let inverse = V::one() / (self.denominator * other.denominator);
        (self.numerator * (other.denominator * inverse), other.numerator * (self.denominator * inverse))
    }
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn sigmoid<V: Vector>(x: V) -> Quotient<V> {
    let e = exp_below(-x.abs());
    let one = V::one();
    Quotient { numerator: V::select_greater(V::zero(), x, e, one), denominator: e + one }
}

/// (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ).
#[inline(always)]
pub(crate) fn tanh<V: Vector>(x: V) -> Quotient<V> {
    let a = x.abs();
    let (p, n) = reduce(-(a + a));
    let power = V::one().scale(n);
    let m = p.mul_add(power, power - V::one());
    Quotient { numerator: m.copy_sign(x), denominator: m + V::splat(V::Element::from_f64(2.0)) }
}
