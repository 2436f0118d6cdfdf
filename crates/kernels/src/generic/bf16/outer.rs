//! C += Σ aᵀb with the operands rounded to bf16.

use super::dots::Dots;
use super::multiply::{Pairs, Rows, blocks};
use super::scratch::{Line, return_lines, single_rows, take_lines, words, words_mut};
use crate::PANEL;
use crate::bf16::{Format, Operands, pair};
use crate::generic::access::prefetch;
use crate::generic::tile::Epilogue;
use crate::vector::Vector;
use crate::view::Rows as Chosen;

/// Σ aᵢᵀbᵢ over the rows of `a` and `b`, given to `epilogue`.
#[inline(always)]
pub(crate) fn outer<V: Vector, P: Epilogue<V, 1>>(
    operands: Operands<V::Element>,
    a: Chosen<'_, V::Element>,
    b: Chosen<'_, V::Element>,
    epilogue: &mut P,
) {
    let depth = operands.steps(a.count());
    match operands.format {
        #[cfg(target_arch = "x86_64")]
        Format::Pairs if V::LANES == PANEL => {
            // SAFETY: the format says that the CPU has the instruction.
            let mut dots = unsafe { crate::arch::Avx512Bf16::new() };
            outer_with::<V, P, _>(&mut dots, depth, a, b, epilogue);
        }
        #[cfg(target_arch = "x86_64")]
        Format::Tiles if V::LANES == PANEL => {
            // SAFETY: as above.
            let mut dots = super::tiles::TileDots::new(unsafe { crate::arch::Amx::new() });
            outer_with::<V, P, _>(&mut dots, depth, a, b, epilogue);
        }
        _ => unreachable!("operands of other kernels"),
    }
}

/// The same with given dots, and `depth` pairs of rows.
#[inline(always)]
pub(crate) fn outer_with<V: Vector, P: Epilogue<V, 1>, D: Dots>(
    dots: &mut D,
    depth: usize,
    a: Chosen<'_, V::Element>,
    b: Chosen<'_, V::Element>,
    epilogue: &mut P,
) {
    let (p, q) = (a.columns(), b.columns());
    let (left, right) = (p.div_ceil(PANEL) * depth, q.div_ceil(PANEL) * depth);
    // Whole tiles of 16 x 16 words, to transpose.
    let (across, stride) = (p.next_multiple_of(PANEL), depth.next_multiple_of(PANEL));
    let turned = if D::LEFT_IN_PANELS { 0 } else { across * stride / PANEL };
    let mut buffer = take_lines(left + right + turned);
    let (left, rest) = buffer.split_at_mut(left);
    let (right, rest) = rest.split_at_mut(right);
    let turned = words_mut(&mut rest[..turned]);
    dots.gather(left, depth, single_rows(a));
    dots.gather(right, depth, single_rows(b));
    let left = if D::LEFT_IN_PANELS {
        Rows::in_panels(words(left), depth, p)
    } else {
        transpose(turned, stride, left, depth);
        Rows::along(turned, stride, 0, p)
    };
    let right = Pairs { lines: right, units: q, gates: 1, depth };
    blocks::<V, P, D, 1>(dots, left, right, false, epilogue);
    return_lines(buffer);
}

/// The pairs of two rows.
pub(crate) trait Interleave {
    /// Of up to 16 columns; the second row is as long as the first, or empty for zeros.
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]);
}

/// Panels that are gathered together, so that rows are read along.
const TOGETHER: usize = 32;

/// How many pairs before it is gathered a pair of rows is fetched.
const AHEAD: usize = 8;

/// [`Dots::gather`].
#[inline(always)]
pub(crate) fn gather<I: Interleave>(target: &mut [Line<u32>], depth: usize, source: Chosen<'_, f32>) {
    let groups = target.chunks_mut(TOGETHER * depth);
    for (group, first) in groups.zip((0..source.columns()).step_by(TOGETHER * PANEL)) {
        let columns = first..source.columns().min(first + TOGETHER * PANEL);
        for at in 0..depth {
            for i in (2 * (at + AHEAD)..2 * (at + AHEAD + 1)).take_while(|&i| i < source.count()) {
                let row = source.row(i);
                columns.clone().step_by(PANEL).for_each(|first| prefetch(row, first));
            }
            let mut pair: [&[f32]; 2] = [&[]; 2];
            for (part, i) in pair.iter_mut().zip(2 * at..source.count()) {
                *part = &source.row(i)[columns.clone()];
            }
            for (panel, line) in group.iter_mut().skip(at).step_by(depth).enumerate() {
                let [first, second] = pair.map(|row| {
                    let from = row.len().min(panel * PANEL);
                    &row[from..row.len().min(from + PANEL)]
                });
                I::interleave(line, first, second);
            }
        }
    }
}

/// Without an instruction for it.
pub(crate) struct Portable;

impl Interleave for Portable {
    #[inline(always)]
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]) {
        let mut rows = [[0.0; PANEL]; 2];
        rows[0][..first.len()].copy_from_slice(first);
        rows[1][..second.len()].copy_from_slice(second);
        for ((word, first), second) in line.0.iter_mut().zip(rows[0]).zip(rows[1]) {
            *word = pair(first, second);
        }
    }
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
