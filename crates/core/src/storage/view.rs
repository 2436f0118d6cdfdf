//! The view that an operation gets of a shard.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Recurrent, Team};

use super::{Schedule, Shard, Span, Weights};
use crate::program::{Linear, Operand, Plan, Program, ValueId};

/// The key of random masks.
#[derive(Clone, Copy, Debug, Default)]
pub struct RngKey {
    /// Whether there are any.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// The step of the optimizer.
    pub step: u64,
    /// The step of time that the batch begins with.
    pub time: u64,
}

/// An operation's view: the shard, the weights and a span of time.
pub struct View<'a, E> {
    /// The kernels of this CPU.
    pub kernels: Kernels<E>,
    /// The threads that share the work of this one.
    pub team: &'a Team,
    /// The program.
    pub program: &'a Program,
    /// Its storage.
    pub plan: &'a Plan,
    /// The parameters.
    pub weights: &'a Weights<E>,
    /// The rows.
    pub shard: &'a mut Shard<E>,
    /// The time.
    pub span: Span,
    /// The key of the masks.
    pub rng_key: RngKey,
    /// Whether the run stops at the first value that is not finite.
    pub inspect: bool,
}

/// Storage taken out of the block, so that it can be written while the rest is read.
pub struct Taken<E> {
    slot: usize,
    data: Vec<E>,
    rows: Range<usize>,
    width: usize,
}

impl<E: Element> Taken<E> {
    /// The rows at hand, to write.
    #[inline(always)]
    pub fn matrix(&mut self) -> MatrixMut<'_, E> {
        let range = self.rows.start * self.width..self.rows.end * self.width;
        MatrixMut::new(&mut self.data[range], self.rows.len(), self.width)
    }

    /// The rows at hand as one slice.
    #[inline(always)]
    pub fn slice(&mut self) -> &mut [E] {
        &mut self.data[self.rows.start * self.width..self.rows.end * self.width]
    }
}

impl<E: Element> View<'_, E> {
    #[inline(always)]
    fn place(&self, operand: Operand) -> (usize, Range<usize>, usize) {
        let Some((slot, rows)) = self.shard.place(self.plan, operand, self.span) else {
            unreachable!("{operand:?} has no storage: the plan missed a reader");
        };
        (slot, rows, self.program.values[operand.value()].width)
    }

    /// The rows at hand of a value or gradient.
    #[must_use]
    #[inline(always)]
    pub fn matrix(&self, operand: Operand) -> Matrix<'_, E> {
        let (slot, rows, width) = self.place(operand);
        Matrix::new(&self.shard.slots[slot][rows.start * width..rows.end * width], rows.len(), width)
    }

    /// The product of a state with its weights, at the step at hand.
    #[must_use]
    #[inline(always)]
    pub fn recurrent(&self, op: &Linear, state: ValueId) -> Recurrent<'_, E> {
        Recurrent {
            state: self.matrix(Operand::Value(state)),
            weight: self.weights.packed(op.forward),
            bias: op.bias.map(|bias| self.weights.slice(bias)),
            last_first: matches!(self.span, Span::Step { t, .. } if (self.start() + t) % 2 == 1),
        }
    }

    /// The rows at hand of a value or gradient as one slice.
    #[must_use]
    #[inline(always)]
    pub fn slice(&self, operand: Operand) -> &[E] {
        let (slot, rows, width) = self.place(operand);
        &self.shard.slots[slot][rows.start * width..rows.end * width]
    }

    /// Takes storage out to write; [`View::put`] brings it back.
    #[inline(always)]
    pub fn take(&mut self, operand: Operand) -> Taken<E> {
        let (slot, rows, width) = self.place(operand);
        Taken { slot, data: std::mem::take(&mut self.shard.slots[slot]), rows, width }
    }

    /// Brings storage back.
    #[inline(always)]
    pub fn put(&mut self, taken: Taken<E>) {
        self.shard.slots[taken.slot] = taken.data;
    }

    /// The ids at hand.
    #[must_use]
    pub fn ids(&self, value: ValueId) -> &[u32] {
        self.shard.ids(value, self.program.values[value].axis)
    }

    /// Copies rows at hand of one slot onto others of it.
    pub fn copy_within(&mut self, to: Operand, from: Operand) {
        let ((slot, to, width), (_, from, _)) = (self.place(to), self.place(from));
        self.shard.slots[slot].copy_within(from.start * width..from.end * width, to.start * width);
    }

    /// Whether a value has a gradient.
    #[must_use]
    pub fn has_gradient(&self, value: ValueId) -> bool {
        self.plan.has_gradient(value)
    }

    /// Zeroes the rows at hand of a gradient.
    pub fn zero(&mut self, value: ValueId) {
        self.clear(Operand::Gradient(value));
    }

    /// Zeroes the rows at hand.
    pub fn clear(&mut self, operand: Operand) {
        let mut taken = self.take(operand);
        taken.slice().fill(E::ZERO);
        self.put(taken);
    }

    /// Adds to the gradient of a value, if it has one, what `add` adds.
    pub fn add_gradient(&mut self, value: ValueId, add: impl FnOnce(&Self, &mut Taken<E>)) {
        if self.has_gradient(value) {
            let mut taken = self.take(Operand::Gradient(value));
            add(self, &mut taken);
            self.put(taken);
        }
    }

    /// The step of a row at hand of a value over time.
    #[must_use]
    pub fn step_of(&self, value: ValueId, row: usize) -> Option<usize> {
        match self.span {
            Span::Step { t, .. } => Some(self.start() + t),
            Span::All => {
                let schedule = &self.shard.schedules[self.program.values[value].axis?];
                let t = (0..schedule.steps()).find(|&t| schedule.step(t).contains(&row));
                t.map(|t| self.start() + t)
            }
        }
    }

    /// The step that the segment at hand begins with.
    fn start(&self) -> usize {
        self.shard.segment.map_or(0, |segment| segment.start)
    }

    /// The schedule of a value over time.
    #[must_use]
    pub fn schedule(&self, value: ValueId) -> &Schedule {
        let Some(axis) = self.program.values[value].axis else {
            unreachable!("'{}' has no axis", self.program.values[value].name);
        };
        &self.shard.schedules[axis]
    }
}
