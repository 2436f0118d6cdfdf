//! A vector of an instruction set: the only difference between the sets.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::lane::Lane;
use crate::number::Number;
use crate::panel::{PANEL, tree};

/// Vectors whose lanes are added up side by side.
pub(crate) const FOUR: usize = 4;

/// `LANES` elements in one register, or in an array in place of a register.
///
/// Methods are safe because only the entries of `dispatch.rs` name vectors, and a `Kernels` value guards the entries. All
/// are `#[inline(always)]`: the target features of an entry apply to methods that are inlined there.
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The type of one lane.
    type Element: Lane;
    /// Lanes; 4, 8 or 16.
    const LANES: usize;
    /// Vector registers of the instruction set, which bound the tile of a product.
    const REGISTERS: usize;

    /// `x` in every lane.
    fn splat(x: Self::Element) -> Self;
    /// Reads the elements of `source` (at most `LANES`), and zero into the lanes behind them.
    fn read(source: &[Self::Element]) -> Self;
    /// Writes the first lanes to `target` (at most `LANES`).
    fn write(self, target: &mut [Self::Element]);
    /// Reads `LANES` elements from memory.
    ///
    /// # Safety
    /// - `source` is readable for `LANES` elements.
    unsafe fn load(source: *const Self::Element) -> Self;
    /// self·a + b, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// b plus, in each lane, both products of the pairs of bf16 in self and a.
    ///
    /// # Safety
    /// - The CPU has AVX-512-BF16.
    #[inline(always)]
    unsafe fn dot(self, _a: Self, _b: Self) -> Self {
        unreachable!("a vector without pairs of bf16")
    }
    /// √self.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// |self| with the sign of `sign`.
    fn copy_sign(self, sign: Self) -> Self;
    /// Selects `yes` in each lane with `a > b`, and `no` in the others, those with a NaN in `a` or `b` included.
    fn select_greater(a: Self, b: Self, yes: Self, no: Self) -> Self;
    /// self·2ⁿ as [`Number::scale`].
    fn scale(self, n: Self) -> Self;
    /// Runs `work` in a function that is not inlined: its loops have all registers, whatever the caller holds in them.
    fn outlined(work: impl Outlined);

    /// The lanes of each vector added up: lane j and lane j + LANES / 2, and so on down to one.
    #[inline(always)]
    fn totals(sums: [Self; FOUR]) -> [Self::Element; FOUR] {
        let mut totals = [Self::Element::ZERO; FOUR];
        for (total, sum) in totals.iter_mut().zip(sums) {
            let mut lanes = [Self::Element::ZERO; PANEL];
            sum.write(&mut lanes[..Self::LANES]);
            *total = tree(&mut lanes[..Self::LANES], |a, b| a + b);
        }
        totals
    }

    /// [`Number::max`] per lane.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select_greater(self, other, self, other)
    }

    /// 0 in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(Self::Element::ZERO)
    }

    /// 1 in every lane.
    #[inline(always)]
    fn one() -> Self {
        Self::splat(Self::Element::ONE)
    }

    /// Keeps the first `active` lanes and puts `fill` into the others.
    #[inline(always)]
    fn keep(self, active: usize, fill: Self::Element) -> Self {
        if active == Self::LANES {
            return self;
        }
        let mut lanes = [fill; PANEL];
        self.write(&mut lanes[..active]);
        Self::read(&lanes[..Self::LANES])
    }
}

/// Work for [`Vector::outlined`].
pub(crate) trait Outlined {
    /// Does the work. `#[inline(always)]`, as all code that names vectors.
    fn run(self);
}
