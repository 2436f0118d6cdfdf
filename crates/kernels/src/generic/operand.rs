//! The two operands of a product as its tiles read them.

use crate::PANEL;
use crate::view::Matrix;

/// The left operand: rows that are read along k.
pub(crate) trait Left<E>: Copy {
    /// Elements from one k to the next.
    const STEP: usize;
    fn rows(&self) -> usize;
    fn depth(&self) -> usize;
    /// Where row `i < rows` starts; readable at `0, STEP, ..` for `depth` elements.
    fn start(&self, i: usize) -> *const E;
}

impl<E: Copy> Left<E> for Matrix<'_, E> {
    const STEP: usize = 1;

    #[inline(always)]
    fn rows(&self) -> usize {
        self.rows()
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.columns()
    }

    #[inline(always)]
    fn start(&self, i: usize) -> *const E {
        assert!(i < self.rows());
        self.as_ptr().wrapping_add(i * self.stride())
    }
}

/// Columns in panels of 16 units: `[units/16][k][gates][16]`.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a, E> {
    elements: &'a [E],
    pub(crate) units: usize,
    pub(crate) gates: usize,
    /// Depth of the panels, and the part of it in use.
    k: usize,
    first: usize,
    pub(crate) depth: usize,
}

impl<'a, E: Copy> Panels<'a, E> {
    pub(crate) fn new(elements: &'a [E], units: usize, gates: usize, k: usize) -> Self {
        assert!(elements.len() >= units.div_ceil(PANEL) * k * gates * PANEL);
        Self { elements, units, gates, k, first: 0, depth: k }
    }

    /// The steps `first..first + depth` of k.
    pub(crate) fn steps(self, first: usize, depth: usize) -> Self {
        assert!(first + depth <= self.k);
        Self { first, depth, ..self }
    }

    /// Where unit `unit` of gate 0 starts.
    #[inline(always)]
    pub(crate) fn start_of(&self, unit: usize) -> *const E {
        assert!(unit < self.units);
        let line = (unit / PANEL * self.k + self.first) * self.gates;
        self.elements.as_ptr().wrapping_add(line * PANEL + unit % PANEL)
    }
}

impl<E: Copy> Left<E> for Panels<'_, E> {
    const STEP: usize = PANEL;

    #[inline(always)]
    fn rows(&self) -> usize {
        self.units
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.depth
    }

    #[inline(always)]
    fn start(&self, i: usize) -> *const E {
        self.start_of(i)
    }
}
