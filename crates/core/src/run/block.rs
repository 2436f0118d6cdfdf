//! A block of rows on its way through a program: its storage, and which rows of it are at hand.

use std::ops::Range;

use unrolled_kernels::Element;

use super::granule::Summed;
use super::{GRANULE, Name, SumBlock, Timeline, Window};
use crate::program::{Operand, Plan, Space, ValueId};
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
