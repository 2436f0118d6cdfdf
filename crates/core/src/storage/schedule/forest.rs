//! A schedule of forests: level after level, leaves first, so that a node comes after all of its children.
//!
//! The edges of a forest are an axis of their own: each node with a parent is one edge, at the level of the parent, and the
//! edges of a node lie one after another. What a node hears of each child is a matrix over its level's edges.

use std::ops::Range;

use super::chain::Schedule;
use super::sum_block::SCHEDULE;
use crate::Result;
use crate::memory::{grow, refill};

/// The order of the items of forests, or of their edges.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// By place: the row of the shard.
    pub(super) rows: Vec<u32>,
    /// By place: the number of the item among those of its row; for an edge, of the child.
    pub(super) numbers: Vec<u32>,
    /// Row after row, in the row's own order: the place. None of edges.
    pub(super) places: Vec<usize>,
    /// By row: its root, the place of the first node without a parent. None of edges.
    roots: Vec<Option<u32>>,
    /// By edge: the place of the child among the nodes.
    children: Vec<u32>,
    /// By node: the place of its first edge; one more than there are nodes.
    first: Vec<u32>,
    /// Room for counting.
    next: Vec<usize>,
}

impl Levels {
    pub(super) fn bytes(&self) -> usize {
        let lists = [&self.rows, &self.numbers, &self.children, &self.first];
        lists.into_iter().map(|list| size_of_val(&list[..])).sum::<usize>()
            + size_of_val(&self.places[..])
            + size_of_val(&self.roots[..])
            + size_of_val(&self.next[..])
    }
}

/// The forests of the rows of a shard, one row after the other.
#[derive(Clone, Copy, Debug)]
pub struct Forests<'a> {
    /// By row: the number of its nodes.
    pub lengths: &'a [u32],
    /// By node: the number of its parent within the row; negative for a root.
    pub parents: &'a [i32],
    /// By node: the longest way down to a leaf.
    pub heights: &'a [u32],
}

impl Schedule {
    /// Lays out forests, one a row.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory; the schedule must be reset again then.
    pub fn reset_forests(&mut self, forests: Forests<'_>) -> Result<()> {
        let Forests { lengths, heights, .. } = forests;
        let starts = self.list_starts(lengths)?;
        let levels_of = |row: usize| {
            let own = &heights[starts[row]..starts[row + 1]];
            own.iter().max().map_or(0, |&height| height as usize + 1)
        };
        self.rank(lengths.len(), levels_of)?;
        let order = &self.order;
        refill(
            &mut self.lengths,
            lengths.len(),
            order.iter().map(|&row| lengths[row as usize] as usize),
            SCHEDULE,
        )?;
        let steps = self.order.first().map_or(0, |&row| levels_of(row as usize));
        let mut levels = self.levels.take().unwrap_or_default();
        levels.next.clear();
        grow(&mut levels.next, steps + 1, SCHEDULE)?;
        heights.iter().for_each(|&height| levels.next[height as usize + 1] += 1);
        for t in 0..steps {
            levels.next[t + 1] += levels.next[t];
        }
        refill(&mut self.offsets, steps + 1, levels.next.iter().copied(), SCHEDULE)?;
        levels.place(&self.order, &starts, forests)?;
        self.starts = starts;
        self.levels = Some(levels);
        Ok(())
    }

    /// Lays out the edges of the forests of an axis by the levels of their parents.
    ///
    /// # Errors
    /// As [`Schedule::reset_forests`].
    pub fn reset_edges(&mut self, of: usize, nodes: &Self, forests: Forests<'_>) -> Result<()> {
        self.along = Some(of);
        let Some(forest) = &nodes.levels else { unreachable!("edges are those of a forest") };
        refill(&mut self.order, nodes.order.len(), nodes.order.iter().copied(), SCHEDULE)?;
        refill(&mut self.ranks, nodes.ranks.len(), nodes.ranks.iter().copied(), SCHEDULE)?;
        let mut levels = self.levels.take().unwrap_or_default();
        levels.list_edges(forest, &nodes.starts, forests)?;
        let offsets = nodes.offsets.iter().map(|&node| levels.first[node] as usize);
        refill(&mut self.offsets, nodes.offsets.len(), offsets, SCHEDULE)?;
        self.lengths.clear();
        grow(&mut self.lengths, self.order.len(), SCHEDULE)?;
        for &row in &levels.rows {
            self.lengths[self.ranks[row as usize] as usize] += 1;
        }
        self.levels = Some(levels);
        Ok(())
    }

