//! The right operand of a product, rearranged once so that every step reads it in order.

use std::collections::TryReserveError;

use crate::line::Line;
use crate::number::Number;
use crate::operands::Operands;
use crate::panel::PANEL;

/// Orientation of the source of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    /// W is n x k, the product A·Wᵀ.
    Transposed,
    /// W is k x n, the product A·W.
    Plain,
}

/// A packed k x n operand with its outputs in panels of 16 units: `[units/16][k][gates][16]`, the last panel padded
/// with zeros. With several gates, output `g * units + u` is gate `g` of unit `u`, and all gates of a unit lie
/// together. In pairs of bf16, two steps of k are one, and an element is a pair.
#[derive(Clone, Debug)]
pub struct Packed<E> {
    /// One step of k of one panel and gate each: 16 outputs.
    lines: Vec<Line<E>>,
    operands: Operands<E>,
    orientation: Orientation,
    k: usize,
    n: usize,
    gates: usize,
}

impl<E: Number> Packed<E> {
    /// Room for W of n x k, to compute A·Wᵀ; all zeros until packed. `gates` divides `n`.
    pub fn transposed(n: usize, k: usize, gates: usize) -> Self {
        Self::new(Orientation::Transposed, k, n, gates)
    }

    /// Room for W of k x n, to compute A·W; all zeros until packed.
    pub fn plain(k: usize, n: usize) -> Self {
        Self::new(Orientation::Plain, k, n, 1)
    }

    /// Does as [`Packed::transposed`] with [`Packed::with_operands`], for sizes that a caller decides.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn try_transposed(
        n: usize,
        k: usize,
        gates: usize,
        operands: Operands<E>,
    ) -> Result<Self, TryReserveError> {
        Self::try_new(Orientation::Transposed, k, n, gates, operands)
    }

    /// Does as [`Packed::plain`] with [`Packed::with_operands`], for sizes that a caller decides.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn try_plain(k: usize, n: usize, operands: Operands<E>) -> Result<Self, TryReserveError> {
        Self::try_new(Orientation::Plain, k, n, 1, operands)
    }

    fn new(orientation: Orientation, k: usize, n: usize, gates: usize) -> Self {
        check_gates(n, gates);
        let operands = Operands::default();
        let lines = vec![Line([E::ZERO; PANEL]); count(operands, k, n / gates, gates)];
        Self { lines, operands, orientation, k, n, gates }
    }

    fn try_new(
        orientation: Orientation,
        k: usize,
        n: usize,
        gates: usize,
        operands: Operands<E>,
    ) -> Result<Self, TryReserveError> {
        check_gates(n, gates);
        let (mut lines, count) = (Vec::new(), count(operands, k, n / gates, gates));
        lines.try_reserve_exact(count)?;
        lines.resize(count, Line([E::ZERO; PANEL]));
        Ok(Self { lines, operands, orientation, k, n, gates })
    }

    /// The same room, still all zeros, in the format of `operands`; a product rounds its other operand to the same format.
    #[must_use]
    pub fn with_operands(self, operands: Operands<E>) -> Self {
        let count = count(operands, self.k, self.units(), self.gates);
        let lines = vec![Line([E::ZERO; PANEL]); count];
        Self { lines, operands, ..self }
    }

    /// The same pack in memory of its own.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn try_clone(&self) -> Result<Self, TryReserveError> {
        let mut lines = Vec::new();
        lines.try_reserve_exact(self.lines.len())?;
        lines.extend_from_slice(&self.lines);
        Ok(Self { lines, ..*self })
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

    /// Format of the operands.
    pub fn operands(&self) -> Operands<E> {
        self.operands
    }

    /// Bytes of storage.
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    pub(crate) fn orientation(&self) -> Orientation {
        self.orientation
    }

    pub(crate) fn lines(&self) -> &[Line<E>] {
        &self.lines
    }

    pub(crate) fn lines_mut(&mut self) -> &mut [Line<E>] {
        &mut self.lines
    }
}

fn check_gates(n: usize, gates: usize) {
    assert!(
        gates > 0 && n.is_multiple_of(gates),
        "a pack: expected outputs that {gates} gates divide, received {n}"
    );
}

/// The number of lines for k steps of some units and gates.
fn count<E: Number>(operands: Operands<E>, k: usize, units: usize, gates: usize) -> usize {
    units.div_ceil(PANEL) * operands.depth(k) * gates
}
