//! The right operand of a product, rearranged once so that every step reads it in order.

use crate::PANEL;
use crate::element::Element;
use crate::generic::access::prefetch;
use crate::generic::bf16::pack;
use crate::generic::bf16::scratch::{self, Line};
use crate::generic::operand::Panels;
use crate::generic::transpose::turn;
use crate::operands::{Format, Operands, has_pairs, rounded};
use crate::view::Matrix;

/// How far ahead the source of a pack is fetched: squares along its rows, or rows.
const AHEAD: usize = 4;
const AHEAD_ROWS: usize = 16;

/// Panels that are packed together.
const TOGETHER: usize = 4;

/// Which way round the source of a pack lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Orientation {
    /// W is n x k, the product A·Wᵀ.
    Transposed,
    /// W is k x n, the product A·W.
    Plain,
}

/// A packed k x n operand with its outputs in panels of 16 units: `[units/16][k][gates][16]`, the last panel padded
/// with zeros. With several gates, output `g * units + u` is gate `g` of unit `u`, and all gates of a unit lie
/// together. In pairs of bf16, each step of k is one of two, and an element is a pair.
#[derive(Clone, Debug)]
pub struct Packed<E> {
    /// One step of k of one panel and gate: 16 outputs.
    lines: Vec<Line<E>>,
    operands: Operands<E>,
    orientation: Orientation,
    k: usize,
    n: usize,
    gates: usize,
}

impl<E: Element> Packed<E> {
    /// Room for W of n x k, to compute A·Wᵀ; all zeros until packed. `gates` divides `n`.
    pub fn transposed(n: usize, k: usize, gates: usize) -> Self {
        Self::new(Orientation::Transposed, k, n, gates)
    }

    /// Room for W of k x n, to compute A·W; all zeros until packed.
    pub fn plain(k: usize, n: usize) -> Self {
        Self::new(Orientation::Plain, k, n, 1)
    }

    fn new(orientation: Orientation, k: usize, n: usize, gates: usize) -> Self {
        assert!(gates > 0 && n.is_multiple_of(gates), "{n} outputs are not {gates} gates");
        let panels = (n / gates).div_ceil(PANEL);
        let lines = vec![Line([E::ZERO; PANEL]); panels * k * gates];
        Self { lines, operands: Operands::default(), orientation, k, n, gates }
    }

    /// The same room, still all zeros, for such operands; the other operand of a product is then taken so as well.
    #[must_use]
    pub fn with_operands(mut self, operands: Operands<E>) -> Self {
        let panels = self.units().div_ceil(PANEL);
        self.lines = vec![Line([E::ZERO; PANEL]); panels * operands.steps(self.k) * self.gates];
        self.operands = operands;
        self
    }

    /// Packs `source`: n x k if this was made by `transposed`, k x n if by `plain`. Allocates nothing.
    pub fn pack(&mut self, source: Matrix<'_, E>) {
        let shape = (source.rows(), source.columns());
        match self.orientation {
            Orientation::Transposed => {
                assert_eq!(shape, (self.n, self.k), "the source of a pack for A·Wᵀ is n x k");
            }
            Orientation::Plain => {
                assert_eq!(shape, (self.k, self.n), "the source of a pack for A·W is k x n");
            }
        }
        match (self.operands.format, self.orientation) {
            (Format::Full | Format::Rounded, Orientation::Transposed) => self.pack_transposed(source),
            (Format::Full | Format::Rounded, Orientation::Plain) => self.pack_plain(source),
            (Format::Pairs | Format::Tiles, Orientation::Transposed) => {
                let (depth, gates) = (self.operands.steps(self.k), self.gates);
                pack::transposed(scratch::pairs_mut(&mut self.lines), depth, gates, source);
            }
            (Format::Pairs | Format::Tiles, Orientation::Plain) => {
                let depth = self.operands.steps(self.k);
                pack::plain(scratch::pairs_mut(&mut self.lines), depth, source);
            }
        }
        if self.operands.format == Format::Rounded {
            self.lines.iter_mut().for_each(|line| line.0 = line.0.map(rounded));
        }
    }

    fn pack_transposed(&mut self, source: Matrix<'_, E>) {
        let (units, gates) = (self.units(), self.gates);
        for first in (0..units).step_by(PANEL) {
            let active = PANEL.min(units - first);
            for gate in 0..gates {
                let mut lines =
                    self.lines.iter_mut().skip(first / PANEL * self.k * gates + gate).step_by(gates);
                // Square by square, so that each row of the source is read a cache line at a time.
                for k in (0..self.k).step_by(PANEL) {
                    let count = PANEL.min(self.k - k);
                    let mut square = [Line([E::ZERO; PANEL]); PANEL];
                    for (unit, part) in square.iter_mut().enumerate().take(active) {
                        let row = source.row(gate * units + first + unit);
                        prefetch(row, (k + AHEAD * PANEL).min(self.k - 1));
                        part.0 = line(&row[k..k + count]);
                    }
                    if has_pairs::<E>() {
                        // 32 bits, whatever they mean.
                        turn(scratch::pairs_mut(&mut square));
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

    fn pack_plain(&mut self, source: Matrix<'_, E>) {
        // A few panels together, so that reads and writes go along several cache lines.
        for (group, panels) in self.lines.chunks_mut((TOGETHER * self.k).max(1)).enumerate() {
            let first = group * TOGETHER * PANEL;
            let count = (TOGETHER * PANEL).min(self.n - first);
            for i in 0..self.k {
                let next = source.part((i + AHEAD_ROWS).min(self.k - 1), first, count);
                (0..count).step_by(PANEL).for_each(|at| prefetch(next, at));
                let parts = source.part(i, first, count).chunks(PANEL);
                for (part, target) in parts.zip(panels.iter_mut().skip(i).step_by(self.k)) {
                    target.0 = line(part);
                }
            }
        }
    }

    /// Depth of the product.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Outputs of the product, all gates together.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Gates per unit.
    pub fn gates(&self) -> usize {
        self.gates
    }

    /// Outputs per gate.
    pub fn units(&self) -> usize {
        self.n / self.gates
    }

    /// What it holds.
    pub fn operands(&self) -> Operands<E> {
        self.operands
    }

    /// Bytes of storage.
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// The panels of operands that are not in pairs.
    #[inline(always)]
    pub(crate) fn panels(&self) -> Panels<'_, E, false> {
        assert!(!self.operands.in_pairs(), "operands in pairs are multiplied so");
        Panels::new(scratch::words(&self.lines), self.units(), self.gates, self.k)
    }

    /// The panels of operands in pairs.
    #[inline(always)]
    pub(crate) fn pairs(&self) -> Panels<'_, E, true> {
        let (lines, depth) = (scratch::words(&self.lines), self.operands.steps(self.k));
        Panels::in_pairs(self.operands, lines, self.units(), self.gates, depth)
    }
}

/// A line that begins with these numbers, zeros behind them; mostly they are a whole one.
#[inline(always)]
fn line<E: Element>(source: &[E]) -> [E; PANEL] {
    if let Some(&whole) = source.first_chunk() {
        return whole;
    }
    let mut padded = [E::ZERO; PANEL];
    padded[..source.len()].copy_from_slice(source);
    padded
}
