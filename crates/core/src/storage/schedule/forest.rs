//! A schedule of forests: level after level, leaves first, so that a node comes after all of its children.
//!
//! The edges of a forest are an axis of their own: each node with a parent is one edge, at the level of the parent, and the
//! edges of a node lie one after another. What a node hears of each child is a matrix over its level's edges.

use std::ops::Range;

use super::chain::Schedule;
use super::levels::Forests;
use super::sum_block::SCHEDULE;
use crate::Result;
use crate::memory::{grow, refill};

impl Schedule {
    /// Lays out forests, one a row.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory; the schedule must be reset again then.
    pub fn reset_forests(&mut self, forests: Forests<'_>) -> Result<()> {
        let Forests { lengths, heights, .. } = forests;
        let starts = self.list_starts(lengths)?;
        let mut levels = self.levels.take().unwrap_or_default();
        let depth =
            |row: usize| heights[starts[row]..starts[row + 1]].iter().max().map_or(0, |&height| height + 1);
        refill(&mut levels.depths, lengths.len(), (0..lengths.len()).map(depth), SCHEDULE)?;
        self.rank(lengths.len(), |row| levels.depths[row] as usize)?;
        let order = &self.order;
        refill(
            &mut self.lengths,
            lengths.len(),
            order.iter().map(|&row| lengths[row as usize] as usize),
            SCHEDULE,
        )?;
        let steps = self.order.first().map_or(0, |&row| levels.depths[row as usize] as usize);
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
        let first = self.first_edges(nodes);
        let base = first.first().map_or(0, |&edge| edge as usize);
        let families = first.windows(2).enumerate();
        families.map(move |(node, ends)| (node, ends[0] as usize - base..ends[1] as usize - base))
    }

    /// The places of the first edges of some nodes, and the place after the last edge.
    #[must_use]
    pub fn first_edges(&self, nodes: Range<usize>) -> &[u32] {
        self.levels.as_ref().map_or(&[], |levels| &levels.first[nodes.start..=nodes.end])
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
