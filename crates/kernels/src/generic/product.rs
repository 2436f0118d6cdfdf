//! C = start + A·B.

use super::access::{bias, read, write};
use super::operand::Panels;
use super::tile::{Epilogue, multiply};
use crate::pack::Packed;
use crate::product::Start;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// Steps of k between visits to C, so that the panels of a tile stay in the first-level cache. Going through memory
/// does not round, so the chain is the same.
const DEPTH: usize = 128;

struct Store<'a, E> {
    c: MatrixMut<'a, E>,
    start: Start<'a, E>,
}

impl<V: Vector> Epilogue<V, 1> for Store<'_, V::Element> {
    #[inline(always)]
    fn start(&self, row: usize, unit: usize, active: usize) -> [V; 1] {
        match self.start {
            Start::Zero => [V::zero()],
            Start::Accumulate => [read(self.c.row(row), unit, active)],
            Start::Bias(values) => bias(Some(values), 0, unit, active),
        }
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        write(sum, self.c.row_mut(row), unit, active);
    }
}

#[inline(always)]
pub(crate) fn product<V: Vector>(
    c: MatrixMut<'_, V::Element>,
    start: Start<'_, V::Element>,
    a: Matrix<'_, V::Element>,
    b: &Packed<V::Element>,
) {
    assert_eq!(
        (c.rows(), a.columns(), c.columns()),
        (a.rows(), b.k(), b.n()),
        "C is m x n, A m x k, B k x n"
    );
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), b.n(), "a bias has n elements");
    }
    let panels = Panels::new(b.elements(), b.units(), b.gates(), b.k());
    let mut store = Store { c, start };
    let depth = if a.rows() <= 8 { b.k().max(1) } else { DEPTH };
    let mut first = 0;
    loop {
        let steps = depth.min(b.k() - first);
        let part = a.column_range(first..first + steps);
        multiply::<V, _, _, 1>(part, panels.steps(first, steps), &mut store);
        first += steps;
        if first == b.k() {
            return;
        }
        store.start = Start::Accumulate;
    }
}
