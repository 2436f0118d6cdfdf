//! What multiplies pairs of bf16.

use super::scratch::Line;
use crate::view::Rows;

/// sums += left·right for a block of rows and lines, where a line is 16 outputs of a panel.
///
/// A sum does not depend on the block that it is in.
pub(crate) trait Dots {
    /// Most rows of a block.
    const ROWS: usize;
    /// Whether the left operand may lie in panels as well, 16 rows side by side.
    const LEFT_IN_PANELS: bool;

    /// Most lines of a block of `rows` rows; at least 4.
    fn lines(rows: usize) -> usize;

    /// The nearest bf16 of each of `source`, as pairs.
    fn round(&self, source: &[f32], target: &mut [u32]);

    /// The rows of `source` in pairs, in panels of 16 columns: `[columns/16][depth][16]`; zeros behind them.
    fn gather(&self, target: &mut [Line<u32>], depth: usize, source: Rows<'_, f32>);

    /// Adds the products of a block to `sums`, row by row `right.count` lines.
    ///
    /// # Safety
    /// - `1 <= left.rows <= ROWS`, `1 <= right.count <= lines(left.rows)`.
    /// - `left` and `right` are readable for `depth` pairs, as they say; for tiles a depth is whole tiles.
    unsafe fn add(&mut self, sums: &mut [Line<f32>], left: Left, right: &Right, depth: usize);
}

/// Rows of pairs along k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    pub(crate) start: *const u32,
    pub(crate) rows: usize,
    /// Pairs from one row to the next.
    pub(crate) stride: usize,
    /// Pairs from one pair of k to the next; 1 unless the operand is in panels.
    pub(crate) step: usize,
}

/// Most lines of any block.
pub(crate) const MOST_LINES: usize = 8;

/// Lines of a panel, each 16 pairs for every pair of k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Right {
    pub(crate) starts: [*const u32; MOST_LINES],
    /// Lines in use.
    pub(crate) count: usize,
    /// Pairs from one pair of k to the next.
    pub(crate) step: usize,
}
