//! Rows that lie anywhere, gathered in pairs of two rows.

use crate::bf16::{Interleave, pair};
use crate::generic::access::prefetch;
#[cfg(target_arch = "x86_64")]
use crate::isa::has_avx512_bf16;
use crate::line::Line;
use crate::panel::PANEL;
use crate::tuning::{GATHERED_PANELS, PAIRS_AHEAD};
use crate::view::Rows;

/// Gathers the rows of `source` in pairs, in panels of 16 columns: `[columns/16][depth][16]`, with zeros behind the rows.
#[inline(always)]
pub(crate) fn gather(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
    #[cfg(target_arch = "x86_64")]
    if has_avx512_bf16() {
        // SAFETY: the CPU has the instructions, as the line above found.
        return unsafe { gather_by_instruction(target, depth, source) };
    }
    gather_by::<Portable>(target, depth, source);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
fn gather_by_instruction(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
    gather_by::<crate::arch::Avx512Bf16>(target, depth, source);
}

/// [`gather`] with pairs formed by `I`.
#[inline(always)]
fn gather_by<I: Interleave>(target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>) {
    let groups = target.chunks_mut(GATHERED_PANELS * depth);
    for (group, first) in groups.zip((0..source.columns()).step_by(GATHERED_PANELS * PANEL)) {
        let columns = first..source.columns().min(first + GATHERED_PANELS * PANEL);
        for at in 0..depth {
            let ahead = at + PAIRS_AHEAD;
            for i in (2 * ahead..2 * (ahead + 1)).take_while(|&i| i < source.count()) {
                let row = source.row(i);
                columns.clone().step_by(PANEL).for_each(|first| prefetch(row, first));
            }
            let mut rows: [&[f32]; 2] = [&[]; 2];
            for (row, i) in rows.iter_mut().zip(2 * at..source.count()) {
                *row = &source.row(i)[columns.clone()];
            }
            for (panel, line) in group.iter_mut().skip(at).step_by(depth).enumerate() {
                let [first, second] = rows.map(|row| {
                    let from = row.len().min(panel * PANEL);
                    &row[from..row.len().min(from + PANEL)]
                });
                I::interleave(line, first, second);
            }
        }
    }
}

/// Pairs by integer arithmetic, for CPUs without an instruction.
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
