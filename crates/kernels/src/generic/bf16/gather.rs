//! Rows that lie anywhere, gathered in pairs of two.

use super::scratch::Line;
use crate::PANEL;
use crate::generic::access::prefetch;
#[cfg(target_arch = "x86_64")]
use crate::operands::has_avx512_bf16;
use crate::operands::pair;
use crate::view::Rows;

/// The pairs of two rows.
pub(crate) trait Interleave {
    /// Of up to 16 columns; the second row is as long as the first, or empty for zeros.
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]);
}

/// Panels that are gathered together, so that rows are read along.
const TOGETHER: usize = 32;

/// How many pairs before it is gathered a pair of rows is fetched.
const AHEAD: usize = 8;

/// The rows of `source` in pairs, in panels of 16 columns: `[columns/16][depth][16]`; zeros behind them.
#[inline(always)]
pub(crate) fn gather(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
    #[cfg(target_arch = "x86_64")]
    if has_avx512_bf16() {
        // SAFETY: the CPU has the instructions, as was just asked.
        return unsafe { crate::arch::gather_pairs(target, depth, source) };
    }
    gather_with::<Portable>(target, depth, source);
}

/// [`gather`] by given instructions.
#[inline(always)]
pub(crate) fn gather_with<I: Interleave>(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
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
struct Portable;

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
