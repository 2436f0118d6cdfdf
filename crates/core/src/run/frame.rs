//! A block of rows on its way through a program, and the view of it that an operation gets.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Team};

use super::{SumBlock, Timeline, Weights};
use crate::program::{Operand, Plan, Program, Space, ValueId};
use crate::{Error, Result};

/// Consecutive rows of a batch, with storage for everything they become.
#[derive(Default)]
pub struct Block<E> {
    /// Which rows of the batch.
    pub rows: Range<usize>,
    /// By axis.
    pub timelines: Vec<Timeline>,
    /// The blocks of sums over rows.
    pub row_blocks: Vec<SumBlock>,
    /// By slot of the plan.
    pub slots: Vec<Vec<E>>,
    /// By value, for ids: in the order of their timeline, or by row.
    pub ids: Vec<Vec<u32>>,
}

impl<E: Element> Block<E> {
    /// Rows or steps of a space.
    #[must_use]
    pub fn count(&self, space: Space) -> usize {
        match space {
            Space::Rows => self.rows.len(),
            Space::Axis(axis) => self.timelines[axis].count(),
            Space::Step(axis) => self.timelines[axis].rows(),
        }
    }

    /// Bytes held: the slots, ids and lists of places.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let slots: usize = self.slots.iter().map(|slot| slot.capacity() * size_of::<E>()).sum();
        let ids: usize = self.ids.iter().map(|ids| ids.capacity() * size_of::<u32>()).sum();
        slots + ids + self.timelines.iter().map(Timeline::bytes).sum::<usize>()
    }

    /// Makes room for all slots; what a larger batch needed stays.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn reserve(&mut self, plan: &Plan) -> Result<()> {
        self.slots.resize_with(plan.slots.len(), Vec::new);
        for (i, slot) in plan.slots.iter().enumerate() {
            let (rows, held) = (self.count(slot.space), self.slots[i].len());
            let full =
                || Error::size(format!("a value of {rows} rows by {} does not fit into memory", slot.width));
            let needed = rows.checked_mul(slot.width).ok_or_else(full)?;
            if held < needed {
                self.slots[i].try_reserve_exact(needed - held).map_err(|_| full())?;
                self.slots[i].resize(needed, E::ZERO);
            }
        }
        Ok(())
    }
}

/// All steps, or one step of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Everything at once.
    All,
    /// Step `t` of an axis.
    Step {
        /// The axis.
        axis: usize,
        /// The step.
        t: usize,
    },
}

/// What random masks depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noise {
    /// Whether there are any.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// The step of the optimizer.
    pub step: u64,
    /// Where in time the batch begins.
    pub time: u64,
}

/// An operation's view: the block, the weights and where in time it stands.
pub struct Frame<'a, E> {
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
    pub block: &'a mut Block<E>,
    /// The time.
    pub span: Span,
    /// The masks.
    pub noise: Noise,
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
    pub fn matrix(&mut self) -> MatrixMut<'_, E> {
        let range = self.rows.start * self.width..self.rows.end * self.width;
        MatrixMut::new(&mut self.data[range], self.rows.len(), self.width)
    }

    /// The rows at hand as one slice.
    pub fn slice(&mut self) -> &mut [E] {
        &mut self.data[self.rows.start * self.width..self.rows.end * self.width]
    }
}

impl<E: Element> Frame<'_, E> {
    fn place(&self, operand: Operand) -> (usize, Range<usize>, usize) {
        let Some((slot, space)) = self.plan.place(operand) else {
            unreachable!("{operand:?} has no storage: the plan missed a reader");
        };
        let (Operand::Value(value) | Operand::Gradient(value)) = operand;
        (slot, self.range(space), self.program.values[value].width)
    }

    /// The rows at hand of a space.
    #[must_use]
    pub fn range(&self, space: Space) -> Range<usize> {
        match (space, self.span) {
            (Space::Axis(axis), Span::Step { axis: stepping, t }) if axis == stepping => {
                self.block.timelines[axis].step(t)
            }
            (Space::Step(axis), Span::Step { t, .. }) => 0..self.block.timelines[axis].alive(t),
            (space, _) => 0..self.block.count(space),
        }
    }

    /// The rows at hand of a value or gradient.
    #[must_use]
    pub fn matrix(&self, operand: Operand) -> Matrix<'_, E> {
        let (slot, rows, width) = self.place(operand);
        Matrix::new(&self.block.slots[slot][rows.start * width..rows.end * width], rows.len(), width)
    }

    /// The rows at hand of a value or gradient as one slice.
    #[must_use]
    pub fn slice(&self, operand: Operand) -> &[E] {
        let (slot, rows, width) = self.place(operand);
        &self.block.slots[slot][rows.start * width..rows.end * width]
    }

    /// Takes storage out to write; [`Frame::put`] brings it back.
    pub fn take(&mut self, operand: Operand) -> Taken<E> {
        let (slot, rows, width) = self.place(operand);
        Taken { slot, data: std::mem::take(&mut self.block.slots[slot]), rows, width }
    }

    /// Brings storage back.
    pub fn put(&mut self, taken: Taken<E>) {
        self.block.slots[taken.slot] = taken.data;
    }

    /// Whether a value has a gradient.
    #[must_use]
    pub fn has_gradient(&self, value: ValueId) -> bool {
        self.plan.has_gradient(value)
    }

    /// Zeroes the rows at hand of a gradient.
    pub fn zero(&mut self, value: ValueId) {
        let mut taken = self.take(Operand::Gradient(value));
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
            Span::Step { t, .. } => Some(t),
            Span::All => {
                let timeline = &self.block.timelines[self.program.values[value].axis?];
                (0..timeline.steps()).find(|&t| timeline.step(t).contains(&row))
            }
        }
    }

    /// The timeline of a value over time.
    #[must_use]
    pub fn timeline(&self, value: ValueId) -> &Timeline {
        let Some(axis) = self.program.values[value].axis else {
            unreachable!("'{}' has no axis", self.program.values[value].name);
        };
        &self.block.timelines[axis]
    }
}
