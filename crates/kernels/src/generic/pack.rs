//! Packs of weights: the filling of a [`Packed`].

use super::access::prefetch;
use super::bf16;
use super::transpose::transpose;
use crate::bf16::rounded;
use crate::lane::Lane;
use crate::line::Line;
use crate::operands::{Format, has_pairs};
use crate::packed::{Orientation, Packed};
use crate::panel::PANEL;
use crate::tuning::{PACKED_PANELS, SOURCE_ROWS_AHEAD, SQUARES_AHEAD};
use crate::view::Matrix;

/// Packs `source` in the format of the operands of `packed`.
pub(crate) fn pack<E: Lane>(packed: &mut Packed<E>, source: Matrix<'_, E>) {
    let (k, n, gates) = (packed.k(), packed.n(), packed.gates());
    let (operands, orientation) = (packed.operands(), packed.orientation());
    let (depth, units) = (operands.depth(k), packed.units());
    let shape = (source.rows(), source.columns());
    let lines = packed.lines_mut();
    match orientation {
        Orientation::Transposed => {
            assert_eq!(shape, (n, k), "the source of a pack for A·Wᵀ is n x k");
            if operands.in_pairs() {
                bf16::pack::transposed(E::paired_lines_mut(lines), depth, gates, source);
            } else {
                transposed(lines, units, gates, source);
            }
        }
        Orientation::Plain => {
            assert_eq!(shape, (k, n), "the source of a pack for A·W is k x n");
            if operands.in_pairs() {
                bf16::pack::plain(E::paired_lines_mut(lines), depth, source);
            } else {
                plain(lines, source);
            }
        }
    }
    if operands.format == Format::Rounded {
        lines.iter_mut().for_each(|line| line.0 = line.0.map(rounded));
    }
}

/// Packs W of n x k, square by square, so that each row of the source is read a cache line at a time.
fn transposed<E: Lane>(target: &mut [Line<E>], units: usize, gates: usize, source: Matrix<'_, E>) {
    let k = source.columns();
    for first in (0..units).step_by(PANEL) {
        let active = PANEL.min(units - first);
        for gate in 0..gates {
            let mut lines = target.iter_mut().skip(first / PANEL * k * gates + gate).step_by(gates);
            for from in (0..k).step_by(PANEL) {
                let count = PANEL.min(k - from);
                let mut square = [Line([E::ZERO; PANEL]); PANEL];
                for (unit, line) in square.iter_mut().enumerate().take(active) {
                    let row = source.row(gate * units + first + unit);
                    prefetch(row, (from + SQUARES_AHEAD * PANEL).min(k - 1));
                    line.0 = padded(&row[from..from + count]);
                }
                if has_pairs::<E>() {
                    // The transpose moves words of 32 bits, for pairs and for f32.
                    transpose(E::paired_lines_mut(&mut square));
                    for (row, target) in square.iter().zip(lines.by_ref().take(count)) {
                        target.0 = row.0;
                    }
                    continue;
                }
                for (at, target) in lines.by_ref().take(count).enumerate() {
                    target.0 = std::array::from_fn(|unit| square[unit].0[at]);
                }
            }
        }
    }
}

/// Packs W of k x n, a few panels together, so that reads and writes go along several cache lines.
fn plain<E: Lane>(target: &mut [Line<E>], source: Matrix<'_, E>) {
    let (k, n) = (source.rows(), source.columns());
    for (group, panels) in target.chunks_mut((PACKED_PANELS * k).max(1)).enumerate() {
        let first = group * PACKED_PANELS * PANEL;
        let count = (PACKED_PANELS * PANEL).min(n - first);
        for i in 0..k {
            let next = source.stretch((i + SOURCE_ROWS_AHEAD).min(k - 1), first, count);
            (0..count).step_by(PANEL).for_each(|at| prefetch(next, at));
            let outputs = source.stretch(i, first, count).chunks(PANEL);
            for (outputs, line) in outputs.zip(panels.iter_mut().skip(i).step_by(k)) {
                line.0 = padded(outputs);
            }
        }
    }
}

/// The numbers of a line, with zeros behind them; most lines are whole.
#[inline(always)]
fn padded<E: Lane>(source: &[E]) -> [E; PANEL] {
    if let Some(&whole) = source.first_chunk() {
        return whole;
    }
    let mut padded = [E::ZERO; PANEL];
    padded[..source.len()].copy_from_slice(source);
    padded
}
