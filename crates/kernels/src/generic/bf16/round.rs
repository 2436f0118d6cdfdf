//! The left operand of a product, rounded to bf16.

use crate::bf16::{pair, rounded};
#[cfg(target_arch = "x86_64")]
use crate::isa::has_avx512_bf16;
use crate::lane::Lane;
use crate::line::Line;
use crate::operands::{Format, Operands};
use crate::panel::PANEL;
use crate::view::Matrix;

/// The rows of `a` as the left operand of a product in the format of `operands`: `a` itself, or `buffer` with rounded
/// numbers, or `buffer` with pairs in the bits of numbers.
#[inline(always)]
pub(crate) fn left_operand<'a, E: Lane>(
    a: Matrix<'a, E>,
    operands: Operands<E>,
    buffer: &'a mut Vec<E>,
) -> Matrix<'a, E> {
    let (rows, depth) = (a.rows(), operands.depth(a.columns()));
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
            round_in_pairs(E::singles(a.row(row)), E::pairs_mut(target));
        }
    }
    Matrix::strided(buffer, rows, depth, stride)
}

/// Rounds `source` to pairs, with zeros behind them.
#[inline(always)]
fn round_in_pairs(source: &[f32], target: &mut [u32]) {
    assert!(source.len() <= 2 * target.len());
    #[cfg(target_arch = "x86_64")]
    if has_avx512_bf16() {
        // SAFETY: the CPU has the instructions, as the line above found.
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