    /// By row: the number of items of the rows before it, and that of all.
    fn list_starts(&mut self, lengths: &[u32]) -> Result<Vec<usize>> {
        let mut starts = std::mem::take(&mut self.starts);
        let mut end = 0;
        let ends = lengths.iter().map(|&length| {
            end += length as usize;
            end
        });
        refill(&mut starts, lengths.len() + 1, std::iter::once(0).chain(ends), SCHEDULE)?;
        Ok(starts)
    }

    /// The places of the children of each of some nodes, by the node's position among them: a range of edges that lie one
    /// after another from the first of all of them.
    pub fn families(&self, nodes: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let first = self.levels.as_ref().map_or(&[][..], |levels| &levels.first);
        let base = first.get(nodes.start).map_or(0, |&edge| edge as usize);
        let start = nodes.start;
        nodes.map(move |node| (node - start, first[node] as usize - base..first[node + 1] as usize - base))
    }

    /// The places of the children among the nodes, by edge.
    #[must_use]
    pub fn children(&self, edges: Range<usize>) -> &[u32] {
        self.levels.as_ref().map_or(&[], |levels| &levels.children[edges])
    }

    /// The place of the first root of a row; none for a row without nodes.
    #[must_use]
    pub fn root(&self, row: usize) -> Option<usize> {
        self.levels.as_ref().and_then(|levels| levels.roots[row]).map(|place| place as usize)
    }
}

impl Levels {
    /// Places the nodes level by level, within a level by the ranks of the rows and each row's own order. `next` holds the
    /// first place of each level.
    fn place(&mut self, order: &[u32], starts: &[usize], forests: Forests<'_>) -> Result<()> {
        let Forests { parents, heights, lengths } = forests;
        for list in [&mut self.rows, &mut self.numbers] {
            grow(list, heights.len(), SCHEDULE)?;
        }
        grow(&mut self.places, heights.len(), SCHEDULE)?;
        refill(&mut self.roots, lengths.len(), lengths.iter().map(|_| None), SCHEDULE)?;
        for &row in order {
            let nodes = starts[row as usize]..starts[row as usize + 1];
            for (number, node) in nodes.enumerate() {
                let place = &mut self.next[heights[node] as usize];
                (self.rows[*place], self.numbers[*place]) = (row, number as u32);
                self.places[node] = *place;
                if parents[node] < 0 {
                    self.roots[row as usize].get_or_insert(*place as u32);
                }
                *place += 1;
            }
        }
        Ok(())
    }

    /// Lists the edges by the place of the parent, those of one parent by the number of the child.
    fn list_edges(&mut self, nodes: &Self, starts: &[usize], forests: Forests<'_>) -> Result<()> {
        let parents = forests.parents;
        let parent_of = |row: usize, node: usize| {
            usize::try_from(parents[node]).ok().map(|parent| nodes.places[starts[row] + parent])
        };
        self.first.clear();
        grow(&mut self.first, parents.len() + 1, SCHEDULE)?;
        let rows = || {
            (0..forests.lengths.len())
                .flat_map(|row| (starts[row]..starts[row + 1]).map(move |node| (row, node)))
        };
        rows().filter_map(|(row, node)| parent_of(row, node)).for_each(|parent| self.first[parent + 1] += 1);
        for node in 0..parents.len() {
            self.first[node + 1] += self.first[node];
        }
        refill(&mut self.next, parents.len(), self.first.iter().map(|&edge| edge as usize), SCHEDULE)?;
        let edges = self.first.last().map_or(0, |&edges| edges as usize);
        for list in [&mut self.rows, &mut self.numbers, &mut self.children] {
            grow(list, edges, SCHEDULE)?;
        }
        for (row, node) in rows() {
            let Some(parent) = parent_of(row, node) else { continue };
            let edge = self.next[parent];
            self.next[parent] += 1;
            self.rows[edge] = row as u32;
            self.numbers[edge] = (node - starts[row]) as u32;
            self.children[edge] = nodes.places[node] as u32;
        }
        Ok(())
    }
}
