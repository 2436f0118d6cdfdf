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
    correction: Option<Correction<V>>,
}

/// The last step to a hyperbolic tangent from its magnitude.
#[derive(Clone, Copy)]
struct Correction<V> {
    /// The part of the exact denominator that the denominator has no room for.
    rest: V,
    /// The number that the result has the sign of.
    sign: V,
}

impl<V: Vector> Quotient<V> {
    #[inline(always)]
    pub(crate) fn value(self) -> V {
        self.corrected(self.numerator / self.denominator)
    }

    /// Both values by one division.
    #[inline(always)]
    pub(crate) fn pair(self, other: Self) -> (V, V) {
        let inverse = V::one() / (self.denominator * other.denominator);
        let (mine, others) = (other.denominator * inverse, self.denominator * inverse);
        (self.corrected(self.numerator * mine), other.corrected(other.numerator * others))
    }

    /// Both values by one division, this one rounded as by a division of its own: 1 / 1 is 1, whatever the other is. The
    /// states that a gate keeps would drift otherwise.
    #[inline(always)]
    pub(crate) fn exact_pair(self, other: Self) -> (V, V) {
        let inverse = V::one() / (self.denominator * other.denominator);
        let (mine, others) = (other.denominator * inverse, self.denominator * inverse);
        let quotient = self.numerator * mine;
        let missing = (-quotient).mul_add(self.denominator, self.numerator);
        (self.corrected(missing.mul_add(mine, quotient)), other.corrected(other.numerator * others))
    }

    /// The quotient by the exact denominator, with its sign: q / (1 + rest / d) is q - q·rest where d is near 1.
    #[inline(always)]
    fn corrected(self, quotient: V) -> V {
        match self.correction {
            Some(Correction { rest, sign }) => (-quotient).mul_add(rest, quotient).copy_sign(sign),
            None => quotient,
        }
    }
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn sigmoid<V: Vector>(x: V) -> Quotient<V> {
    let e = exp_below(-x.abs());
    let one = V::one();
    Quotient { numerator: V::select_greater(V::zero(), x, e, one), denominator: e + one, correction: None }
}

/// (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ).
#[inline(always)]
pub(crate) fn tanh<V: Vector>(x: V) -> Quotient<V> {
    let a = x.abs();
    let (p, n) = reduce(-(a + a));
    let power = V::one().scale(n);
    let m = p.mul_add(power, power - V::one());
    let two = V::splat(V::Element::from_f64(2.0));
    let denominator = m + two;
    // The denominator of a saturated unit is near 1, where its rounding is the largest error by far.
    let rest = m - (denominator - two);
    Quotient { numerator: -m, denominator, correction: Some(Correction { rest, sign: x }) }
}
