//! The course of the merges: which states stood side by side, and which became one.
//!
//! A node of a row of T steps is a number: step t is t, the state of merge t is T + t. Each step has numbers of its own:
//! what its merge joined, who stood beside the result, and of each of its three candidates the score, the slope of the
//! loss by the score, and the merge that chose it.

use unrolled_kernels::{Element, Matrix, MatrixMut};

use crate::storage::Schedule;

/// Vectors of a state: h and c.
pub(super) const STATE: usize = 2;

/// Families of candidates: two neighboring steps, a merge's state with the one before it, and with the one after it.
pub(super) const FAMILIES: [usize; 3] = [ADJACENT, BEFORE, AFTER];
pub(super) const ADJACENT: usize = 0;
const BEFORE: usize = 1;
const AFTER: usize = 2;

/// Numbers of a step.
pub(super) const WIDTH: usize = 13;
const CHILDREN: usize = 0;
const NEIGHBORS: usize = 2;
const SCORES: usize = 4;
const SLOPES: usize = 7;
const CHOSEN: usize = 10;

/// A node left of another.
pub(super) type Pair = [usize; 2];

/// A row of a schedule.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) steps: &'a Schedule,
    pub(super) row: usize,
    /// Steps of the row.
    pub(super) length: usize,
    position: usize,
}

/// The rows that have a step `t`, in the order of the places.
pub(super) fn rows_at(steps: &Schedule, t: usize) -> impl Iterator<Item = Row<'_>> {
    let rows = steps.rows_at(t).enumerate();
    rows.map(move |(position, row)| Row { steps, row, length: steps.items_in(row), position })
}

impl Row<'_> {
    /// The place of a step.
    pub(super) fn place(&self, step: usize) -> usize {
        self.steps.offset(step) + self.position
    }

    /// The place and the columns of a node's gradient, where that of a step and that of a merge have `width` together.
    pub(super) fn gradient(&self, node: usize, width: usize) -> (usize, std::ops::Range<usize>) {
        match node.checked_sub(self.length) {
            None => (self.place(node), 0..width / 2),
            Some(merge) => (self.place(merge), width / 2..width),
        }
    }

    /// The candidate of two neighbors, found by the later of the two.
    pub(super) fn candidate(&self, [left, right]: Pair) -> Candidate {
        let latest = left.max(right);
        let (family, step) = match latest.checked_sub(self.length) {
            None => (ADJACENT, left),
            Some(step) if latest == right => (BEFORE, step),
            Some(step) => (AFTER, step),
        };
        Candidate { family, place: self.place(step) }
    }
}

/// A composition of two neighbors.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) family: usize,
    pub(super) place: usize,
}

impl Candidate {
    /// Its columns, where each family has `width`.
    pub(super) fn columns(self, width: usize) -> std::ops::Range<usize> {
        self.family * width..(self.family + 1) * width
    }
}

/// The nodes of each row that are left, in a list at the places of its steps.
pub(super) struct Frontier<'a, E>(pub(super) &'a mut [E]);

impl<E: Element> Frontier<'_, E> {
    pub(super) fn set(&mut self, row: Row<'_>, p: usize, node: usize) {
        self.0[row.place(p)] = E::from_f64(node as f64);
    }

    pub(super) fn node(&self, row: Row<'_>, p: usize) -> usize {
        self.0[row.place(p)].to_f64() as usize
    }

    pub(super) fn pair(&self, row: Row<'_>, p: usize) -> Pair {
        [self.node(row, p), self.node(row, p + 1)]
    }

    /// Puts a node in the place of the `p`-th of `count` and the one after it.
    pub(super) fn merge(&mut self, row: Row<'_>, p: usize, count: usize, node: usize) {
        self.set(row, p, node);
        (p + 1..count - 1).for_each(|p| self.0[row.place(p)] = self.0[row.place(p + 1)]);
    }

    /// Puts the two nodes back, of `count` then.
    pub(super) fn part(&mut self, row: Row<'_>, p: usize, count: usize, [left, right]: Pair) {
        (p + 2..count).rev().for_each(|p| self.0[row.place(p)] = self.0[row.place(p - 1)]);
        self.set(row, p, left);
        self.set(row, p + 1, right);
    }
}

