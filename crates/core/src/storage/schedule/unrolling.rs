//! The loop over the steps of a schedule: the links between items, and the starts and ends of rows.

use super::chain::Schedule;

/// Items of a step that follow items of another step, both one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The other step.
    pub step: usize,
    /// The position of the first item there.
    pub from: usize,
    /// The position of the first item here.
    pub to: usize,
    /// The number of items.
    pub count: usize,
}

/// A loop over the steps of a schedule, in the order in which they run.
#[derive(Clone, Copy, Debug)]
pub struct Unrolling<'a> {
    schedule: &'a Schedule,
    reverse: bool,
}

impl<'a> Unrolling<'a> {
    /// The step that runs as number `i`.
    #[must_use]
    pub fn step(&self, i: usize) -> usize {
        if self.reverse { self.schedule.steps() - 1 - i } else { i }
    }

    /// The links from the items of step `t` to those that they follow, which ran before.
    pub fn predecessors(&self, t: usize) -> impl Iterator<Item = Link> + use<> {
        let count = self.going_on(t);
        let step = if self.reverse { t + 1 } else { t.wrapping_sub(1) };
        (count > 0).then_some(Link { step, from: 0, to: 0, count }).into_iter()
    }

    /// The links from the items of step `t` to those that follow them, which run later.
    pub fn successors(&self, t: usize) -> impl Iterator<Item = Link> + use<> {
        let step = if self.reverse { t.wrapping_sub(1) } else { t + 1 };
        let count = if step < self.schedule.steps() { self.going_on(step) } else { 0 };
        (count > 0).then_some(Link { step, from: 0, to: 0, count }).into_iter()
    }

    /// The items of step `t` that follow none, as (position, row).
    pub fn starting(&self, t: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        self.rows(self.going_on(t), self.schedule.items_at(t))
    }

    /// The items of step `t` that none follows, as (position, row).
    pub fn ending(&self, t: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (next, all) = (self.schedule.items_at(t + 1), self.schedule.items_at(t));
        match (self.reverse, t) {
            (true, 0) => self.rows(0, all),
            (true, _) => self.rows(0, 0),
            (false, _) => self.rows(next, all),
        }
    }

    /// The rows without items.
    pub fn idle(&self) -> impl Iterator<Item = usize> + use<'a> {
        self.rows(self.schedule.occupied(), self.schedule.rows()).map(|(_, row)| row)
    }

    fn rows(&self, start: usize, end: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let order = &self.schedule.order;
        (start..end).map(move |position| (position, order[position] as usize))
    }

    /// The number of items of step `t` that follow another.
    fn going_on(&self, t: usize) -> usize {
        match (self.reverse, t) {
            (true, _) => self.schedule.items_at(t + 1),
            (false, 0) => 0,
            (false, _) => self.schedule.items_at(t),
        }
    }
}

impl Schedule {
    /// The loop over the steps, from the first to the last or `reverse`d.
    #[must_use]
    #[inline(always)]
    pub fn unrolling(&self, reverse: bool) -> Unrolling<'_> {
        Unrolling { schedule: self, reverse }
    }
}
