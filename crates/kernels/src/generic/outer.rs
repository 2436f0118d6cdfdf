//! Sums over rows: C += Σ aᵀb, c += Σ a, c += Σ a∘b.

use super::access::{prefetch, read, write};
use super::bf16;
use super::bf16::tile_dots::TileDots;
use super::dispatch::Multiplication;
use super::operand::{GatheredColumns, Left, Panels};
use super::tile::{Epilogue, multiply};
use crate::bf16::rounded;
use crate::lane::Lane;
use crate::number::Number;
use crate::operands::{Format, Operands};
use crate::panel::{MOST_SUMMED, PANEL};
use crate::tiles::Tiles;
use crate::tuning::{GATHERED_ROWS, ROWS_AHEAD, STRIP, SUMMED_COLUMNS, SUMMED_ROWS, WORTH_GATHERING};
use crate::vector::Vector;
use crate::view::{MatrixMut, Rows};

/// Adds sums to the columns of C from `first` on.
struct AddTo<'a, E> {
    c: MatrixMut<'a, E>,
    first: usize,
}

impl<V: Vector> Epilogue<V, 1> for AddTo<'_, V::Element> {
    #[inline(always)]
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; 1] {
        // C is in no near cache when the sum is ready.
        prefetch(self.c.stretch(row, self.first + unit, active), 0);
        [V::zero()]
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        let target = self.c.stretch_mut(row, self.first + unit, active);
        (V::read(target) + sum).write(target);
    }
}

/// Gathers the rows of `source` in panels of 16 columns: `[columns/16][rows][16]`; rounded to bf16 if `rounding`.
#[inline(always)]
fn gather<V: Vector>(target: &mut [V::Element], source: Rows<'_, V::Element>, rounding: bool) {
    let (rows, columns) = (source.count(), source.columns());
    for some in (0..rows).step_by(GATHERED_ROWS) {
        for i in (some + ROWS_AHEAD..some + ROWS_AHEAD + GATHERED_ROWS).take_while(|&i| i < rows) {
            for first in (0..columns).step_by(PANEL) {
                prefetch(source.row(i), first);
            }
        }
        let mut next = [&[][..]; GATHERED_ROWS];
        let count = GATHERED_ROWS.min(rows - some);
        for (i, row) in next.iter_mut().enumerate().take(count) {
            *row = source.row(some + i);
        }
        for first in (0..columns).step_by(PANEL) {
            let active = PANEL.min(columns - first);
            let lines = target[first * rows + some * PANEL..].chunks_exact_mut(PANEL);
            for (line, row) in lines.zip(&next[..count]) {
                let numbers = &row[first..first + active];
                match <&[V::Element; PANEL]>::try_from(numbers) {
                    Ok(whole) => line.copy_from_slice(whole),
                    Err(_) => {
                        line.fill(V::Element::ZERO);
                        line[..active].copy_from_slice(numbers);
                    }
                }
                if rounding {
                    line.iter_mut().for_each(|x| *x = rounded(*x));
                }
            }
        }
    }
}

/// C += AᵀB over the chosen rows.
#[inline(always)]
pub(crate) fn outer<V: Vector>(
    operands: Operands<V::Element>,
    c: MatrixMut<'_, V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
) {
    assert_eq!((c.rows(), c.columns()), (a.columns(), b.columns()), "C is p x q, A has p columns, B q");
    assert_eq!(a.count(), b.count(), "as many rows of A as of B");
    assert!(a.count() <= MOST_SUMMED, "a sum: expected at most {MOST_SUMMED} rows, received {}", a.count());
    if a.count() > 0 {
        operands.dispatch::<V, _>(Outer { operands, c: AddTo { c, first: 0 }, a, b });
    }
}

struct Outer<'a, E> {
    operands: Operands<E>,
    c: AddTo<'a, E>,
    a: Rows<'a, E>,
    b: Rows<'a, E>,
}

impl<V: Vector> Multiplication<V> for Outer<'_, V::Element> {
    #[inline(always)]
    fn in_vectors<const PAIRS: bool>(self) {
        let Self { operands, mut c, a, b } = self;
        if PAIRS {
            bf16::outer::in_vectors::<V, _>(operands, a, b, &mut c);
        } else {
            in_strips::<V>(operands.format == Format::Rounded, a, b, &mut c);
        }
    }

    #[inline(always)]
    fn in_tiles<T: Tiles>(self, dots: &mut TileDots<T>) {
        let Self { operands, mut c, a, b } = self;
        bf16::outer::in_tiles::<V, _, T>(dots, operands, a, b, &mut c);
    }
}

