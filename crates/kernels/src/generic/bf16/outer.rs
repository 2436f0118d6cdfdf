//! C += Σ aᵀb with the operands rounded to bf16, in pairs.

use super::gather::gather;
use super::grid::blocks;
use super::scratch::{Line, by_bits, return_lines, single_rows, take_lines, words, words_mut};
use super::tiles::{TileDots, Tiles};
use crate::PANEL;
use crate::generic::operand::Panels;
use crate::generic::tile::{Epilogue, multiply};
use crate::operands::{Format, Operands};
use crate::vector::Vector;
use crate::view::{Matrix, Rows};

/// Σ aᵢᵀbᵢ over the rows of `a` and `b`, given to `epilogue`.
#[inline(always)]
pub(crate) fn outer<V: Vector, P: Epilogue<V, 1>>(
    operands: Operands<V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    epilogue: &mut P,
) {
    match operands.format {
        Format::Pairs if V::LANES == PANEL => multiply_pairs::<V, P>(operands, a, b, epilogue),
        #[cfg(target_arch = "x86_64")]
        Format::Tiles if V::LANES == PANEL => {
            // SAFETY: the format says that the process may use them.
            let mut dots = TileDots::new(unsafe { crate::arch::Amx::new() });
            multiply_tiles::<V, P, _>(&mut dots, operands, a, b, epilogue);
        }
        _ => unreachable!("operands of other kernels"),
    }
}

/// By dot products of vectors.
#[inline(always)]
fn multiply_pairs<V: Vector, P: Epilogue<V, 1>>(
    operands: Operands<V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    epilogue: &mut P,
) {
    let (p, q, depth) = (a.columns(), b.columns(), operands.steps(a.count()));
    let (left, right) = (p.div_ceil(PANEL) * depth, q.div_ceil(PANEL) * depth);
    let mut buffer = take_lines(left + right);
    let (left, rest) = buffer.split_at_mut(left);
    let right = &mut rest[..right];
    gather(left, depth, single_rows(a));
    gather(right, depth, single_rows(b));
    let left = Panels::in_pairs(operands, by_bits(words(left)), p, 1, depth);
    let right = Panels::in_pairs(operands, by_bits(words(right)), q, 1, depth);
    multiply::<V, _, _, P, 1>(left, right, false, epilogue);
    return_lines(buffer);
}

/// In tiles.
#[inline(always)]
pub(crate) fn multiply_tiles<V: Vector, P: Epilogue<V, 1>, T: Tiles>(
    dots: &mut TileDots<T>,
    operands: Operands<V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    epilogue: &mut P,
) {
    let (p, q, depth) = (a.columns(), b.columns(), operands.steps(a.count()));
    let (left, right) = (p.div_ceil(PANEL) * depth, q.div_ceil(PANEL) * depth);
    // Whole tiles of 16 x 16 words, to transpose.
    let (across, stride) = (p.next_multiple_of(PANEL), depth.next_multiple_of(PANEL));
    let turned = across * stride / PANEL;
    let mut buffer = take_lines(left + right + turned);
    let (left, rest) = buffer.split_at_mut(left);
    let (right, rest) = rest.split_at_mut(right);
    let turned = words_mut(&mut rest[..turned]);
    gather(left, depth, single_rows(a));
    gather(right, depth, single_rows(b));
    transpose(turned, stride, left, depth);
    let left = Matrix::strided(by_bits(turned), p, depth, stride);
    let right = Panels::in_pairs(operands, by_bits(words(right)), q, 1, depth);
    blocks::<V, P, T, 1>(dots, left, right, false, epilogue);
    return_lines(buffer);
}

/// From panels to rows of `stride` words, one a column. What is behind `depth` in a row is left as it is.
#[inline(always)]
fn transpose(target: &mut [u32], stride: usize, source: &[Line<u32>], depth: usize) {
    for (panel, rows) in source.chunks_exact(depth).zip(target.chunks_exact_mut(PANEL * stride)) {
        for (at, lines) in panel.chunks(PANEL).enumerate() {
            for (column, row) in rows.chunks_exact_mut(stride).enumerate() {
                for (word, line) in row[at * PANEL..].iter_mut().zip(lines) {
                    *word = line.0[column];
                }
            }
        }
    }
}
