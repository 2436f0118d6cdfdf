//! The queries of an attention, row by row: those of a row read the same memory.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::program::{Form, ValueId};
use crate::storage::{Item, Span, View};

/// The most queries that are handled together; a tuned number that changes no bit of a result.
pub(super) const TOGETHER: usize = 16;

/// Some queries of one row, in the order in which they are visited.
pub(super) struct Queries {
    /// The row of the shard.
    pub row: usize,
    places: [u32; TOGETHER],
    steps: [usize; TOGETHER],
    count: usize,
}

impl Queries {
    fn of(row: usize) -> Self {
        Self { row, places: [0; TOGETHER], steps: [0; TOGETHER], count: 0 }
    }

    fn push(&mut self, place: usize, step: usize) {
        (self.places[self.count], self.steps[self.count]) = (place as u32, step);
        self.count += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The places of some of the queries among the rows of the span.
    pub(super) fn places(&self, range: Range<usize>) -> &[u32] {
        &self.places[..self.count][range]
    }

    /// The steps of the queries; 0 without an axis.
    pub(super) fn steps(&self) -> &[usize] {
        &self.steps[..self.count]
    }

    /// Calls `visit` with all rows of `value` within the span: from the first step to the last, or in the order in which
    /// backward visits time. Nodes and edges of a forest come one by one, like the rows of a single step.
    pub(super) fn for_each<E: Element>(
        f: &View<'_, E>,
        value: ValueId,
        back: bool,
        mut visit: impl FnMut(&Self),
    ) {
        let chain = |axis: &usize| f.span == Span::All && f.program.forms[*axis] == Form::Chain;
        let Some(axis) = f.program.values[value].axis.filter(chain) else {
            let alone = |item: Item| {
                let mut queries = Self::of(item.row);
                queries.push(item.place, item.t);
                visit(&queries);
            };
            return if back { f.items_back(value).for_each(alone) } else { f.items(value).for_each(alone) };
        };
        let schedule = &f.shard.schedules[axis];
        for (position, row) in (0..schedule.steps().min(1)).flat_map(|t| schedule.rows_at(t)).enumerate() {
            let count = (0..schedule.steps()).take_while(|&t| position < schedule.items_at(t)).count();
            let mut queries = Self::of(row);
            for nth in 0..count {
                let t = if back && !f.reverse { count - 1 - nth } else { nth };
                queries.push(schedule.offset(t) + position, t);
                if queries.count == TOGETHER || nth + 1 == count {
                    visit(&queries);
                    queries.count = 0;
                }
            }
        }
    }
}
