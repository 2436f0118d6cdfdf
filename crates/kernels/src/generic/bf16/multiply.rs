//! A product of pairs, block by block, with the epilogues of the full products.

use std::ops::Range;

use super::dots::{Dots, Left, MOST_LINES, Right};
use super::scratch::{Line, elements_mut, return_lines, singles, take_lines, words, words_mut};
use crate::PANEL;
use crate::bf16::{Format, rounded};
use crate::generic::tile::Epilogue;
use crate::pack::Packed;
use crate::simd::Simd;
use crate::vector::Vector;
use crate::view::Matrix;

/// Rows that are rounded at a time: few enough for the second-level cache, a multiple of every block's rows.
const ROWS: usize = 192;

/// Panels of pairs.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a> {
    pub(crate) lines: &'a [Line<u32>],
    pub(crate) units: usize,
    pub(crate) gates: usize,
    /// Pairs of k, padding included.
    pub(crate) depth: usize,
}

impl Pairs<'_> {
    /// Some of the units, which begin a panel.
    pub(crate) fn part(self, units: Range<usize>) -> Self {
        assert!(units.start.is_multiple_of(PANEL) && units.start <= units.end && units.end <= self.units);
        let lines = &self.lines[units.start / PANEL * self.depth * self.gates..];
        Self { lines, units: units.len(), ..self }
    }

    /// The `panels` panels from one on.
    #[inline(always)]
    fn lines(&self, first: usize, panels: usize) -> Right {
        let mut starts = [std::ptr::null(); MOST_LINES];
        let count = panels * self.gates;
        for (i, start) in starts.iter_mut().enumerate().take(count) {
            let panel = first + i / self.gates;
            assert!((panel + 1) * self.depth * self.gates <= self.lines.len());
            *start =
                self.lines.as_ptr().wrapping_add(panel * self.depth * self.gates + i % self.gates).cast();
        }
        Right { starts, count, step: self.gates * PANEL }
    }
}

/// start + a·b for every row of `a` and some units of `b`, which is in pairs, each given to `epilogue`. It counts the
/// units from the first of them, which begins a panel; the last ones come first if `last_first`.
#[inline(always)]
pub(crate) fn multiply<V: Vector, P: Epilogue<V, G>, const G: usize>(
    a: Matrix<'_, V::Element>,
    b: &Packed<V::Element>,
    units: Range<usize>,
    last_first: bool,
    epilogue: &mut P,
) {
    match b.operands().format {
        #[cfg(target_arch = "x86_64")]
        Format::Pairs if V::LANES == PANEL => {
            // SAFETY: the format says that the CPU has the instruction.
            let mut dots = unsafe { crate::arch::Avx512Bf16::new() };
            multiply_with::<V, P, _, G>(&mut dots, a, b.pairs().part(units), last_first, epilogue);
        }
        #[cfg(target_arch = "x86_64")]
        Format::Tiles if V::LANES == PANEL => {
            // SAFETY: as above.
            let mut dots = super::tiles::TileDots::new(unsafe { crate::arch::Amx::new() });
            multiply_with::<V, P, _, G>(&mut dots, a, b.pairs().part(units), last_first, epilogue);
        }
        _ => unreachable!("operands of other kernels"),
    }
}

/// The same with given dots.
#[inline(always)]
pub(crate) fn multiply_with<V: Vector, P: Epilogue<V, G>, D: Dots, const G: usize>(
    dots: &mut D,
    a: Matrix<'_, V::Element>,
    b: Pairs<'_>,
    last_first: bool,
    epilogue: &mut P,
) {
    assert!(
        b.gates == G && a.columns().div_ceil(2) <= b.depth,
        "a product of pairs is as deep as its operands"
    );
    let stride = b.depth.div_ceil(PANEL);
    let mut lines = take_lines(ROWS.min(a.rows()) * stride);
    for first in (0..a.rows()).step_by(ROWS) {
        let rows = ROWS.min(a.rows() - first);
        for row in 0..rows {
            dots.round(singles(a.row(first + row)), words_mut(&mut lines[row * stride..(row + 1) * stride]));
        }
        let left = Rows::along(words(&lines), stride * PANEL, first, rows);
        blocks::<V, P, D, G>(dots, left, b, last_first, epilogue);
    }
    return_lines(lines);
}

/// Some rows of a product, rounded, in groups that lie alike.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    words: &'a [u32],
    /// Which rows of the product.
    first: usize,
    rows: usize,
    /// Rows of a group, and words from one group to the next.
    group: usize,
    group_stride: usize,
    /// Words from one row to the next, and from one pair of k to the next.
    stride: usize,
    step: usize,
}

impl<'a> Rows<'a> {
    /// Rows one after another, `stride` words apart.
    pub(crate) fn along(words: &'a [u32], stride: usize, first: usize, rows: usize) -> Self {
        assert!(words.len() >= rows * stride);
        Self { words, first, rows, group: rows.max(1), group_stride: rows * stride, stride, step: 1 }
    }

