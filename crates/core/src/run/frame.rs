//! A block of rows on its way through a program, and the view of it that an operation gets.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Recurrent, Team};

use super::granule::Summed;
use super::{GRANULE, Name, SumBlock, Timeline, Weights, Window};
use crate::program::{Linear, Operand, Plan, Program, Space, ValueId};
use crate::{Error, Result};

/// Consecutive rows of a batch, with storage for everything they become.
#[derive(Default)]
pub struct Block<E> {
    /// Which rows of the batch.
    pub rows: Range<usize>,
    /// By axis; in a window that of its steps.
    pub timelines: Vec<Timeline>,
    /// By axis: the steps of each window, where groups run window by window.
    pub windows: Vec<Vec<Timeline>>,
    /// Steps of a window.
    pub window_steps: usize,
    /// Where the run stands, in a window.
    pub window: Option<Window>,
    /// By contribution: what its granules came to so far, where its group runs window by window.
    pub sums: Vec<Summed<E>>,
    /// The blocks of sums over rows; behind those there are, room for more.
    pub row_blocks: Vec<SumBlock>,
    /// By slot of the plan.
    pub slots: Vec<Vec<E>>,
    /// By value, for ids: in the order of their timeline, or by row.
    pub ids: Vec<Vec<u32>>,
    /// By contribution: what the steps name in a table.
    pub names: Vec<Vec<Name>>,
    /// Room for what lives within one operation.
    pub scratch: Vec<E>,
}

impl<E: Element> Block<E> {
    /// Rows or steps of a space.
    #[must_use]
    #[inline(always)]
    pub fn count(&self, space: Space) -> usize {
        match space {
            Space::Rows => self.rows.len(),
            Space::Turns => 2 * self.rows.len(),
            Space::Axis(axis) => self.timelines[axis].count(),
            Space::Step(axis) => self.timelines[axis].rows(),
            Space::Window(axis) => self.windows[axis].iter().map(Timeline::count).max().unwrap_or(0),
            Space::Borders(axis) => (self.windows[axis].len() + 1) * self.rows.len(),
        }
    }

    /// The rows of a space that are at hand.
    #[must_use]
    #[inline(always)]
    pub fn range(&self, space: Space, span: Span) -> Range<usize> {
        match (space, span) {
            (Space::Axis(axis) | Space::Window(axis), Span::Step { axis: stepping, t })
                if axis == stepping =>
            {
                let base = self.base(space);
                let step = self.timelines[axis].step(t);
                base + step.start..base + step.end
            }
            (Space::Axis(axis) | Space::Window(axis), _) => {
                let base = self.base(space);
                base..base + self.timelines[axis].count()
            }
            (Space::Step(axis), Span::Step { t, .. }) => 0..self.timelines[axis].alive(t),
            (space, _) => 0..self.count(space),
        }
    }

    /// Where the window at hand begins in a space.
    #[inline(always)]
    fn base(&self, space: Space) -> usize {
        match &self.window {
            Some(window) if space == Space::Axis(window.axis) => window.base,
            _ => 0,
        }
    }

    /// The ids at hand of a value.
    #[must_use]
    pub fn ids(&self, value: ValueId, axis: Option<usize>) -> &[u32] {
        match axis {
            Some(axis) => &self.ids[value][self.range(Space::Axis(axis), Span::All)],
            None => &self.ids[value],
        }
    }

    /// The rows at hand of an operand, with its slot.
    #[must_use]
    #[inline(always)]
    pub fn place(&self, plan: &Plan, operand: Operand, span: Span) -> Option<(usize, Range<usize>)> {
        let (slot, space) = plan.place(operand)?;
        let rows = self.rows.len();
        let range = match operand {
            Operand::Border(_, at) => {
                let at = if space == Space::Turns { at % 2 } else { at };
                at * rows..(at + 1) * rows
            }
            Operand::BorderGradient(..) => 0..rows,
            Operand::Value(_) | Operand::Gradient(_) => self.range(space, span),
        };
        Some((slot, range))
    }

    /// Bytes held: the slots, ids and lists of places.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let slots: usize = self.slots.iter().map(|slot| slot.capacity() * size_of::<E>()).sum();
        let ids: usize = self.ids.iter().map(|ids| ids.capacity() * size_of::<u32>()).sum();
        let timelines = self.timelines.iter().chain(self.windows.iter().flatten());
        let sums: usize = self.sums.iter().map(Summed::bytes).sum();
        slots + ids + sums + timelines.map(Timeline::bytes).sum::<usize>()
    }

    /// The blocks of sums over the rows or steps of a space, granule by granule.
    pub fn granules(&self, space: Space) -> impl Iterator<Item = &[SumBlock]> {
        let blocks = match space {
            Space::Rows | Space::Turns => &self.row_blocks[..self.rows.len().div_ceil(GRANULE)],
            Space::Axis(axis) | Space::Step(axis) | Space::Window(axis) | Space::Borders(axis) => {
                self.timelines[axis].blocks()
            }
        };
        blocks.chunk_by(|a, b| a.granule == b.granule)
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

impl<E: Element> Frame<'_, E> {
    #[inline(always)]
    fn place(&self, operand: Operand) -> (usize, Range<usize>, usize) {
        let Some((slot, rows)) = self.block.place(self.plan, operand, self.span) else {
            unreachable!("{operand:?} has no storage: the plan missed a reader");
        };
        (slot, rows, self.program.values[operand.value()].width)
    }

    /// The rows at hand of a value or gradient.
    #[must_use]
    #[inline(always)]
    pub fn matrix(&self, operand: Operand) -> Matrix<'_, E> {
        let (slot, rows, width) = self.place(operand);
        Matrix::new(&self.block.slots[slot][rows.start * width..rows.end * width], rows.len(), width)
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
        &self.block.slots[slot][rows.start * width..rows.end * width]
    }

    /// Takes storage out to write; [`Frame::put`] brings it back.
    #[inline(always)]
    pub fn take(&mut self, operand: Operand) -> Taken<E> {
        let (slot, rows, width) = self.place(operand);
        Taken { slot, data: std::mem::take(&mut self.block.slots[slot]), rows, width }
    }

    /// Brings storage back.
    #[inline(always)]
    pub fn put(&mut self, taken: Taken<E>) {
        self.block.slots[taken.slot] = taken.data;
    }

    /// The ids at hand.
    #[must_use]
    pub fn ids(&self, value: ValueId) -> &[u32] {
        self.block.ids(value, self.program.values[value].axis)
    }

    /// Copies rows at hand of one slot onto others of it.
    pub fn copy_within(&mut self, to: Operand, from: Operand) {
        let ((slot, to, width), (_, from, _)) = (self.place(to), self.place(from));
        self.block.slots[slot].copy_within(from.start * width..from.end * width, to.start * width);
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
                let timeline = &self.block.timelines[self.program.values[value].axis?];
                let t = (0..timeline.steps()).find(|&t| timeline.step(t).contains(&row));
                t.map(|t| self.start() + t)
            }
        }
    }

    /// The step that the window at hand begins with.
    fn start(&self) -> usize {
        self.block.window.map_or(0, |window| window.start)
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
