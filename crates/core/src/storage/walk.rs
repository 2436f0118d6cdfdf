//! The rows of a value that a view walks: items of an axis, or rows of the shard.

use unrolled_kernels::Element;

use super::{Part, Schedule, Span, View};
use crate::program::ValueId;

/// A row of a value within a span: an item of an axis, or a row of the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The place among the rows of the span.
    pub place: usize,
    /// The row of the shard.
    pub row: usize,
    /// The step, or the number of the node; 0 without an axis.
    pub t: usize,
}

impl Item {
    /// The row of a value that holds the item; a `whole` one is the same at every step.
    #[must_use]
    #[inline(always)]
    pub fn of(self, whole: bool) -> usize {
        if whole { self.row } else { self.place }
    }
}

impl<E: Element> View<'_, E> {
    /// The rows of a value within the span, in their order: items of its axis, or rows of the shard.
    pub fn items(&self, value: ValueId) -> impl Iterator<Item = Item> {
        self.items_in_order(value, false)
    }

    /// The rows of a value within the span, step by step in the order in which backward visits time.
    pub fn items_back(&self, value: ValueId) -> impl Iterator<Item = Item> {
        self.items_in_order(value, !self.reverse)
    }

    /// The rows of a value within the span, step by step from the first step or, `descending`, from the last.
    pub fn items_in_order(&self, value: ValueId, descending: bool) -> impl Iterator<Item = Item> {
        let axis = self.program.values[value].axis;
        let rows = if axis.is_none() { 0..self.shard.rows.len() } else { 0..0 };
        let rows = rows.map(|row| Item { place: row, row, t: 0 });
        let steps = axis.map(|axis| &self.shard.schedules[axis]).into_iter().flat_map(move |schedule| {
            let steps = match self.span {
                Span::All => 0..schedule.steps(),
                Span::Step { t, .. } => t..t + 1,
            };
            let (base, first, last) = (schedule.offset(steps.start), steps.start, steps.end);
            let order = steps.map(move |t| if descending { first + last - 1 - t } else { t });
            order.flat_map(move |t| {
                let places = schedule.step(t).map(move |place| place - base);
                places.zip(schedule.rows_at(t)).map(move |(place, row)| Item {
                    place,
                    row,
                    t: schedule.number(t, base + place),
                })
            })
        });
        rows.chain(steps)
    }

    /// The row and step of an item among those of the whole run, as random numbers count them.
    #[must_use]
    pub fn place_of(&self, item: Item) -> [u64; 2] {
        let row = self.rng_key.row + (self.shard.rows.start + item.row) as u64;
        [row, self.rng_key.time + item.t as u64]
    }

    /// The step of a place within the span of a value over time; of a node its number.
    #[must_use]
    pub fn step_of(&self, value: ValueId, place: usize) -> Option<usize> {
        let schedule = self.program.values[value].axis.map(|axis| &self.shard.schedules[axis]);
        let Some(schedule) = schedule else {
            return match self.span {
                Span::Step { t, .. } => Some(self.start() + t),
                Span::All => None,
            };
        };
        let (t, place) = match self.span {
            Span::Step { t, .. } => (t, schedule.offset(t) + place),
            Span::All => ((0..schedule.steps()).find(|&t| schedule.step(t).contains(&place))?, place),
        };
        Some(self.start() + schedule.number(t, place))
    }

    /// The first step of the segment that runs.
    #[must_use]
    pub fn start(&self) -> usize {
        self.shard.segment.map_or(0, |segment| segment.start)
    }

    /// The schedule of a value over time.
    #[must_use]
    pub fn schedule(&self, value: ValueId) -> &Schedule {
        &self.shard.schedules[self.axis(value)]
    }

    fn axis(&self, value: ValueId) -> usize {
        let Some(axis) = self.program.values[value].axis else {
            unreachable!("'{}' has no axis", self.program.values[value].name);
        };
        axis
    }

    /// The steps of a value over time that run now, among all of them.
    #[must_use]
    pub fn part(&self, value: ValueId) -> Part<'_> {
        self.shard.part(self.axis(value))
    }

    /// True for a vector among sequences: `input` is the same at every step of `output`.
    #[must_use]
    pub fn is_whole(&self, input: ValueId, output: ValueId) -> bool {
        self.program.values[input].axis.is_none() && self.program.values[output].axis.is_some()
    }
}
