//! C = start + A·B.

use std::ops::Range;

use super::access::bias;
use super::bf16;
use super::bf16::round::left_operand;
use super::bf16::tile_dots::{MOST_ROWS, TileDots};
use super::dispatch::Multiplication;
use super::operand::Panels;
use super::tile::{Epilogue, multiply};
use crate::argument::Start;
use crate::lane::Lane;
use crate::operands::Format;
use crate::packed::Packed;
use crate::tiles::Tiles;
use crate::tuning::{BLOCK_COLUMNS, BLOCK_DEPTH, BLOCK_ROWS, FEW_ROWS, TALLEST};
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// The rows and units of C from `row` and `unit` on.
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
            Start::Accumulate => [V::read(self.c.stretch(self.row + row, self.unit + unit, active))],
            Start::Bias(values) => bias(Some(values), 0, self.unit + unit, active),
        }
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        sum.write(self.c.stretch_mut(self.row + row, self.unit + unit, active));
    }
}

/// Passes in blocks of rows of A, columns of B and steps of k, at whose sizes panels, rows and sums stay in their caches.
/// The order along k is the same for any sizes.
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
    let operands = b.operands();
    let tall = if operands.format == Format::Tiles { MOST_ROWS } else { TALLEST };
    let blocks = a.rows().div_ceil(BLOCK_ROWS / tall * tall).max(1);
    let rows = a.rows().div_ceil(blocks).next_multiple_of(tall).max(tall);
    for row in (0..a.rows()).step_by(rows) {
        let a = left_operand(a.row_range(row..(row + rows).min(a.rows())), operands, &mut buffer);
        store.row = row;
        operands.dispatch::<V, _>(RowBlock { a, b, units: units.clone(), store: &mut store });
    }
    V::Element::return_scratch(buffer);
}

/// A block of rows of A through some units of B.
struct RowBlock<'a, 'c, E> {
    a: Matrix<'a, E>,
    b: &'a Packed<E>,
    units: Range<usize>,
    store: &'a mut Store<'c, E>,
}

impl<V: Vector> Multiplication<V> for RowBlock<'_, '_, V::Element> {
    #[inline(always)]
    fn in_vectors<const PAIRS: bool>(self) {
        let Self { a, b, units, store } = self;
        let (b, start) = (Panels::<_, PAIRS>::of(b), store.start);
        for unit in units.clone().step_by(BLOCK_COLUMNS) {
            (store.unit, store.start) = (unit, start);
            column_block::<V, PAIRS>(a, b.unit_range(unit..(unit + BLOCK_COLUMNS).min(units.end)), store);
        }
        store.start = start;
    }

    #[inline(always)]
    fn in_tiles<T: Tiles>(self, dots: &mut TileDots<T>) {
        let Self { a, b, units, store } = self;
        store.unit = units.start;
        bf16::product::multiply::<V, _, T, 1>(dots, a, Panels::of(b).unit_range(units), false, store);
    }
}

/// A block of rows of A through a block of columns of B, one block of k after the other. C holds the sums in between;
/// memory does not round, so the chain is the same.
#[inline(always)]
fn column_block<V: Vector, const PAIRS: bool>(
    a: Matrix<'_, V::Element>,
    b: Panels<'_, V::Element, PAIRS>,
    store: &mut Store<'_, V::Element>,
) {
    let k = a.columns();
    let depth = if a.rows() <= FEW_ROWS { k.max(1) } else { BLOCK_DEPTH };
    let mut first = 0;
    loop {
        let steps = depth.min(k - first);
        let a = a.column_range(first..first + steps);
        multiply::<V, _, _, _, 1>(a, b.step_range(first, steps), false, store);
        first += steps;
        if first == k {
            return;
        }
        store.start = Start::Accumulate;
    }
}
