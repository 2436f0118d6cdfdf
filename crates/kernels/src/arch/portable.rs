//! An array as a vector: any number on any CPU. The compiler vectorizes the loops as far as the features of the entry allow.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::lane::Lane;
use crate::number::Number;
use crate::vector::{Outlined, Vector};

/// `N` lanes of `E`.
#[derive(Clone, Copy)]
pub(crate) struct Portable<E, const N: usize>([E; N]);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<E: Number, const N: usize> $trait for Portable<E, N> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let mut lanes = self.0;
                for (lane, other) in lanes.iter_mut().zip(other.0) {
                    *lane = lane.$method(other);
                }
                Self(lanes)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<E: Number, const N: usize> Neg for Portable<E, N> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(|lane| -lane))
    }
}

impl<E: Lane, const N: usize> Vector for Portable<E, N> {
    type Element = E;
    const LANES: usize = N;
    const REGISTERS: usize = 1;

    #[inline(always)]
    fn splat(x: E) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    fn read(source: &[E]) -> Self {
        let mut lanes = [E::ZERO; N];
        lanes[..source.len()].copy_from_slice(source);
        Self(lanes)
    }

    #[inline(always)]
    fn write(self, target: &mut [E]) {
        target.copy_from_slice(&self.0[..target.len()]);
    }

    #[inline(always)]
    unsafe fn load(source: *const E) -> Self {
        // SAFETY: the caller says that N elements are readable; an unaligned read needs nothing more.
        Self(unsafe { source.cast::<[E; N]>().read_unaligned() })
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        let mut lanes = self.0;
        for ((lane, a), b) in lanes.iter_mut().zip(a.0).zip(b.0) {
            *lane = lane.mul_add(a, b);
        }
        Self(lanes)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(E::sqrt))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(E::abs))
    }

    #[inline(always)]
    fn copy_sign(self, sign: Self) -> Self {
        let mut lanes = self.0;
        for (lane, sign) in lanes.iter_mut().zip(sign.0) {
            *lane = lane.copy_sign(sign);
        }
        Self(lanes)
    }

    #[inline(always)]
    fn select_greater(a: Self, b: Self, yes: Self, no: Self) -> Self {
        let mut lanes = no.0;
        for (((lane, yes), a), b) in lanes.iter_mut().zip(yes.0).zip(a.0).zip(b.0) {
            *lane = if a > b { yes } else { *lane };
        }
        Self(lanes)
    }

    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        let mut lanes = self.0;
        for (lane, n) in lanes.iter_mut().zip(n.0) {
            *lane = lane.scale(n);
        }
        Self(lanes)
    }

    #[inline(always)]
    fn outlined(work: impl Outlined) {
        work.run();
    }
}
