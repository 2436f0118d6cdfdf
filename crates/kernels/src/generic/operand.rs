//! The two operands of a product as its tiles read them.

use std::ops::Range;

use crate::line::words;
use crate::number::Number;
use crate::operands::Operands;
use crate::packed::Packed;
use crate::panel::PANEL;
use crate::view::Matrix;

/// The left operand: rows that are read along k, one number at a time.
pub(crate) trait Left<E>: Copy {
    fn rows(&self) -> usize;
    fn depth(&self) -> usize;
    /// Address of step `k < depth` of row `i < rows`.
    fn at(&self, i: usize, k: usize) -> *const E;
}

/// The right operand: the gates of units that are read along k, a vector of units at a time.
pub(crate) trait Right<E, const G: usize>: Copy {
    /// The elements of both operands are pairs of bf16 along k, by their bits.
    const IN_PAIRS: bool;
    fn units(&self) -> usize;
    fn depth(&self) -> usize;
    /// Address of step `k < depth` of gate `gate < G` of unit `unit < units`; the units behind it up to a whole vector are
    /// readable.
    fn at(&self, unit: usize, k: usize, gate: usize) -> *const E;
}

impl<E: Copy> Left<E> for Matrix<'_, E> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.rows()
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.columns()
    }

    #[inline(always)]
    fn at(&self, i: usize, k: usize) -> *const E {
        self.as_ptr().wrapping_add(i * self.stride() + k)
    }
}

/// Units in panels of 16: `[units/16][k][gates][16]`. With `PAIRS`, each step of k is a pair of bf16.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a, E, const PAIRS: bool> {
    elements: &'a [E],
    units: usize,
    gates: usize,
    /// Steps of k that the panels hold, and those in use: `first..first + depth`.
    k: usize,
    first: usize,
    depth: usize,
}

impl<'a, E: Copy> Panels<'a, E, false> {
    pub(crate) fn new(elements: &'a [E], units: usize, gates: usize, k: usize) -> Self {
        Self::over(elements, units, gates, k)
    }
}

impl<'a, E: Copy> Panels<'a, E, true> {
    /// Panels of pairs, by their bits. Operands in pairs are the proof that the CPU multiplies pairs.
    pub(crate) fn in_pairs(
        operands: Operands<E>,
        elements: &'a [E],
        units: usize,
        gates: usize,
        k: usize,
    ) -> Self {
        assert!(operands.in_pairs(), "panels of pairs: expected operands in pairs");
        Self::over(elements, units, gates, k)
    }
}

impl<'a, E: Number, const PAIRS: bool> Panels<'a, E, PAIRS> {
    /// The panels of a pack, whose operands are in pairs if and only if `PAIRS`.
    #[inline(always)]
    pub(crate) fn of(packed: &'a Packed<E>) -> Self {
        let operands = packed.operands();
        assert!(operands.in_pairs() == PAIRS, "panels: expected the format of the pack");
        Self::over(words(packed.lines()), packed.units(), packed.gates(), operands.depth(packed.k()))
    }
}

impl<'a, E: Copy, const PAIRS: bool> Panels<'a, E, PAIRS> {
    fn over(elements: &'a [E], units: usize, gates: usize, k: usize) -> Self {
        assert!(elements.len() >= units.div_ceil(PANEL) * k * gates * PANEL);
        Self { elements, units, gates, k, first: 0, depth: k }
    }

    /// Some consecutive units; the first of them begins a panel.
    pub(crate) fn unit_range(self, units: Range<usize>) -> Self {
        assert!(units.start.is_multiple_of(PANEL) && units.start <= units.end && units.end <= self.units);
        Self { elements: &self.elements[units.start * self.k * self.gates..], units: units.len(), ..self }
    }

    /// The steps `first..first + depth` of k.
    pub(crate) fn step_range(self, first: usize, depth: usize) -> Self {
        assert!(first + depth <= self.k);
        Self { first, depth, ..self }
    }
}

impl<E: Copy, const PAIRS: bool, const G: usize> Right<E, G> for Panels<'_, E, PAIRS> {
    const IN_PAIRS: bool = PAIRS;

    #[inline(always)]
    fn units(&self) -> usize {
        self.units
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        assert_eq!(self.gates, G);
        self.depth
    }

    #[inline(always)]
    fn at(&self, unit: usize, k: usize, gate: usize) -> *const E {
        let line = unit / PANEL * self.k + self.first + k;
        self.elements.as_ptr().wrapping_add((line * G + gate) * PANEL + unit % PANEL)
    }
}

impl<E: Copy, const PAIRS: bool> Left<E> for Panels<'_, E, PAIRS> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.units
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.depth
    }

    #[inline(always)]
    fn at(&self, i: usize, k: usize) -> *const E {
        Right::<E, 1>::at(self, i, k, 0)
    }
}

/// The columns of rows that lie anywhere: step k of each column is in the row that starts at `starts[k]`.
#[derive(Clone, Copy)]
pub(crate) struct GatheredColumns<'a, E> {
    starts: &'a [*const E],
    columns: usize,
}

impl<'a, E> GatheredColumns<'a, E> {
    /// # Safety
    /// - Each of `starts` is readable for `columns` elements, for `'a`.
    pub(crate) unsafe fn new(starts: &'a [*const E], columns: usize) -> Self {
        Self { starts, columns }
    }
}

impl<E: Copy> Left<E> for GatheredColumns<'_, E> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.starts.len()
    }

    #[inline(always)]
    fn at(&self, i: usize, k: usize) -> *const E {
        // SAFETY: k < depth, as the trait says.
        unsafe { *self.starts.get_unchecked(k) }.wrapping_add(i)
    }
}
