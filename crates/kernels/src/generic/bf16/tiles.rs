//! Products of pairs in the tiles of AMX: blocks of up to 32 rows by 32 outputs in four tiles of sums.

use super::scratch::Line;
use crate::PANEL;

/// Most rows and lines of a block; a line is 16 outputs of a panel.
pub(crate) const MOST_ROWS: usize = 2 * PANEL;
pub(crate) const MOST_LINES: usize = 4;

/// Rows of pairs along k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsOfPairs {
    pub(crate) start: *const u32,
    pub(crate) rows: usize,
    /// Pairs from one row to the next.
    pub(crate) stride: usize,
}

/// Lines of panels, each 16 pairs for every pair of k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(crate) starts: [*const u32; MOST_LINES],
    /// Lines in use.
    pub(crate) count: usize,
    /// Pairs from one pair of k to the next.
    pub(crate) step: usize,
}

/// Eight registers of up to 16 rows by 64 bytes, numbered as [`Configuration`] shapes them.
pub(crate) trait Tiles {
    /// Gives the registers their shapes; what they held is lost.
    fn configure(&mut self, shapes: &Configuration);
    /// The rows of tile `T` from memory, `stride` bytes apart.
    ///
    /// # Safety
    /// - Each of them is readable.
    unsafe fn load<const T: usize>(&mut self, start: *const u8, stride: usize);
    /// The other way.
    ///
    /// # Safety
    /// - Each of them is writable.
    unsafe fn store<const T: usize>(&mut self, start: *mut u8, stride: usize);
    /// C += A·B: 16 pairs of each row of A with the 16 rows of B, which are 16 outputs wide.
    fn dot<const C: usize, const A: usize, const B: usize>(&mut self);
    /// Leaves the registers without shapes.
    fn release(&mut self);
}

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
pub(crate) struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    pub(crate) row_bytes: [u16; 16],
    pub(crate) rows: [u8; 16],
}

/// Sums of the upper rows, each for two lines; then those of the lower rows.
const SUMS: [usize; 4] = [0, 1, 2, 3];
/// Upper and lower rows of the left operand.
const LEFT: [usize; 2] = [4, 5];
/// Two lines of the right one.
const RIGHT: [usize; 2] = [6, 7];

impl Configuration {
    /// For a block of `upper` and `lower` rows, of which the lower ones may be none.
    fn new(upper: usize, lower: usize) -> Self {
        let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
        let mut shape = |tile: usize, count: usize| {
            if count > 0 {
                row_bytes[tile] = 64;
                rows[tile] = count as u8;
            }
        };
        for (tile, count) in SUMS.into_iter().zip([upper, upper, lower, lower]) {
            shape(tile, count);
        }
        for (tile, count) in LEFT.into_iter().zip([upper, lower]) {
            shape(tile, count);
        }
        RIGHT.into_iter().for_each(|tile| shape(tile, PANEL));
        Self { palette: 1, start_row: 0, reserved: [0; 14], row_bytes, rows }
    }
}

/// Dot products in tiles.
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
        let shape = (rows.min(PANEL), rows.saturating_sub(PANEL));
        if self.shaped != shape {
            self.tiles.configure(&Configuration::new(shape.0, shape.1));
            self.shaped = shape;
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

impl<T: Tiles> TileDots<T> {
    /// Adds the products of a block of rows and lines to `sums`, row by row `right.count` lines. A sum does not depend on
    /// the block that it is in.
    ///
    /// # Safety
    /// - `left` and `right` are readable for `depth` pairs, as they say.
    #[inline(always)]
    pub(crate) unsafe fn add(
        &mut self,
        sums: &mut [Line<f32>],
        left: RowsOfPairs,
        right: &Lines,
        depth: usize,
    ) {
        assert!((1..=MOST_ROWS).contains(&left.rows) && (1..=MOST_LINES).contains(&right.count));
        assert!(sums.len() >= left.rows * right.count);
        assert!(depth.is_multiple_of(PANEL), "tiles are 16 pairs deep");
        self.shape(left.rows);
        for first in (0..right.count).step_by(2) {
            let part = Part { sums: sums[first..].as_mut_ptr().cast(), left, right, first, depth };
            // SAFETY: as the caller says, and the sums were measured above.
            unsafe {
                match (left.rows > PANEL, first + 1 < right.count) {
                    (true, true) => part.add::<T, true, true>(&mut self.tiles),
                    (true, false) => part.add::<T, true, false>(&mut self.tiles),
                    (false, true) => part.add::<T, false, true>(&mut self.tiles),
                    (false, false) => part.add::<T, false, false>(&mut self.tiles),
                }
            }
        }
    }
}

/// Up to 32 rows by two lines, from line `first` on.
struct Part<'a> {
    sums: *mut u8,
    left: RowsOfPairs,
    right: &'a Lines,
    first: usize,
    depth: usize,
}

/// Bytes of a word.
const WORD: usize = size_of::<u32>();
/// Bytes of a line.
const LINE: usize = PANEL * WORD;

impl Part<'_> {
    /// # Safety
    /// - As [`TileDots::add`]; the tiles are shaped for the rows, of which more than 16 are `LOWER`.
    #[inline(always)]
    unsafe fn add<T: Tiles, const LOWER: bool, const SECOND: bool>(&self, tiles: &mut T) {
        let lower = self.left.start.wrapping_add(PANEL * self.left.stride);
        let second = if SECOND { self.right.starts[self.first + 1] } else { std::ptr::null() };
        let between = self.left.stride * WORD;
        let step = self.right.step * WORD;
        // SAFETY: the caller says that the sums and both operands are there for these rows, lines and steps of 16 pairs.
        unsafe {
            self.sums::<T, LOWER, SECOND>(tiles, false);
            for k in (0..self.depth).step_by(PANEL) {
                tiles.load::<6>(self.right.starts[self.first].wrapping_add(k * self.right.step).cast(), step);
                tiles.load::<4>(self.left.start.wrapping_add(k).cast(), between);
                tiles.dot::<0, 4, 6>();
                if LOWER {
                    tiles.load::<5>(lower.wrapping_add(k).cast(), between);
                    tiles.dot::<2, 5, 6>();
                }
                if SECOND {
                    tiles.load::<7>(second.wrapping_add(k * self.right.step).cast(), step);
                    tiles.dot::<1, 4, 7>();
                }
                if LOWER && SECOND {
                    tiles.dot::<3, 5, 7>();
                }
            }
            self.sums::<T, LOWER, SECOND>(tiles, true);
        }
    }

    /// The sums into the tiles, or out of them.
    ///
    /// # Safety
    /// - As `add`.
    #[inline(always)]
    unsafe fn sums<T: Tiles, const LOWER: bool, const SECOND: bool>(&self, tiles: &mut T, out: bool) {
        let between = self.right.count * LINE;
        let lower = self.sums.wrapping_add(PANEL * between);
        macro_rules! tile {
            ($tile:literal, $start:expr) => {
                if out { tiles.store::<$tile>($start, between) } else { tiles.load::<$tile>($start, between) }
            };
        }
        // SAFETY: as the caller says.
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
