//! AVX-512-BF16: `vdpbf16ps`, two products a lane.

use std::arch::x86_64::*;

use crate::PANEL;
use crate::generic::bf16::dots::{Dots, Left, MOST_LINES, Right};
use crate::generic::bf16::outer::{self, Interleave};
use crate::generic::bf16::scratch::{Line, words_mut};
use crate::view::Rows;

/// The dot products of this instruction set. That a value exists is the proof that the CPU has it.
pub(crate) struct Avx512Bf16(());

impl Avx512Bf16 {
    /// # Safety
    /// - The CPU has AVX-512 F, VL, BW, DQ and BF16.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

impl Dots for Avx512Bf16 {
    const ROWS: usize = 6;
    const LEFT_IN_PANELS: bool = true;

    #[inline(always)]
    fn lines(rows: usize) -> usize {
        // One row alone needs more lines to hide the latency of its sums.
        if rows == 1 { MOST_LINES } else { 4 }
    }

    #[inline(always)]
    fn round(&self, source: &[f32], target: &mut [u32]) {
        // SAFETY: the value exists, so the CPU has the instructions.
        unsafe { round(source, target) }
    }

    #[inline(always)]
    fn gather(&self, target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
        // SAFETY: as in `round`.
        unsafe { gather(target, depth, source) }
    }

    #[inline(always)]
    unsafe fn add(&mut self, sums: &mut [Line<f32>], left: Left, right: &Right, depth: usize) {
        debug_assert!(left.rows <= 6 && sums.len() >= left.rows * right.count);
        let sums = words_mut(sums);
        // SAFETY: the value exists, so the CPU has the instructions; the operands are as the caller says.
        unsafe { add(sums, left, right, depth) }
    }
}

#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
fn round(source: &[f32], target: &mut [u32]) {
    assert!(source.len() <= 2 * target.len());
    let mut vectors = source.chunks_exact(2 * PANEL);
    let mut lines = target.chunks_exact_mut(PANEL);
    for (vector, line) in (&mut vectors).zip(&mut lines) {
        // SAFETY: `vector` has 32 elements, `line` 16 words.
        unsafe {
            let low = _mm512_loadu_ps(vector.as_ptr());
            let high = _mm512_loadu_ps(vector.as_ptr().add(PANEL));
            let pairs = _mm512_cvtne2ps_pbh(high, low);
            line.as_mut_ptr().cast::<__m512bh>().write_unaligned(pairs);
        }
    }
    let rest = vectors.remainder();
    if let Some(line) = lines.next() {
        let mut padded = [0.0; 2 * PANEL];
        padded[..rest.len()].copy_from_slice(rest);
        round(&padded, line);
    }
    for line in lines {
        line.fill(0);
    }
}

#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
fn gather(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
    outer::gather::<Interleaved>(target, depth, source);
}

/// `vcvtne2ps2bf16` and a permutation.
struct Interleaved;

impl Interleave for Interleaved {
    #[inline(always)]
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]) {
        assert!(first.len() <= PANEL && second.len() <= PANEL);
        let mask = |row: &[f32]| ((1_u32 << row.len()) - 1) as __mmask16;
        // SAFETY: only named inside `gather`, so the CPU has the instructions; the masks are of what the rows hold.
        unsafe {
            let low = _mm512_maskz_loadu_ps(mask(first), first.as_ptr());
            let high = _mm512_maskz_loadu_ps(mask(second), second.as_ptr());
            let halves: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(high, low));
            let order = _mm512_loadu_si512(ORDER.as_ptr().cast());
            _mm512_store_si512(line.0.as_mut_ptr().cast(), _mm512_permutexvar_epi16(order, halves));
        }
    }
}

/// 0, 16, 1, 17, ..
const ORDER: [u16; 2 * PANEL] = {
    let mut order = [0; 2 * PANEL];
    let mut i = 0;
    while i < 2 * PANEL {
        order[i] = (i / 2 + i % 2 * PANEL) as u16;
        i += 1;
    }
    order
};

/// # Safety
/// - As [`Dots::add`].
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn add(sums: &mut [f32], left: Left, right: &Right, depth: usize) {
    macro_rules! tile {
        ($($rows:literal $lines:literal),*) => {
            match (left.rows, right.count) {
                // SAFETY: as the caller says.
                $(($rows, $lines) => unsafe { tile::<$rows, $lines>(sums, left, right, depth) },)*
                (rows, lines) => unreachable!("a block of {rows} rows by {lines} lines"),
            }
        };
    }
    tile!(1 1, 1 2, 1 3, 1 4, 1 5, 1 6, 1 7, 1 8,
        2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4, 4 1, 4 2, 4 3, 4 4, 5 1, 5 2, 5 3, 5 4, 6 1, 6 2, 6 3, 6 4);
}

/// # Safety
/// - As [`Dots::add`], with `R` rows and `L` lines.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn tile<const R: usize, const L: usize>(sums: &mut [f32], left: Left, right: &Right, depth: usize) {
    assert!(sums.len() >= R * L * PANEL);
    let mut registers = [[_mm512_setzero_ps(); L]; R];
    for (r, row) in registers.iter_mut().enumerate() {
        for (l, sum) in row.iter_mut().enumerate() {
            // SAFETY: asserted above.
            *sum = unsafe { _mm512_loadu_ps(sums.as_ptr().add((r * L + l) * PANEL)) };
        }
    }
    let rows: [*const u32; R] = std::array::from_fn(|r| left.start.wrapping_add(r * left.stride));
    for k in 0..depth {
        let mut columns = [_mm512_setzero_si512(); L];
        for (column, start) in columns.iter_mut().zip(right.starts) {
            // SAFETY: the caller says that a line is readable at each of `depth` steps.
            *column = unsafe { _mm512_loadu_si512(start.wrapping_add(k * right.step).cast()) };
        }
        for (row, start) in registers.iter_mut().zip(rows) {
            // SAFETY: the caller says that a row is readable for `depth` pairs.
            let x = pairs(_mm512_set1_epi32(unsafe { start.wrapping_add(k * left.step).read() } as i32));
            for (sum, column) in row.iter_mut().zip(columns) {
                *sum = _mm512_dpbf16_ps(*sum, x, pairs(column));
            }
        }
    }
    for (r, row) in registers.iter().enumerate() {
        for (l, sum) in row.iter().enumerate() {
            // SAFETY: asserted above.
            unsafe { _mm512_storeu_ps(sums.as_mut_ptr().add((r * L + l) * PANEL), *sum) };
        }
    }
}

#[inline(always)]
fn pairs(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes of plain bits.
    unsafe { std::mem::transmute(bits) }
}
