//! A shard: the rows of a batch that one thread takes through a program, with storage for their values and gradients.

use std::ops::Range;

use unrolled_kernels::Element;

use super::{Alignment, Part, PartialSums, ROW_GROUP, Schedule, SumBlock, Tally};
use crate::program::{Operand, Plan, Space, ValueId};
use crate::{Error, Result};

/// Consecutive rows of a batch and their storage.
#[derive(Default)]
pub struct Shard<E> {
    /// The rows of the batch.
    pub rows: Range<usize>,
    /// By axis: the layout of its steps; inside a segment, of that segment's.
    pub schedules: Vec<Schedule>,
    /// By axis: the steps of each segment, where sections run segment by segment.
    pub segments: Vec<Vec<Schedule>>,
    /// Steps of a segment.
    pub segment_steps: usize,
    /// The segment that runs.
    pub segment: Option<Segment>,
    /// By contribution: its sums so far, where its section runs segment by segment.
    pub sums: Vec<PartialSums<E>>,
    /// By target: the losses of its items.
    pub tallies: Vec<Tally>,
    /// The blocks of sums over rows; spare ones follow those in use.
    pub row_blocks: Vec<SumBlock>,
    /// By slot of the plan.
    pub slots: Vec<Vec<E>>,
    /// By value, for ids: in the order of their schedule, or by row.
    pub ids: Vec<Vec<u32>>,
    /// By value, for alignments that leave the program: their weights. For a coverage: the sums before each query or, without a
    /// backward, before the next one.
    pub alignments: Vec<Alignment<E>>,
    /// By value, for a coverage: the gradient of the sums after the query that backward comes to.
    pub coverage_gradients: Vec<Alignment<E>>,
    /// By contribution: the steps that name rows of a table, in the order of the sums.
    pub table_entries: Vec<Vec<TableEntry>>,
    /// Room for numbers that live within one operation.
    pub scratch: Vec<E>,
    /// The rows whose held values lie in the slots: the version of their list, and those of the shard.
    pub held: Option<(u64, Range<usize>)>,
}

/// A segment of time that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The axis.
    pub axis: usize,
    /// The first step.
    pub start: usize,
    /// The first step's place among all steps.
    pub base: usize,
    /// The number of segments that run before it.
    pub order: usize,
}

/// A step that names a row of a table, ordered as the sums of a table's gradient are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableEntry {
    /// The row group.
    pub row_group: u32,
    /// The row of the table.
    pub id: u32,
    /// The number of the row group's block, in the order in which backward visits them.
    pub block: u32,
    /// The place of the step.
    pub place: u32,
}

/// All steps, or one step of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All steps together.
    All,
    /// Step `t` of an axis.
    Step {
        /// The axis.
        axis: usize,
        /// The step.
        t: usize,
    },
}

impl<E: Element> Shard<E> {
    /// Rows or steps of a space.
    #[must_use]
    #[inline(always)]
    pub fn count(&self, space: Space) -> usize {
        match space {
            Space::Rows => self.rows.len(),
            Space::PingPong => 2 * self.rows.len(),
            Space::Axis(axis) => self.schedules[axis].items(),
            Space::Step(axis) => self.schedules[axis].widest(),
            Space::Segment(axis) => self.segments[axis].iter().map(Schedule::items).max().unwrap_or(0),
            Space::Checkpoints(axis) => (self.segments[axis].len() + 1) * self.rows.len(),
        }
    }

    /// The rows of a space within a span.
    #[must_use]
    #[inline(always)]
    pub fn range(&self, space: Space, span: Span) -> Range<usize> {
        match (space, span) {
            (Space::Axis(axis) | Space::Segment(axis), Span::Step { axis: stepping, t })
                if axis == stepping || self.schedules[axis].goes_with(stepping) =>
            {
                let base = self.base(space);
                let step = self.schedules[axis].step(t);
                base + step.start..base + step.end
            }
            (Space::Axis(axis) | Space::Segment(axis), _) => {
                let base = self.base(space);
                base..base + self.schedules[axis].items()
            }
            (Space::Step(axis), Span::Step { t, .. }) => 0..self.schedules[axis].items_at(t),
            (space, _) => 0..self.count(space),
        }
    }

    /// The place in a space where the running segment begins.
    #[inline(always)]
    fn base(&self, space: Space) -> usize {
        match &self.segment {
            Some(segment) if space == Space::Axis(segment.axis) => segment.base,
            _ => 0,
        }
    }

    /// The steps of an axis that run now, among all of them.
    #[must_use]
    pub fn part(&self, axis: usize) -> Part<'_> {
        let steps = &self.schedules[axis];
        match self.segment.filter(|segment| segment.axis == axis) {
            // The schedule of the whole axis waits in the place of the segment's.
            Some(Segment { start, .. }) => {
                Part { whole: &self.segments[axis][start / self.segment_steps], steps, start }
            }
            None => Part { whole: steps, steps, start: 0 },
        }
    }

    /// The ids of a value within a span, inside a segment those of its steps.
    #[must_use]
    pub fn ids(&self, value: ValueId, axis: Option<usize>, span: Span) -> &[u32] {
        match axis {
            Some(axis) => &self.ids[value][self.range(Space::Axis(axis), span)],
            None => &self.ids[value],
        }
    }

    /// The slot of an operand, and its rows within a span.
    #[must_use]
    #[inline(always)]
    pub fn place(&self, plan: &Plan, operand: Operand, span: Span) -> Option<(usize, Range<usize>)> {
        let (slot, space) = plan.place(operand)?;
        let rows = self.rows.len();
        let range = match operand {
            Operand::Checkpoint(_, at) => {
                let at = if space == Space::PingPong { at % 2 } else { at };
                at * rows..(at + 1) * rows
            }
            Operand::CheckpointGradient(..) => 0..rows,
            Operand::Value(_) | Operand::Gradient(_) => self.range(space, span),
        };
        Some((slot, range))
    }

    /// Bytes held: the slots, ids, sums and schedules.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let slots: usize = self.slots.iter().map(|slot| slot.capacity() * size_of::<E>()).sum();
        let ids: usize = self.ids.iter().map(|ids| ids.capacity() * size_of::<u32>()).sum();
        let schedules = self.schedules.iter().chain(self.segments.iter().flatten());
        let sums: usize = self.sums.iter().map(PartialSums::bytes).sum();
        let tallies: usize = self.tallies.iter().map(Tally::bytes).sum();
        let alignments: usize =
            self.alignments.iter().chain(&self.coverage_gradients).map(Alignment::bytes).sum();
        slots + ids + alignments + sums + tallies + schedules.map(Schedule::bytes).sum::<usize>()
    }

    /// The blocks of sums over the rows or steps of a space, row group by row group.
    pub fn row_groups(&self, space: Space) -> impl Iterator<Item = &[SumBlock]> {
        let blocks = match space {
            Space::Rows | Space::PingPong => &self.row_blocks[..self.rows.len().div_ceil(ROW_GROUP)],
            Space::Axis(axis) | Space::Step(axis) | Space::Segment(axis) | Space::Checkpoints(axis) => {
                self.schedules[axis].blocks()
            }
        };
        blocks.chunk_by(|a, b| a.row_group == b.row_group)
    }

    /// Makes room for all slots; the room of a larger batch stays.
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
