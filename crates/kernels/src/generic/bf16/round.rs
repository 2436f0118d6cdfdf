//! The left operand of a product, rounded to bf16.

use super::scratch::{Line, bits_mut, singles};
use crate::PANEL;
#[cfg(target_arch = "x86_64")]
use crate::operands::has_avx512_bf16;
use crate::operands::{Format, Operands, pair, rounded};
use crate::simd::Simd;
use crate::view::Matrix;

/// The rows of `a` as the left operand of a product with such operands: as they are, or in `buffer`, rounded or in pairs,
/// which are elements by their bits.
#[inline(always)]
pub(crate) fn left_operand<'a, E: Simd>(
    a: Matrix<'a, E>,
    operands: Operands<E>,
    buffer: &'a mut Vec<E>,
) -> Matrix<'a, E> {
    let (rows, depth) = (a.rows(), operands.steps(a.columns()));
    let stride = match operands.format {
        Format::Full => return a,
        Format::Rounded => depth,
        Format::Pairs | Format::Tiles => depth.next_multiple_of(PANEL),
    };
    // The rows of a tile begin cache lines.
    if buffer.len() < rows * stride + PANEL {
        buffer.resize(rows * stride + PANEL, E::ZERO);
    }
    let skipped = buffer.as_ptr().align_offset(align_of::<Line<E>>()).min(PANEL);
    let buffer = &mut buffer[skipped..];
    for (row, target) in buffer.chunks_exact_mut(stride.max(1)).enumerate().take(rows) {
        if operands.format == Format::Rounded {
            for (target, &x) in target.iter_mut().zip(a.row(row)) {
                *target = rounded(x);
            }
        } else {
            round_in_pairs(singles(a.row(row)), bits_mut(target));
        }
    }
    Matrix::strided(buffer, rows, depth, stride)
}

/// The nearest bf16 of each of `source`, as pairs; zeros behind them.
#[inline(always)]
fn round_in_pairs(source: &[f32], target: &mut [u32]) {
    assert!(source.len() <= 2 * target.len());
    #[cfg(target_arch = "x86_64")]
    if has_avx512_bf16() {
        // SAFETY: the CPU has the instructions, as was just asked.
        return unsafe { crate::arch::round_pairs(source, target) };
    }
    let (pairs, rest) = source.as_chunks::<2>();
    let (words, others) = target.split_at_mut(pairs.len());
    for (word, &[first, second]) in words.iter_mut().zip(pairs) {
        *word = pair(first, second);
    }
    others.fill(0);
    if let (Some(word), Some(&last)) = (others.first_mut(), rest.first()) {
        *word = pair(last, 0.0);
    }
}
