//! The queries of an attention, row by row: those of a row read the same memory.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::program::ValueId;
use crate::storage::{Span, View};

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
    /// backward visits time.
    pub(super) fn for_each<E: Element>(
        f: &View<'_, E>,
        value: ValueId,
        back: bool,
        mut visit: impl FnMut(&Self),
    ) {
        let Some(axis) = f.program.values[value].axis else {
            for row in 0..f.shard.rows.len() {
                let mut queries = Self::of(row);
                queries.push(row, 0);
                visit(&queries);
            }
            return;
        };
        let schedule = &f.shard.schedules[axis];
        let steps = match f.span {
            Span::All => 0..schedule.steps(),
            Span::Step { t, .. } => t..t + 1,
        };
        if steps.is_empty() {
            return;
        }
        let base = schedule.offset(steps.start);
        for (position, row) in schedule.rows_at(steps.start).enumerate() {
            let count = steps.clone().take_while(|&t| position < schedule.items_at(t)).count();
            let mut queries = Self::of(row);
            for nth in 0..count {
                let t = steps.start + if back && !f.reverse { count - 1 - nth } else { nth };
                queries.push(schedule.offset(t) + position - base, t);
                if queries.count == TOGETHER || nth + 1 == count {
                    visit(&queries);
                    queries.count = 0;
                }
            }
        }
    }
}
