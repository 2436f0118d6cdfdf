//! The view that an operation gets of a shard.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Recurrent, Team};

use super::{Batch, Shard, Span, Weights};
use crate::program::{Linear, Operand, Plan, Program, ValueId};

/// The key of random masks.
#[derive(Clone, Copy, Debug, Default)]
pub struct RngKey {
    /// True in training; without, no masks are drawn.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// The step of the optimizer.
    pub step: u64,
    /// The step of time that the batch begins with.
    pub time: u64,
    /// The number of rows of the step in earlier batches.
    pub row: u64,
}

/// The losses of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses<'a> {
    /// By target: the factor of its losses in the gradient.
    pub scales: &'a [f64],
    /// The first step of time that has losses.
    pub from: usize,
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
    /// The batch, where losses find their targets.
    pub batch: &'a Batch<E>,
    /// The factors and the reach of losses.
    pub losses: Losses<'a>,
    /// The rows.
    pub shard: &'a mut Shard<E>,
    /// The span of time.
    pub span: Span,
    /// The key of the masks.
    pub rng_key: RngKey,
    /// True if backward visits time from the first step to the last.
    pub reverse: bool,
    /// True if the run stops at the first value that is not finite.
    pub inspect: bool,
}

/// The ids of a value, row by row or step by step.
#[derive(Clone, Copy, Debug)]
pub enum RowIds<'a, E> {
    /// Given or shifted.
    Given(&'a [u32]),
    /// Computed, as numbers.
    Computed(&'a [E]),
}

impl<E: Element> RowIds<'_, E> {
    /// The id at a place.
    #[must_use]
    #[inline(always)]
    pub fn at(self, place: usize) -> u32 {
        match self {
            Self::Given(ids) => ids[place],
            Self::Computed(numbers) => numbers[place].to_f64() as u32,
        }
    }
}

/// Storage taken out of the shard, so that it can be written while the rest is read.
pub struct Taken<E> {
    slot: usize,
    data: Vec<E>,
    rows: Range<usize>,
    width: usize,
}

impl<E: Element> Taken<E> {
    /// The rows, to write.
    #[inline(always)]
    pub fn matrix(&mut self) -> MatrixMut<'_, E> {
        let range = self.rows.start * self.width..self.rows.end * self.width;
        MatrixMut::new(&mut self.data[range], self.rows.len(), self.width)
    }

    /// The rows as one slice.
    #[inline(always)]
    pub fn slice(&mut self) -> &mut [E] {
        &mut self.data[self.rows.start * self.width..self.rows.end * self.width]
    }
}