    /// Rows in panels of 16 of `depth` pairs.
    pub(crate) fn in_panels(words: &'a [u32], depth: usize, rows: usize) -> Self {
        let group_stride = depth * PANEL;
        assert!(words.len() >= rows.div_ceil(PANEL) * group_stride);
        Self { words, first: 0, rows, group: PANEL, group_stride, stride: 1, step: PANEL }
    }

    /// The pairs along k that each row has.
    fn depth(&self) -> usize {
        if self.step == 1 { self.stride } else { self.group_stride / PANEL }
    }
}

/// All blocks of some rows.
#[inline(always)]
pub(crate) fn blocks<V: Vector, P: Epilogue<V, G>, D: Dots, const G: usize>(
    dots: &mut D,
    left: Rows<'_>,
    b: Pairs<'_>,
    last_first: bool,
    epilogue: &mut P,
) {
    assert!(b.depth <= left.depth());
    let panels = b.units.div_ceil(PANEL);
    let most = (D::lines(left.rows).min(MOST_LINES) / G).max(1);
    let mut sums = [Line([0.0; PANEL]); BLOCK];
    for visited in (0..panels).step_by(most) {
        let taken = most.min(panels - visited);
        let panel = if last_first { panels - visited - taken } else { visited };
        let right = b.lines(panel, taken);
        for (group, first) in (0..left.rows).step_by(left.group).enumerate() {
            let rows = left.group.min(left.rows - first);
            // Blocks of nearly equal height: a low one at the end would wait for the latency of its few sums.
            let count = rows.div_ceil(D::ROWS);
            let mut row = 0;
            for block in 0..count {
                let taken_rows = (rows - row).div_ceil(count - block);
                let part = Left {
                    start: left.words[group * left.group_stride + row * left.stride..].as_ptr(),
                    rows: taken_rows,
                    stride: left.stride,
                    step: left.step,
                };
                let place = Place { row: left.first + first + row, panel, panels: taken, units: b.units };
                // SAFETY: the rows and lines are within what the dots take; the assertions above, in `lines` and where
                // `left` was made hold all rows and panels to their `depth` pairs.
                unsafe { one_block::<V, P, D, G>(dots, &mut sums, part, &right, b.depth, place, epilogue) };
                row += taken_rows;
            }
        }
    }
}

/// Where a block lies in the product.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    panel: usize,
    panels: usize,
    units: usize,
}

/// # Safety
/// - As [`Dots::add`].
#[inline(always)]
unsafe fn one_block<V: Vector, P: Epilogue<V, G>, D: Dots, const G: usize>(
    dots: &mut D,
    sums: &mut [Line<f32>; BLOCK],
    left: Left,
    right: &Right,
    depth: usize,
    place: Place,
    epilogue: &mut P,
) {
    let (first, last) = (place.panel * PANEL, ((place.panel + place.panels) * PANEL).min(place.units));
    for row in 0..left.rows {
        let sums = words_mut(&mut sums[row * right.count..(row + 1) * right.count]);
        for unit in (first..last).step_by(V::LANES) {
            let start = epilogue.start(place.row + row, unit, V::LANES.min(last - unit));
            for (gate, start) in start.into_iter().enumerate() {
                start.write(&mut elements_mut(sums)[at::<G>(unit - first, gate)..][..V::LANES]);
            }
        }
    }
    // SAFETY: as the caller says.
    unsafe { dots.add(sums, left, right, depth) };
    for row in 0..left.rows {
        let sums = words_mut(&mut sums[row * right.count..(row + 1) * right.count]);
        for unit in (first..last).step_by(V::LANES) {
            let mut all = [V::zero(); G];
            for (gate, sum) in all.iter_mut().enumerate() {
                *sum = V::read(&elements_mut(sums)[at::<G>(unit - first, gate)..][..V::LANES]);
            }
            epilogue.finish(place.row + row, unit, V::LANES.min(last - unit), all);
        }
    }
    for row in 0..left.rows {
        for unit in (first..last).step_by(V::LANES) {
            epilogue.complete(place.row + row, unit, V::LANES.min(last - unit));
        }
    }
}

/// Lines of the largest block.
const BLOCK: usize = 32 * 4;

/// Where a gate of a unit is among the sums of a row.
#[inline(always)]
fn at<const G: usize>(unit: usize, gate: usize) -> usize {
    (unit / PANEL * G + gate) * PANEL + unit % PANEL
}

/// A buffer of the thread with the elements of `a` rounded to bf16, row by row without gaps; to be given back.
#[inline(always)]
pub(crate) fn take_rounded<E: Simd>(a: Matrix<'_, E>) -> Vec<E> {
    let (rows, columns) = (a.rows(), a.columns());
    let mut scratch = E::take_scratch();
    if scratch.len() < rows * columns {
        scratch.resize(rows * columns, E::ZERO);
    }
    for (row, target) in scratch.chunks_exact_mut(columns.max(1)).enumerate().take(rows) {
        for (target, &x) in target.iter_mut().zip(a.row(row)) {
            *target = rounded(x);
        }
    }
    scratch
}
