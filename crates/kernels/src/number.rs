//! The number types that kernels compute with, and their arithmetic.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`, with the same rounding on every machine.
pub trait Number:
    Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + sealed::Sealed
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// -∞.
    const NEG_INFINITY: Self;

    /// The number nearest to `x`.
    fn from_f64(x: f64) -> Self;
    /// The same number as `f64`; exact.
    fn to_f64(self) -> f64;
    /// True unless infinite or NaN.
    fn is_finite(self) -> bool;
    /// √self, correctly rounded.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// |self| with the sign of `sign`.
    fn copy_sign(self, sign: Self) -> Self;
    /// self·a + b, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// self·2ⁿ, rounded once; `n` is an integer, at most twice the largest exponent from zero.
    fn scale(self, n: Self) -> Self;

    /// `self` if larger than `other`, otherwise `other`; so a NaN in `other` stays.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// `self` if smaller than `other`, otherwise `other`; so a NaN in `other` stays.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other > self { self } else { other }
    }
}

macro_rules! number {
    ($float:ty, $bits:ty) => {
        impl Number for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = <$float>::EPSILON;
            const NEG_INFINITY: Self = <$float>::NEG_INFINITY;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                <$float>::is_finite(self)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                <$float>::abs(self)
            }

            #[inline(always)]
            fn copy_sign(self, sign: Self) -> Self {
                <$float>::copysign(self, sign)
            }

            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$float>::mul_add(self, a, b)
            }

            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                const FRACTION: u32 = <$float>::MANTISSA_DIGITS - 1;
                const BIAS: i32 = <$float>::MAX_EXP - 1;
                let power = |n: i32| <$float>::from_bits(((n + BIAS) as $bits) << FRACTION);
                // Two factors: the first product is exact, so only the second rounds.
                let n = n as i32;
                let half = n >> 1;
                self * power(half) * power(n - half)
            }
        }
    };
}

number!(f32, u32);
number!(f64, u64);
