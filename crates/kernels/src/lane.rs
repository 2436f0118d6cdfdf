//! Number types as lanes of vectors: the constants of eˣ, buffers, and the view of numbers as pairs of bf16.

use std::cell::Cell;

use crate::line::Line;
use crate::number::Number;
use crate::view::Rows;

/// A number that fills the lanes of vectors.
///
/// Only `f32` has pairs of bf16, because instructions add the products of pairs to `f32` alone. The methods on pairs panic on
/// `f64`; [`Kernels::operands`](crate::Kernels::operands) makes no operands in pairs for `f64`.
pub(crate) trait Lane: Number {
    /// Constants of its eˣ.
    const EXPONENTIAL: Exponential<Self>;

    /// Takes the thread's buffer for gathered and rounded operands; return it after use.
    fn take_scratch() -> Vec<Self>;
    /// Returns the buffer, so that the next call need not allocate.
    fn return_scratch(scratch: Vec<Self>);

    /// The same numbers as `f32`.
    fn singles(_: &[Self]) -> &[f32] {
        no_pairs()
    }

    /// The same rows as rows of `f32`.
    fn single_rows(_: Rows<'_, Self>) -> Rows<'_, f32> {
        no_pairs()
    }

    /// The same `f32` as this type.
    fn from_singles_mut(_: &mut [f32]) -> &mut [Self] {
        no_pairs()
    }

    /// Pairs of bf16 as numbers of the same bits.
    fn from_pairs(_: &[u32]) -> &[Self] {
        no_pairs()
    }

    /// Numbers as pairs of bf16 of the same bits, to write.
    fn pairs_mut(_: &mut [Self]) -> &mut [u32] {
        no_pairs()
    }

    /// Lines of numbers as lines of pairs of the same bits, to write.
    fn paired_lines_mut(_: &mut [Line<Self>]) -> &mut [Line<u32>] {
        no_pairs()
    }
}

#[cold]
fn no_pairs() -> ! {
    unreachable!("pairs of bf16 are for f32 alone")
}

thread_local! {
    static SCRATCH_F32: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static SCRATCH_F64: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
}

impl Lane for f32 {
    const EXPONENTIAL: Exponential<Self> = EXPONENTIAL_F32;

    fn take_scratch() -> Vec<Self> {
        SCRATCH_F32.take()
    }

    fn return_scratch(scratch: Vec<Self>) {
        SCRATCH_F32.set(scratch);
    }

    #[inline(always)]
    fn singles(x: &[Self]) -> &[f32] {
        x
    }

    #[inline(always)]
    fn single_rows(x: Rows<'_, Self>) -> Rows<'_, f32> {
        x
    }

    #[inline(always)]
    fn from_singles_mut(x: &mut [f32]) -> &mut [Self] {
        x
    }

    #[inline(always)]
    fn from_pairs(pairs: &[u32]) -> &[Self] {
        // SAFETY: both types have one size and alignment, and any bits are an `f32`.
        unsafe { std::slice::from_raw_parts(pairs.as_ptr().cast(), pairs.len()) }
    }

    #[inline(always)]
    fn pairs_mut(x: &mut [Self]) -> &mut [u32] {
        // SAFETY: both types have one size and alignment, and any bits are one of either.
        unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
    }

    #[inline(always)]
    fn paired_lines_mut(lines: &mut [Line<Self>]) -> &mut [Line<u32>] {
        // SAFETY: as in `pairs_mut`; a line is an array of either.
        unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len()) }
    }
}

impl Lane for f64 {
    const EXPONENTIAL: Exponential<Self> = EXPONENTIAL_F64;

    fn take_scratch() -> Vec<Self> {
        SCRATCH_F64.take()
    }

    fn return_scratch(scratch: Vec<Self>) {
        SCRATCH_F64.set(scratch);
    }
}

/// Constants of eˣ on one number type; the formulas are in `generic/exponential.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exponential<E: 'static> {
    /// The largest x whose eˣ rounds to 0, or less.
    pub(crate) lowest: E,
    /// The smallest x whose eˣ overflows, or more.
    pub(crate) highest: E,
    pub(crate) log2_e: E,
    /// 1.5·2^(fraction bits): adding it rounds to an integer.
    pub(crate) rounder: E,
    pub(crate) ln2_high: E,
    pub(crate) ln2_low: E,
    /// q, highest power first.
    pub(crate) polynomial: &'static [E],
}

const EXPONENTIAL_F32: Exponential<f32> = Exponential {
    lowest: -104.0,
    highest: 89.0,
    log2_e: std::f32::consts::LOG2_E,
    rounder: 12_582_912.0,
    ln2_high: 0.693_359_4,
    ln2_low: -2.121_944_4e-4,
    polynomial: &[1.394_202e-3, 8.368_759e-3, 4.166_639e-2, 1.666_652e-1, 0.5],
};

const EXPONENTIAL_F64: Exponential<f64> = Exponential {
    lowest: -746.0,
    highest: 710.0,
    log2_e: std::f64::consts::LOG2_E,
    rounder: 6_755_399_441_055_744.0,
    ln2_high: 6.931_471_803_691_238e-1,
    ln2_low: 1.908_214_929_270_587_7e-10,
    polynomial: &[
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
    ],
};