/// Sums a strip of B at a time.
///
/// A strip is gathered, so that it is read in order and ends in whole vectors. A is gathered only if enough strips read it,
/// and otherwise read from its own rows.
#[inline(always)]
fn in_strips<V: Vector>(
    rounding: bool,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    c: &mut AddTo<'_, V::Element>,
) {
    let (p, rows) = (a.columns(), a.count());
    let gathers = rounding || b.columns() >= WORTH_GATHERING;
    let left_size = if gathers { p.next_multiple_of(PANEL) * rows } else { 0 };
    let size = left_size + STRIP * rows;
    let mut scratch = V::Element::take_scratch();
    if scratch.len() < size {
        scratch.resize(size, V::Element::ZERO);
    }
    let (left, strip) = scratch.split_at_mut(left_size);
    if left_size > 0 {
        gather::<V>(left, a, rounding);
        strips::<V, _>(Panels::new(left, p, 1, rows), b, strip, rounding, c);
    } else {
        let mut starts = [std::ptr::null(); MOST_SUMMED];
        for (i, start) in starts.iter_mut().enumerate().take(rows) {
            *start = a.row(i).as_ptr();
        }
        // SAFETY: each start is that of a row of `a`, which has p columns.
        let left = unsafe { GatheredColumns::new(&starts[..rows], p) };
        strips::<V, _>(left, b, strip, rounding, c);
    }
    V::Element::return_scratch(scratch);
}

#[inline(always)]
fn strips<V: Vector, L: Left<V::Element>>(
    left: L,
    b: Rows<'_, V::Element>,
    strip: &mut [V::Element],
    rounding: bool,
    c: &mut AddTo<'_, V::Element>,
) {
    for first in (0..b.columns()).step_by(STRIP) {
        let columns = STRIP.min(b.columns() - first);
        gather::<V>(strip, b.column_range(first..first + columns), rounding);
        c.first = first;
        multiply::<V, _, _, _, 1>(left, Panels::new(strip, columns, 1, b.count()), false, c);
    }
}

/// Adds `ROWS` rows from column `first` on to `sums`: aᵢ, or aᵢ∘bᵢ with `b`.
#[inline(always)]
fn add_rows<V: Vector, const ROWS: usize>(
    sums: &mut [V::Element],
    a: Rows<'_, V::Element>,
    b: Option<Rows<'_, V::Element>>,
    row: usize,
    first: usize,
) {
    let columns = first..first + sums.len();
    let x: [_; ROWS] = std::array::from_fn(|r| &a.row(row + r)[columns.clone()]);
    let y: [_; ROWS] = std::array::from_fn(|r| b.map(|b| &b.row(row + r)[columns.clone()]));
    for_each_vector!(V, sums.len(), |at, active| {
        let mut sum: V = read(sums, at, active);
        for (x, y) in x.iter().zip(y) {
            let x: V = read(x, at, active);
            sum = match y {
                None => sum + x,
                Some(y) => x.mul_add(read(y, at, active), sum),
            };
        }
        write(sum, sums, at, active);
    });
}

/// c += Σ aᵢ, or Σ aᵢ∘bᵢ with `b`. Each sum is formed from zero, then added to c.
#[inline(always)]
fn all_sums<V: Vector>(c: &mut [V::Element], a: Rows<'_, V::Element>, b: Option<Rows<'_, V::Element>>) {
    assert_eq!(c.len(), a.columns(), "a sum per column");
    let mut scratch = V::Element::take_scratch();
    if scratch.len() < SUMMED_COLUMNS {
        scratch.resize(SUMMED_COLUMNS, V::Element::ZERO);
    }
    for (at, c) in c.chunks_mut(SUMMED_COLUMNS).enumerate() {
        let sums = &mut scratch[..c.len()];
        sums.fill(V::Element::ZERO);
        let mut row = 0;
        while row + SUMMED_ROWS <= a.count() {
            add_rows::<V, SUMMED_ROWS>(sums, a, b, row, at * SUMMED_COLUMNS);
            row += SUMMED_ROWS;
        }
        while row < a.count() {
            add_rows::<V, 1>(sums, a, b, row, at * SUMMED_COLUMNS);
            row += 1;
        }
        for_each_vector!(V, c.len(), |at, active| {
            write(read::<V>(c, at, active) + read(sums, at, active), c, at, active);
        });
    }
    V::Element::return_scratch(scratch);
}

#[inline(always)]
pub(crate) fn column_sums<V: Vector>(c: &mut [V::Element], a: Rows<'_, V::Element>) {
    all_sums::<V>(c, a, None);
}

#[inline(always)]
pub(crate) fn product_sums<V: Vector>(
    c: &mut [V::Element],
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
) {
    assert_eq!((a.columns(), a.count()), (b.columns(), b.count()), "factors of equal size");
    all_sums::<V>(c, a, Some(b));
}
