//! Sums over rows: C += Σ aᵀb, c += Σ a, c += Σ a∘b.

use super::access::{read, write};
use super::operand::Panels;
use super::tile::{Epilogue, multiply};
use crate::PANEL;
use crate::element::Element;
use crate::simd::Simd;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

struct AddTo<'a, E>(MatrixMut<'a, E>);

impl<V: Vector> Epilogue<V, 1> for AddTo<'_, V::Element> {
    #[inline(always)]
    fn start(&self, _: usize, _: usize, _: usize) -> [V; 1] {
        [V::zero()]
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        let target = self.0.row_mut(row);
        let old: V = read(target, unit, active);
        write(old + sum, target, unit, active);
    }
}

/// The chosen rows of `source` in panels of 16 columns: `[columns/16][rows][16]`.
#[inline(always)]
fn gather<E: Element>(target: &mut [E], source: Matrix<'_, E>, rows: &[u32]) {
    for (i, &row) in rows.iter().enumerate() {
        let row = source.row(row as usize);
        let mut panels = target.chunks_exact_mut(rows.len() * PANEL);
        let mut chunks = row.chunks_exact(PANEL);
        for (chunk, panel) in (&mut chunks).zip(&mut panels) {
            panel[i * PANEL..][..PANEL].copy_from_slice(chunk);
        }
        let rest = chunks.remainder();
        if !rest.is_empty()
            && let Some(panel) = panels.next()
        {
            let (head, tail) = panel[i * PANEL..][..PANEL].split_at_mut(rest.len());
            head.copy_from_slice(rest);
            tail.fill(E::ZERO);
        }
    }
}

#[inline(always)]
pub(crate) fn outer<V: Vector>(
    c: MatrixMut<'_, V::Element>,
    a: Matrix<'_, V::Element>,
    b: Matrix<'_, V::Element>,
    rows: &[u32],
) {
    assert_eq!((c.rows(), c.columns()), (a.columns(), b.columns()), "C is p x q, A has p columns, B q");
    if rows.is_empty() {
        return;
    }
    let (p, q) = (a.columns(), b.columns());
    let size = |columns: usize| columns.div_ceil(PANEL) * rows.len() * PANEL;
    let mut scratch = V::Element::take_scratch();
    if scratch.len() < size(p) + size(q) {
        scratch.resize(size(p) + size(q), V::Element::ZERO);
    }
    let (left, right) = scratch[..size(p) + size(q)].split_at_mut(size(p));
    gather(left, a, rows);
    gather(right, b, rows);
    let left = Panels::new(left, p, 1, rows.len());
    let right = Panels::new(right, q, 1, rows.len());
    multiply::<V, _, _, 1>(left, right, &mut AddTo(c));
    V::Element::return_scratch(scratch);
}

/// c += Σ a[r], or Σ a[r]∘b[r] with `b`; `U` vectors at once to hide the latency of the chains.
#[inline(always)]
fn sums<V: Vector, const U: usize>(
    c: &mut [V::Element],
    a: Matrix<'_, V::Element>,
    b: Option<Matrix<'_, V::Element>>,
    rows: &[u32],
    at: usize,
) {
    let active = |u: usize| V::LANES.min(c.len() - (at + u * V::LANES));
    let mut block = [V::zero(); U];
    for &row in rows {
        let x = a.row(row as usize);
        let y = b.map(|b| b.row(row as usize));
        for (u, sum) in block.iter_mut().enumerate() {
            let (from, count) = (at + u * V::LANES, active(u));
            let x: V = read(x, from, count);
            *sum = match y {
                None => *sum + x,
                Some(y) => x.mul_add(read(y, from, count), *sum),
            };
        }
    }
    for (u, &sum) in block.iter().enumerate() {
        let (from, count) = (at + u * V::LANES, V::LANES.min(c.len() - (at + u * V::LANES)));
        let old: V = read(c, from, count);
        write(old + sum, c, from, count);
    }
}

#[inline(always)]
fn all_sums<V: Vector>(
    c: &mut [V::Element],
    a: Matrix<'_, V::Element>,
    b: Option<Matrix<'_, V::Element>>,
    rows: &[u32],
) {
    assert_eq!(c.len(), a.columns(), "a sum per column");
    let mut at = 0;
    while at < c.len() {
        if c.len() - at >= 4 * V::LANES {
            sums::<V, 4>(c, a, b, rows, at);
            at += 4 * V::LANES;
        } else {
            sums::<V, 1>(c, a, b, rows, at);
            at += V::LANES;
        }
    }
}

#[inline(always)]
pub(crate) fn column_sums<V: Vector>(c: &mut [V::Element], a: Matrix<'_, V::Element>, rows: &[u32]) {
    all_sums::<V>(c, a, None, rows);
}

#[inline(always)]
pub(crate) fn product_sums<V: Vector>(
    c: &mut [V::Element],
    a: Matrix<'_, V::Element>,
    b: Matrix<'_, V::Element>,
    rows: &[u32],
) {
    assert_eq!(a.columns(), b.columns(), "factors of equal width");
    all_sums::<V>(c, a, Some(b), rows);
}
