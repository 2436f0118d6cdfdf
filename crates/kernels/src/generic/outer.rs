//! Sums over rows: C += Σ aᵀb, c += Σ a, c += Σ a∘b.

use super::access::{prefetch, read, write};
use super::bf16;
use super::operand::{Chosen, Left, Panels};
use super::tile::{Epilogue, multiply};
use crate::element::Element;
use crate::operands::{Format, Operands, rounded};
use crate::simd::Simd;
use crate::vector::Vector;
use crate::view::{MatrixMut, Rows};
use crate::{BLOCK, PANEL};

/// Columns of B that are gathered at a time: a row is read along, and the panels stay in the second-level cache.
const STRIP: usize = 16 * PANEL;

/// Rows that are gathered together: each is read along, and each panel is written along.
const TOGETHER: usize = 8;

/// How many rows before it is gathered a row is fetched.
const AHEAD: usize = 4 * TOGETHER;

/// From so many columns of B on, A is gathered as well.
const WORTH_GATHERING: usize = 256;

/// Adds sums to the columns of C from `first` on.
struct AddTo<'a, E> {
    c: MatrixMut<'a, E>,
    first: usize,
}

impl<V: Vector> Epilogue<V, 1> for AddTo<'_, V::Element> {
    #[inline(always)]
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; 1] {
        // It is far away when the sum is ready.
        prefetch(self.c.part(row, self.first + unit, active), 0);
        [V::zero()]
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        let target = self.c.part_mut(row, self.first + unit, active);
        (V::read(target) + sum).write(target);
    }
}

/// The rows of `source` in panels of 16 columns: `[columns/16][rows][16]`; in bf16 if `rounding`.
#[inline(always)]
fn gather<V: Vector>(target: &mut [V::Element], source: Rows<'_, V::Element>, rounding: bool) {
    let (rows, columns) = (source.count(), source.columns());
    for some in (0..rows).step_by(TOGETHER) {
        for i in (some + AHEAD..some + AHEAD + TOGETHER).take_while(|&i| i < rows) {
            for first in (0..columns).step_by(PANEL) {
                prefetch(source.row(i), first);
            }
        }
        for first in (0..columns).step_by(PANEL) {
            let panel = &mut target[first * rows..][..PANEL * rows];
            let active = PANEL.min(columns - first);
            let lines = panel.chunks_exact_mut(PANEL).enumerate().skip(some).take(TOGETHER);
            for (i, line) in lines {
                let part = &source.row(i)[first..first + active];
                for at in (0..PANEL).step_by(V::LANES) {
                    let part = &part[at.min(active)..(at + V::LANES).min(active)];
                    V::read(part).write(&mut line[at..at + V::LANES]);
                }
                if rounding {
                    line.iter_mut().for_each(|x| *x = rounded(*x));
                }
            }
        }
    }
}

/// Elements of a row of `columns` columns in panels.
#[inline(always)]
fn panels(columns: usize) -> usize {
    columns.next_multiple_of(PANEL)
}

/// C += AᵀB over the chosen rows, a strip of B at a time.
///
/// A strip is gathered, so that it is read in order and ends in whole vectors. A is gathered only if enough
/// strips will read it; otherwise it is read where it lies.
#[inline(always)]
pub(crate) fn outer<V: Vector>(
    operands: Operands<V::Element>,
    c: MatrixMut<'_, V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
) {
    let (p, q, rows) = (a.columns(), b.columns(), a.count());
    assert_eq!((c.rows(), c.columns()), (p, q), "C is p x q, A has p columns, B q");
    assert_eq!(rows, b.count(), "as many rows of A as of B");
    assert!(rows <= BLOCK, "a block has at most {BLOCK} rows");
    if rows == 0 {
        return;
    }
    let rounding = match operands.format {
        Format::Full => false,
        Format::Rounded => true,
        Format::Pairs | Format::Tiles => {
            return bf16::outer::outer::<V, _>(operands, a, b, &mut AddTo { c, first: 0 });
        }
    };
    let left_size = if rounding || q >= WORTH_GATHERING { panels(p) * rows } else { 0 };
    let size = left_size + STRIP * rows;
    let mut scratch = V::Element::take_scratch();
    if scratch.len() < size {
        scratch.resize(size, V::Element::ZERO);
    }
    let (left, strip) = scratch.split_at_mut(left_size);
    let mut sums = AddTo { c, first: 0 };
    if left_size > 0 {
        gather::<V>(left, a, rounding);
        strips::<V, _>(Panels::new(left, p, 1, rows), b, strip, rounding, &mut sums);
    } else {
        let mut room = [std::ptr::null(); BLOCK];
        for (i, start) in room.iter_mut().enumerate().take(rows) {
            *start = a.row(i).as_ptr();
        }
        // SAFETY: each start is that of a row of `a`, which has p columns.
        let left = unsafe { Chosen::new(&room[..rows], p) };
        strips::<V, _>(left, b, strip, rounding, &mut sums);
    }
    V::Element::return_scratch(scratch);
}

#[inline(always)]
fn strips<V: Vector, L: Left<V::Element>>(
    left: L,
    b: Rows<'_, V::Element>,
    strip: &mut [V::Element],
    rounding: bool,
    sums: &mut AddTo<'_, V::Element>,
) {
    for first in (0..b.columns()).step_by(STRIP) {
        let columns = STRIP.min(b.columns() - first);
        gather::<V>(strip, b.column_range(first..first + columns), rounding);
        sums.first = first;
        multiply::<V, _, _, _, 1>(left, Panels::new(strip, columns, 1, b.count()), false, sums);
    }
}

/// Columns that are summed together: each row is read along, and the sums stay in the first-level cache.
const SUMMED: usize = 4096;

/// `ROWS` rows added to `sums` from column `first` on: aᵢ, or aᵢ∘bᵢ with `b`.
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

/// c += Σ aᵢ, or Σ aᵢ∘bᵢ with `b`: sums that begin with zero, added to c.
#[inline(always)]
fn all_sums<V: Vector>(c: &mut [V::Element], a: Rows<'_, V::Element>, b: Option<Rows<'_, V::Element>>) {
    const ROWS: usize = 4;
    assert_eq!(c.len(), a.columns(), "a sum per column");
    let mut scratch = V::Element::take_scratch();
    if scratch.len() < SUMMED {
        scratch.resize(SUMMED, V::Element::ZERO);
    }
    for (at, c) in c.chunks_mut(SUMMED).enumerate() {
        let sums = &mut scratch[..c.len()];
        sums.fill(V::Element::ZERO);
        let mut row = 0;
        while row + ROWS <= a.count() {
            add_rows::<V, ROWS>(sums, a, b, row, at * SUMMED);
            row += ROWS;
        }
        while row < a.count() {
            add_rows::<V, 1>(sums, a, b, row, at * SUMMED);
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