/// The numbers of a step, to write.
pub(super) struct TraceMut<'a, E>(pub(super) MatrixMut<'a, E>);

/// The same, to read.
#[derive(Clone, Copy)]
pub(super) struct Trace<'a, E>(pub(super) Matrix<'a, E>);

impl<E: Element> TraceMut<'_, E> {
    pub(super) fn read(&self) -> Trace<'_, E> {
        Trace(self.0.as_ref())
    }

    /// Keeps what merge `t` of a row joined, and the nodes before and after the result, if there are some.
    pub(super) fn keep(&mut self, row: Row<'_>, t: usize, children: Pair, neighbors: [Option<usize>; 2]) {
        let chosen = row.candidate(children);
        self.0.row_mut(chosen.place)[CHOSEN + chosen.family] = E::from_f64((t + 1) as f64);
        let step = self.0.row_mut(row.place(t));
        for (i, child) in children.into_iter().enumerate() {
            step[CHILDREN + i] = E::from_f64(child as f64);
        }
        for (i, neighbor) in neighbors.into_iter().enumerate() {
            step[NEIGHBORS + i] = neighbor.map_or(E::ZERO, |node| E::from_f64((node + 1) as f64));
        }
    }

    pub(super) fn set_score(&mut self, candidate: Candidate, score: E) {
        self.0.row_mut(candidate.place)[SCORES + candidate.family] = score;
    }

    pub(super) fn add_slope(&mut self, candidate: Candidate, slope: E) {
        self.0.row_mut(candidate.place)[SLOPES + candidate.family] += slope;
    }
}

impl<'a, E: Element> Trace<'a, E> {
    fn number(self, place: usize, column: usize) -> usize {
        self.0.row(place)[column].to_f64() as usize
    }

    pub(super) fn score(self, candidate: Candidate) -> E {
        self.0.row(candidate.place)[SCORES + candidate.family]
    }

    pub(super) fn slope(self, candidate: Candidate) -> E {
        self.0.row(candidate.place)[SLOPES + candidate.family]
    }

    /// The merge that chose a candidate.
    pub(super) fn chosen(self, candidate: Candidate) -> Option<usize> {
        self.number(candidate.place, CHOSEN + candidate.family).checked_sub(1)
    }

    /// The nodes that merge `t` of a row joined.
    pub(super) fn children(self, row: Row<'_>, t: usize) -> Pair {
        [0, 1].map(|i| self.number(row.place(t), CHILDREN + i))
    }

    /// The neighbors whose candidate belongs to step `t` of a row, if there is one of the family.
    pub(super) fn pair(self, row: Row<'_>, family: usize, t: usize) -> Option<Pair> {
        if family == ADJACENT {
            return (t + 1 < row.length).then_some([t, t + 1]);
        }
        let neighbor = self.number(row.place(t), NEIGHBORS + family - BEFORE).checked_sub(1)?;
        let merged = row.length + t;
        Some(if family == AFTER { [merged, neighbor] } else { [neighbor, merged] })
    }
}

/// The states of all nodes.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a, E> {
    pub(super) leaves: Matrix<'a, E>,
    pub(super) states: Matrix<'a, E>,
    pub(super) trace: Trace<'a, E>,
}

impl<'a, E: Element> Nodes<'a, E> {
    /// `[h c]` of a node.
    pub(super) fn state(self, row: Row<'_>, node: usize) -> &'a [E] {
        match node.checked_sub(row.length) {
            None => self.leaves.row(row.place(node)),
            Some(t) => self.composed(row.candidate(self.trace.children(row, t))),
        }
    }

    /// `[h c]` of a candidate.
    pub(super) fn composed(self, candidate: Candidate) -> &'a [E] {
        &self.states.row(candidate.place)[candidate.columns(self.leaves.columns())]
    }

    /// h and c of a node.
    pub(super) fn halves(self, row: Row<'_>, node: usize) -> (&'a [E], &'a [E]) {
        self.state(row, node).split_at(self.leaves.columns() / STATE)
    }
}
