//! The queries of an attention, memory by memory: those of a row read the same, and so do beams of one source.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::program::{Form, ValueId};
use crate::storage::{Item, Schedule, Span, View};

/// The most queries that are handled together; a tuned number that changes no bit of a result.
pub(super) const TOGETHER: usize = 16;

/// Some queries of one memory, in the order in which they are visited: those of a row, or of rows that share it.
pub(super) struct Queries {
    /// The rows of the shard.
    rows: [usize; TOGETHER],
    places: [u32; TOGETHER],
    steps: [usize; TOGETHER],
    count: usize,
}

impl Queries {
    fn none() -> Self {
        Self { rows: [0; TOGETHER], places: [0; TOGETHER], steps: [0; TOGETHER], count: 0 }
    }

    /// Adds a query, after a visit of those before unless it joins them and there is room.
    fn add(&mut self, joins: bool, (row, place, step): (usize, usize, usize), visit: &mut impl FnMut(&Self)) {
        if !joins || self.count == TOGETHER {
            self.end(visit);
        }
        self.rows[self.count] = row;
        (self.places[self.count], self.steps[self.count]) = (place as u32, step);
        self.count += 1;
    }

    /// Visits the queries that are left.
    fn end(&mut self, visit: &mut impl FnMut(&Self)) {
        if self.count > 0 {
            visit(self);
            self.count = 0;
        }
    }

    /// A row whose memory is that of all queries.
    pub(super) fn row(&self) -> usize {
        self.rows[0]
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The places of some of the queries among the rows of the span.
    pub(super) fn places(&self, range: Range<usize>) -> &[u32] {
        &self.places[..self.count][range]
    }

    /// The row and the step of each query; step 0 without an axis.
    pub(super) fn items(&self) -> impl Iterator<Item = (usize, usize)> {
        self.rows[..self.count].iter().copied().zip(self.steps[..self.count].iter().copied())
    }

    /// Calls `visit` with all rows of `value` within the span: from the first step to the last, or in the order in which
    /// backward visits time. Nodes and edges of a forest come one by one; rows that share their stretch of `memory` together.
    pub(super) fn for_each<E: Element>(
        f: &View<'_, E>,
        (value, memory): (ValueId, &Schedule),
        back: bool,
        mut visit: impl FnMut(&Self),
    ) {
        let (mut queries, shared) = (Self::none(), memory.is_shared());
        // The memory of the first query is that of the others.
        let same = |queries: &Self, row: usize| {
            shared && queries.count > 0 && memory.row_range(queries.row()) == memory.row_range(row)
        };
        let chain = |axis: &usize| f.span == Span::All && f.program.forms[*axis] == Form::Chain;
        let Some(axis) = f.program.values[value].axis.filter(chain) else {
            let mut next = |Item { row, place, t, .. }: Item| {
                queries.add(same(&queries, row), (row, place, t), &mut visit);
            };
            if back {
                f.items_back(value).for_each(&mut next);
            } else {
                f.items(value).for_each(&mut next);
            }
            return queries.end(&mut visit);
        };
        let schedule = &f.shard.schedules[axis];
        for (position, row) in (0..schedule.steps().min(1)).flat_map(|t| schedule.rows_at(t)).enumerate() {
            let count = (0..schedule.steps()).take_while(|&t| position < schedule.items_at(t)).count();
            for nth in 0..count {
                let t = if back && !f.reverse { count - 1 - nth } else { nth };
                let joins = nth > 0 || same(&queries, row);
                queries.add(joins, (row, schedule.offset(t) + position, t), &mut visit);
            }
        }
        queries.end(&mut visit);
    }
}
