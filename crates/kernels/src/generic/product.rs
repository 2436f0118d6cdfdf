//! C = start + A·B.

use std::ops::Range;

use super::access::bias;
use super::bf16::grid;
use super::bf16::round::left_operand;
use super::bf16::tiles::MOST_ROWS;
use super::operand::Panels;
use super::tile::{Epilogue, TALLEST, multiply};
use crate::PANEL;
use crate::entry::product::Start;
use crate::operands::Format;
use crate::packed::Packed;
use crate::simd::Simd;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// The most rows of A that pass together, so that they stay in the second-level cache while all of B passes: whole tiles.
const ROWS: usize = 22 * TALLEST;

/// Columns of B that pass together.
const STRIP: usize = 8 * PANEL;

/// Steps of k between visits to C, so that the panels of a tile stay in the first-level cache. Going through memory
/// does not round, so the chain is the same.
const DEPTH: usize = 128;

/// The part of C from a row and a unit on.
struct Store<'a, E> {
    c: MatrixMut<'a, E>,
    start: Start<'a, E>,
    row: usize,
    unit: usize,
}

impl<V: Vector> Epilogue<V, 1> for Store<'_, V::Element> {
    #[inline(always)]
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; 1] {
        match self.start {
            Start::Zero => [V::zero()],
            Start::Accumulate => [V::read(self.c.part(self.row + row, self.unit + unit, active))],
            Start::Bias(values) => bias(Some(values), 0, self.unit + unit, active),
        }
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        sum.write(self.c.part_mut(self.row + row, self.unit + unit, active));
    }
}

#[inline(always)]
pub(crate) fn product<V: Vector>(
    c: MatrixMut<'_, V::Element>,
    start: Start<'_, V::Element>,
    a: Matrix<'_, V::Element>,
    b: &Packed<V::Element>,
    units: Range<usize>,
) {
    assert_eq!(
        (c.rows(), a.columns(), c.columns()),
        (a.rows(), b.k(), b.n()),
        "C is m x n, A m x k, B k x n"
    );
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), b.n(), "a bias has n elements");
    }
    let mut store = Store { c, start, row: 0, unit: 0 };
    let mut buffer = V::Element::take_scratch();
    let tall = if b.operands().format == Format::Tiles { MOST_ROWS } else { TALLEST };
    let parts = a.rows().div_ceil(ROWS / tall * tall).max(1);
    let rows = a.rows().div_ceil(parts).next_multiple_of(tall).max(tall);
    for row in (0..a.rows()).step_by(rows) {
        let some = left_operand(a.row_range(row..(row + rows).min(a.rows())), b.operands(), &mut buffer);
        store.row = row;
        match b.operands().format {
            Format::Full | Format::Rounded => strips::<V, false>(some, b.panels(), units.clone(), &mut store),
            Format::Pairs if V::LANES == PANEL => {
                strips::<V, true>(some, b.pairs(), units.clone(), &mut store)
            }
            Format::Pairs => unreachable!("operands of other kernels"),
            Format::Tiles => {
                store.unit = units.start;
                grid::multiply::<V, _, 1>(
                    b.operands(),
                    some,
                    b.pairs().part(units.clone()),
                    false,
                    &mut store,
                );
            }
        }
    }
    V::Element::return_scratch(buffer);
}

/// Some rows of A through some units of B, a strip after the other.
#[inline(always)]
fn strips<V: Vector, const PAIRS: bool>(
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, PAIRS>,
    units: Range<usize>,
    store: &mut Store<'_, V::Element>,
) {
    let start = store.start;
    for unit in units.clone().step_by(STRIP) {
        (store.unit, store.start) = (unit, start);
        strip::<V, PAIRS>(a, b.part(unit..(unit + STRIP).min(units.end)), store);
    }
    store.start = start;
}

/// Some rows of A through one strip of B, a part of k after the other.
#[inline(always)]
fn strip<V: Vector, const PAIRS: bool>(
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, PAIRS>,
    store: &mut Store<'_, V::Element>,
) {
    let k = a.columns();
    let depth = if a.rows() <= 8 { k.max(1) } else { DEPTH };
    let mut first = 0;
    loop {
        let steps = depth.min(k - first);
        let part = a.column_range(first..first + steps);
        multiply::<V, _, _, _, 1>(part, b.steps(first, steps), false, store);
        first += steps;
        if first == k {
            return;
        }
        store.start = Start::Accumulate;
    }
}
