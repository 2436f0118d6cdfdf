//! A product of pairs in the tiles of AMX, with the epilogues of all products.

use super::tile_dots::{GatePanels, MOST_GATE_PANELS, MOST_ROWS, RowsOfPairs, TileDots};
use crate::generic::operand::{Panels, Right};
use crate::generic::tile::Epilogue;
use crate::lane::Lane;
use crate::line::{Line, words_mut};
use crate::panel::PANEL;
use crate::tiles::Tiles;
use crate::vector::Vector;
use crate::view::Matrix;

/// Lines of sums of the largest patch.
const MOST_LINES: usize = MOST_ROWS * MOST_GATE_PANELS;

/// start + a·b for every row of `a` and unit of `b`, both in pairs, each given to `epilogue`; from the last units to the
/// first if `reversed`.
#[inline(always)]
pub(crate) fn multiply<V: Vector, P: Epilogue<V, G>, T: Tiles, const G: usize>(
    dots: &mut TileDots<T>,
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, true>,
    reversed: bool,
    epilogue: &mut P,
) {
    let (units, depth) = (Right::<_, G>::units(&b), Right::<_, G>::depth(&b));
    assert_eq!(a.columns(), depth, "a product of pairs is as deep as its operands");
    let panels = units.div_ceil(PANEL);
    let most = (MOST_GATE_PANELS / G).max(1);
    let mut sums = [Line([0.0; PANEL]); MOST_LINES];
    for visited in (0..panels).step_by(most) {
        let taken = most.min(panels - visited);
        let panel = if reversed { panels - visited - taken } else { visited };
        let right = gate_panels::<_, G>(b, panel, taken);
        // Patches of nearly equal height: a low one at the end would wait for the latency of its few sums.
        let count = a.rows().div_ceil(MOST_ROWS);
        let mut row = 0;
        for patch in 0..count {
            let rows = (a.rows() - row).div_ceil(count - patch);
            let start = a.as_ptr().wrapping_add(row * a.stride()).cast();
            let left = RowsOfPairs { start, rows, stride: a.stride() };
            let patch = Patch { row, first: panel * PANEL, end: ((panel + taken) * PANEL).min(units) };
            // SAFETY: `rows` and `taken` are within the limits of tiles, and both operands have `depth` pairs.
            unsafe { patch.multiply::<V, P, T, G>(dots, &mut sums, left, &right, depth, epilogue) };
            row += rows;
        }
    }
}

/// The gates of some panels.
#[inline(always)]
fn gate_panels<E: Copy, const G: usize>(b: Panels<'_, E, true>, first: usize, panels: usize) -> GatePanels {
    let mut starts = [std::ptr::null(); MOST_GATE_PANELS];
    for (i, start) in starts.iter_mut().enumerate().take(panels * G) {
        *start = Right::<E, G>::at(&b, (first + i / G) * PANEL, 0, i % G).cast();
    }
    GatePanels { starts, count: panels * G, stride: G * PANEL }
}

/// The outputs of one [`TileDots::add`]: rows from `row` on by the units `first..end`.
#[derive(Clone, Copy)]
struct Patch {
    row: usize,
    first: usize,
    end: usize,
}

impl Patch {
    /// # Safety
    /// - As [`TileDots::add`].
    #[inline(always)]
    unsafe fn multiply<V: Vector, P: Epilogue<V, G>, T: Tiles, const G: usize>(
        self,
        dots: &mut TileDots<T>,
        sums: &mut [Line<f32>; MOST_LINES],
        left: RowsOfPairs,
        right: &GatePanels,
        depth: usize,
        epilogue: &mut P,
    ) {
        let Self { row: first_row, first, end } = self;
        for row in 0..left.rows {
            let sums = words_mut(&mut sums[row * right.count..(row + 1) * right.count]);
            let sums = V::Element::from_singles_mut(sums);
            for unit in (first..end).step_by(V::LANES) {
                let start = epilogue.start(first_row + row, unit, V::LANES.min(end - unit));
                for (gate, start) in start.into_iter().enumerate() {
                    start.write(&mut sums[at::<G>(unit - first, gate)..][..V::LANES]);
                }
            }
        }
        // SAFETY: the caller says so.
        unsafe { dots.add(sums, left, right, depth) };
        for row in 0..left.rows {
            let sums = words_mut(&mut sums[row * right.count..(row + 1) * right.count]);
            let sums = V::Element::from_singles_mut(sums);
            for unit in (first..end).step_by(V::LANES) {
                let mut all = [V::zero(); G];
                for (gate, sum) in all.iter_mut().enumerate() {
                    *sum = V::read(&sums[at::<G>(unit - first, gate)..][..V::LANES]);
                }
                epilogue.finish(first_row + row, unit, V::LANES.min(end - unit), all);
            }
        }
        for row in 0..left.rows {
            for unit in (first..end).step_by(V::LANES) {
                epilogue.complete(first_row + row, unit, V::LANES.min(end - unit));
            }
        }
    }
}

/// Index of a gate of a unit among the sums of a row.
#[inline(always)]
fn at<const G: usize>(unit: usize, gate: usize) -> usize {
    (unit / PANEL * G + gate) * PANEL + unit % PANEL
}
