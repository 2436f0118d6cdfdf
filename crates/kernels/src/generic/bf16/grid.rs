//! A product of pairs in the tiles of AMX, block by block, with the epilogues of all products.

use super::scratch::{Line, elements_mut, words_mut};
use super::tiles::{Lines, MOST_LINES, MOST_ROWS, RowsOfPairs, TileDots, Tiles};
use crate::PANEL;
use crate::generic::operand::{Panels, Right};
use crate::generic::tile::Epilogue;
#[cfg(target_arch = "x86_64")]
use crate::operands::Format;
use crate::operands::Operands;
use crate::vector::Vector;
use crate::view::Matrix;

/// start + a·b for every row of `a` and unit of `b`, both in pairs, each given to `epilogue`; from the last units to the
/// first if `last_first`.
#[inline(always)]
pub(crate) fn multiply<V: Vector, P: Epilogue<V, G>, const G: usize>(
    operands: Operands<V::Element>,
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, true>,
    last_first: bool,
    epilogue: &mut P,
) {
    #[cfg(target_arch = "x86_64")]
    if V::LANES == PANEL && operands.format == Format::Tiles {
        // SAFETY: the format says that the process may use them.
        let mut dots = TileDots::new(unsafe { crate::arch::Amx::new() });
        return blocks::<V, P, _, G>(&mut dots, a, b, last_first, epilogue);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (operands, a, b, last_first, epilogue);
    unreachable!("operands of other kernels")
}

/// The same in given tiles.
#[inline(always)]
pub(crate) fn blocks<V: Vector, P: Epilogue<V, G>, T: Tiles, const G: usize>(
    dots: &mut TileDots<T>,
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, true>,
    last_first: bool,
    epilogue: &mut P,
) {
    let (units, depth) = (Right::<_, G>::units(&b), Right::<_, G>::depth(&b));
    assert_eq!(a.columns(), depth, "a product of pairs is as deep as its operands");
    let panels = units.div_ceil(PANEL);
    let most = (MOST_LINES / G).max(1);
    let mut sums = [Line([0.0; PANEL]); BLOCK];
    for visited in (0..panels).step_by(most) {
        let taken = most.min(panels - visited);
        let panel = if last_first { panels - visited - taken } else { visited };
        let right = lines::<_, G>(b, panel, taken);
        // Blocks of nearly equal height: a low one at the end would wait for the latency of its few sums.
        let count = a.rows().div_ceil(MOST_ROWS);
        let mut row = 0;
        for block in 0..count {
            let rows = (a.rows() - row).div_ceil(count - block);
            let start = a.as_ptr().wrapping_add(row * a.stride()).cast();
            let left = RowsOfPairs { start, rows, stride: a.stride() };
            let place = Place { row, panel, panels: taken, units };
            // SAFETY: the rows and lines are within what tiles take, and both operands have `depth` pairs.
            unsafe { one_block::<V, P, T, G>(dots, &mut sums, left, &right, depth, place, epilogue) };
            row += rows;
        }
    }
}

/// The lines of some panels.
#[inline(always)]
fn lines<E: Copy, const G: usize>(b: Panels<'_, E, true>, first: usize, panels: usize) -> Lines {
    let mut starts = [std::ptr::null(); MOST_LINES];
    for (i, start) in starts.iter_mut().enumerate().take(panels * G) {
        *start = Right::<E, G>::at(&b, (first + i / G) * PANEL, 0, i % G).cast();
    }
    Lines { starts, count: panels * G, step: G * PANEL }
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
/// - As [`TileDots::add`].
#[inline(always)]
unsafe fn one_block<V: Vector, P: Epilogue<V, G>, T: Tiles, const G: usize>(
    dots: &mut TileDots<T>,
    sums: &mut [Line<f32>; BLOCK],
    left: RowsOfPairs,
    right: &Lines,
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
const BLOCK: usize = MOST_ROWS * MOST_LINES;

/// Where a gate of a unit is among the sums of a row.
#[inline(always)]
fn at<const G: usize>(unit: usize, gate: usize) -> usize {
    (unit / PANEL * G + gate) * PANEL + unit % PANEL
}