impl<E: Element> View<'_, E> {
    #[inline(always)]
    fn place(&self, operand: Operand, span: Span) -> (usize, Range<usize>, usize) {
        let Some((slot, rows)) = self.shard.place(self.plan, operand, span) else {
            unreachable!("{operand:?} has no storage: the plan missed a reader");
        };
        (slot, rows, self.program.values[operand.value()].width)
    }

    /// The rows of a value or gradient within the span.
    #[must_use]
    #[inline(always)]
    pub fn matrix(&self, operand: Operand) -> Matrix<'_, E> {
        self.matrix_at(operand, self.span)
    }

    /// The rows of a value or gradient within another span.
    #[must_use]
    #[inline(always)]
    pub fn matrix_at(&self, operand: Operand, span: Span) -> Matrix<'_, E> {
        let (slot, rows, width) = self.place(operand, span);
        Matrix::new(&self.shard.slots[slot][rows.start * width..rows.end * width], rows.len(), width)
    }

    /// The rows of a value or gradient within the span, as one slice.
    #[must_use]
    #[inline(always)]
    pub fn slice(&self, operand: Operand) -> &[E] {
        self.slice_at(operand, self.span)
    }

    /// The rows of a value or gradient within another span, as one slice.
    #[must_use]
    #[inline(always)]
    pub fn slice_at(&self, operand: Operand, span: Span) -> &[E] {
        let (slot, rows, width) = self.place(operand, span);
        &self.shard.slots[slot][rows.start * width..rows.end * width]
    }

    /// Calls `write` with the rows of an operand within the span, to write while all others are read.
    #[inline(always)]
    pub fn write(&mut self, operand: Operand, write: impl FnOnce(&Self, &mut Taken<E>)) {
        self.write_at(operand, self.span, write);
    }

    /// Calls `write` with the rows of an operand within another span.
    #[inline(always)]
    pub fn write_at(&mut self, operand: Operand, span: Span, write: impl FnOnce(&Self, &mut Taken<E>)) {
        let mut taken = self.take(operand, span);
        write(self, &mut taken);
        self.put(taken);
    }

    /// Calls `write` with the rows of several operands in storage of their own.
    #[inline(always)]
    pub fn write_all<const N: usize>(
        &mut self,
        operands: [Operand; N],
        write: impl FnOnce(&Self, &mut [Taken<E>; N]),
    ) {
        let mut taken = operands.map(|operand| self.take(operand, self.span));
        write(self, &mut taken);
        taken.into_iter().for_each(|taken| self.put(taken));
    }

    /// Calls `write` with the rows of those of several operands that are wanted, in storage of their own.
    #[inline(always)]
    pub fn write_some<const N: usize>(
        &mut self,
        operands: [Option<Operand>; N],
        write: impl FnOnce(&Self, &mut [Option<Taken<E>>; N]),
    ) {
        let mut taken = operands.map(|operand| operand.map(|operand| self.take(operand, self.span)));
        write(self, &mut taken);
        taken.into_iter().flatten().for_each(|taken| self.put(taken));
    }

    /// Calls `work` with scratch numbers, whose contents nobody reads before or after.
    pub fn with_scratch(&mut self, work: impl FnOnce(&mut Self, &mut Vec<E>)) {
        let mut scratch = std::mem::take(&mut self.shard.scratch);
        work(self, &mut scratch);
        self.shard.scratch = scratch;
    }

    #[inline(always)]
    fn take(&mut self, operand: Operand, span: Span) -> Taken<E> {
        let (slot, rows, width) = self.place(operand, span);
        Taken { slot, data: std::mem::take(&mut self.shard.slots[slot]), rows, width }
    }

    #[inline(always)]
    fn put(&mut self, taken: Taken<E>) {
        self.shard.slots[taken.slot] = taken.data;
    }

    /// The ids of a value within the span.
    #[must_use]
    pub fn ids(&self, value: ValueId) -> RowIds<'_, E> {
        match self.program.values[value].holds_ids() {
            true => RowIds::Given(self.shard.ids(value, self.program.values[value].axis, self.span)),
            false => RowIds::Computed(self.slice(Operand::Value(value))),
        }
    }

    /// Copies rows of one slot onto others of it.
    pub fn copy_within(&mut self, to: Operand, from: Operand) {
        let ((slot, to, width), (_, from, _)) = (self.place(to, self.span), self.place(from, self.span));
        self.shard.slots[slot].copy_within(from.start * width..from.end * width, to.start * width);
    }

    /// True for a value with a gradient.
    #[must_use]
    pub fn has_gradient(&self, value: ValueId) -> bool {
        self.plan.has_gradient(value)
    }

    /// True at the leaves, the first level of a loop up a forest, for a value of children alone: it is zeros.
    #[must_use]
    #[inline(always)]
    pub fn has_no_children(&self, value: ValueId) -> bool {
        self.program.values[value].of_children && matches!(self.span, Span::Step { t: 0, .. })
    }

    /// Zeroes the gradient of a value within the span.
    pub fn zero(&mut self, value: ValueId) {
        self.clear(Operand::Gradient(value));
    }

    /// Zeroes an operand within the span.
    pub fn clear(&mut self, operand: Operand) {
        self.write(operand, |_, rows| rows.slice().fill(E::ZERO));
    }

    /// Calls `add` with the gradient of a value, if it has one.
    #[inline(always)]
    pub fn add_gradient(&mut self, value: ValueId, add: impl FnOnce(&Self, &mut Taken<E>)) {
        if self.has_gradient(value) {
            self.write(Operand::Gradient(value), add);
        }
    }

    /// The product of a state with its weights, at the step of a loop.
    #[must_use]
    #[inline(always)]
    pub fn recurrent(&self, op: &Linear, state: ValueId) -> Recurrent<'_, E> {
        Recurrent {
            state: self.matrix(Operand::Value(state)),
            weight: self.weights.packed(op.forward),
            bias: op.bias.map(|bias| self.weights.slice(bias)),
            reversed: matches!(self.span, Span::Step { t, .. } if (self.start() + t) % 2 == 1),
        }
    }
}
