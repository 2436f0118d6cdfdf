//! Products of pairs in the tiles of AMX: up to 32 rows by 64 outputs at a time, in grids of 2 x 2 tiles of sums.

use crate::line::Line;
use crate::panel::PANEL;
use crate::tiles::{Configuration, Tiles};

/// Most rows of a [`TileDots::add`].
pub(crate) const MOST_ROWS: usize = 2 * PANEL;
/// Most gate panels of a [`TileDots::add`]. A gate panel is one gate of a panel: 16 outputs.
pub(crate) const MOST_GATE_PANELS: usize = 4;

/// Rows of pairs along k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsOfPairs {
    pub(crate) start: *const u32,
    pub(crate) rows: usize,
    /// Pairs from one row to the next.
    pub(crate) stride: usize,
}

/// Gate panels, each with a line of 16 pairs for every pair of k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GatePanels {
    pub(crate) starts: [*const u32; MOST_GATE_PANELS],
    /// Gate panels in use.
    pub(crate) count: usize,
    /// Pairs from one line to the next.
    pub(crate) stride: usize,
}

/// Tiles of sums: those of the upper rows for two gate panels, then those of the lower rows.
const SUMS: [usize; 4] = [0, 1, 2, 3];
/// Tiles of the left operand: upper and lower rows.
const LEFT: [usize; 2] = [4, 5];
/// Tiles of the right operand: two gate panels.
const RIGHT: [usize; 2] = [6, 7];

/// Dot products in tiles, which keep their shapes from one sum to the next.
pub(crate) struct TileDots<T: Tiles> {
    tiles: T,
    /// Upper and lower rows that the tiles are shaped for; none at first.
    shaped: (usize, usize),
}

impl<T: Tiles> TileDots<T> {
    pub(crate) fn new(tiles: T) -> Self {
        Self { tiles, shaped: (0, 0) }
    }

    fn shape(&mut self, rows: usize) {
        let (upper, lower) = (rows.min(PANEL), rows.saturating_sub(PANEL));
        if self.shaped != (upper, lower) {
            let sums = SUMS.into_iter().zip([upper, upper, lower, lower]);
            let left = LEFT.into_iter().zip([upper, lower]);
            let right = RIGHT.into_iter().zip([PANEL, PANEL]);
            self.tiles.configure(&Configuration::new(sums.chain(left).chain(right)));
            self.shaped = (upper, lower);
        }
    }

    /// Adds the products of `left` and `right` to `sums`, which has `right.count` lines a row. The other rows
    /// and gate panels do not change a sum.
    ///
    /// # Safety
    /// - `left` and `right` are readable for `depth` pairs a row and gate panel.
    #[inline(always)]
    pub(crate) unsafe fn add(
        &mut self,
        sums: &mut [Line<f32>],
        left: RowsOfPairs,
        right: &GatePanels,
        depth: usize,
    ) {
        assert!((1..=MOST_ROWS).contains(&left.rows) && (1..=MOST_GATE_PANELS).contains(&right.count));
        assert!(sums.len() >= left.rows * right.count);
        assert!(depth.is_multiple_of(PANEL), "tiles are 16 pairs deep");
        self.shape(left.rows);
        for first in (0..right.count).step_by(2) {
            let grid = Grid { sums: sums[first..].as_mut_ptr().cast(), left, right, first, depth };
            // SAFETY: the caller says that the operands are readable; the length of the sums was checked above.
            unsafe {
                match (left.rows > PANEL, first + 1 < right.count) {
                    (true, true) => grid.add::<T, true, true>(&mut self.tiles),
                    (true, false) => grid.add::<T, true, false>(&mut self.tiles),
                    (false, true) => grid.add::<T, false, true>(&mut self.tiles),
                    (false, false) => grid.add::<T, false, false>(&mut self.tiles),
                }
            }
        }
    }
}

impl<T: Tiles> Drop for TileDots<T> {
    fn drop(&mut self) {
        if self.shaped != (0, 0) {
            self.tiles.release();
        }
    }
}

/// Up to 2 x 2 tiles of sums: 32 rows by two gate panels, from gate panel `first` on.
struct Grid<'a> {
    sums: *mut u8,
    left: RowsOfPairs,
    right: &'a GatePanels,
    first: usize,
    depth: usize,
}

/// Bytes of a word.
const WORD: usize = size_of::<u32>();
/// Bytes of a line.
const LINE: usize = PANEL * WORD;

impl Grid<'_> {
    /// # Safety
    /// - As [`TileDots::add`]; the tiles are shaped for the rows. `LOWER` stands for more than 16 rows, `SECOND` for a second
    ///   gate panel.
    #[inline(always)]
    unsafe fn add<T: Tiles, const LOWER: bool, const SECOND: bool>(&self, tiles: &mut T) {
        let lower = self.left.start.wrapping_add(PANEL * self.left.stride);
        let second = if SECOND { self.right.starts[self.first + 1] } else { std::ptr::null() };
        let left_stride = self.left.stride * WORD;
        let right_stride = self.right.stride * WORD;
        // SAFETY: the caller says that the sums and both operands are readable for these rows, gate panels and pairs.
        unsafe {
            self.sums::<T, LOWER, SECOND>(tiles, false);
            for k in (0..self.depth).step_by(PANEL) {
                let line = k * self.right.stride;
                tiles.load::<6>(self.right.starts[self.first].wrapping_add(line).cast(), right_stride);
                tiles.load::<4>(self.left.start.wrapping_add(k).cast(), left_stride);
                tiles.dot::<0, 4, 6>();
                if LOWER {
                    tiles.load::<5>(lower.wrapping_add(k).cast(), left_stride);
                    tiles.dot::<2, 5, 6>();
                }
                if SECOND {
                    tiles.load::<7>(second.wrapping_add(line).cast(), right_stride);
                    tiles.dot::<1, 4, 7>();
                }
                if LOWER && SECOND {
                    tiles.dot::<3, 5, 7>();
                }
            }
            self.sums::<T, LOWER, SECOND>(tiles, true);
        }
    }

    /// Loads the sums into the tiles, or stores them if `out`.
    ///
    /// # Safety
    /// - As `add`.
    #[inline(always)]
    unsafe fn sums<T: Tiles, const LOWER: bool, const SECOND: bool>(&self, tiles: &mut T, out: bool) {
        let stride = self.right.count * LINE;
        let lower = self.sums.wrapping_add(PANEL * stride);
        macro_rules! tile {
            ($tile:literal, $start:expr) => {
                if out { tiles.store::<$tile>($start, stride) } else { tiles.load::<$tile>($start, stride) }
            };
        }
        // SAFETY: as in `add`.
        unsafe {
            tile!(0, self.sums);
            if SECOND {
                tile!(1, self.sums.wrapping_add(LINE));
            }
            if LOWER {
                tile!(2, lower);
            }
            if LOWER && SECOND {
                tile!(3, lower.wrapping_add(LINE));
            }
        }
    }
}
