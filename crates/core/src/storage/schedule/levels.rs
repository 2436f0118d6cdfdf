//! The order of the nodes of forests level by level, and of their edges by the levels of the parents.

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
    pub(super) roots: Vec<Option<u32>>,
    /// By edge: the place of the child among the nodes.
    pub(super) children: Vec<u32>,
    /// By node: the place of its first edge; one more than there are nodes.
    pub(super) first: Vec<u32>,
    /// By row: the number of its levels. None of edges.
    pub(super) depths: Vec<u32>,
    /// Room for counting.
    pub(super) next: Vec<usize>,
}

impl Levels {
    /// Bytes of the lists for so many rows and items, or more.
    pub(super) fn size(rows: usize, items: usize) -> usize {
        rows * (size_of::<Option<u32>>() + size_of::<u32>())
            + (items + 1) * (4 * size_of::<u32>() + 2 * size_of::<usize>())
    }

    pub(super) fn bytes(&self) -> usize {
        let lists = [&self.rows, &self.numbers, &self.children, &self.first];
        lists.into_iter().map(|list| size_of_val(&list[..])).sum::<usize>()
            + size_of_val(&self.places[..])
            + size_of_val(&self.roots[..])
            + size_of_val(&self.depths[..])
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

impl Levels {
    /// Places the nodes level by level, within a level by the ranks of the rows and each row's own order. `next` holds the
    /// first place of each level.
    pub(super) fn place(&mut self, order: &[u32], starts: &[usize], forests: Forests<'_>) -> Result<()> {
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
    pub(super) fn list_edges(&mut self, nodes: &Self, starts: &[usize], forests: Forests<'_>) -> Result<()> {
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
