//! The blocks of a weight gradient's sum: some steps of a row group each.

use std::ops::Range;

use super::Schedule;

/// Rows of a row group: a thread takes whole ones, and a block of a weight gradient's sum has items of one group.
pub const ROW_GROUP: usize = 16;

/// Steps of a row group that form one block of a weight gradient's sum.
pub(crate) const BLOCK_STEPS: usize = 16;

/// One block of a weight gradient's sum: some steps of a row group, in the order they are summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumBlock {
    /// The row group.
    pub row_group: usize,
    /// The places of the items.
    pub places: Vec<u32>,
    /// The place of the item before each, for a scan from first to last, then for a reversed one; for an item that begins
    /// its row, the number of all items plus the row. Filled only where asked for.
    pub previous: [Vec<u32>; 2],
}

impl SumBlock {
    fn clear(&mut self) {
        self.places.clear();
        self.previous.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.places[..]) + self.previous.iter().map(|list| size_of_val(&list[..])).sum::<usize>()
    }
}

/// Lists the blocks of sums over `rows` rows, a row group each; spare blocks follow.
pub(crate) fn list_row_blocks(blocks: &mut Vec<SumBlock>, rows: usize) {
    let row_groups = rows.div_ceil(ROW_GROUP);
    blocks.resize_with(row_groups.max(blocks.len()), SumBlock::default);
    for (row_group, block) in blocks[..row_groups].iter_mut().enumerate() {
        let first = row_group * ROW_GROUP;
        block.row_group = row_group;
        block.clear();
        block.places.reserve_exact(ROW_GROUP);
        block.places.extend((first..(first + ROW_GROUP).min(rows)).map(|row| row as u32));
    }
}

impl Schedule {
    /// Lists the blocks of sums over this axis, with the items before of scans from first to last and of reversed ones,
    /// where those are wanted.
    pub fn list_blocks(&mut self, previous: [bool; 2]) {
        let row_groups = self.rows().div_ceil(ROW_GROUP);
        let mut positions = std::mem::take(&mut self.positions);
        positions.resize_with(row_groups.max(positions.len()), || Vec::with_capacity(ROW_GROUP));
        positions.iter_mut().for_each(Vec::clear);
        for (position, &row) in self.order.iter().enumerate() {
            positions[row as usize / ROW_GROUP].push(position);
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        self.listed = 0;
        for (row_group, positions) in positions[..row_groups].iter().enumerate() {
            for first in (0..self.steps()).step_by(BLOCK_STEPS) {
                if positions.iter().all(|&p| p >= self.items_at(first)) {
                    break;
                }
                if blocks.len() == self.listed {
                    blocks.push(SumBlock::default());
                }
                let steps = first..(first + BLOCK_STEPS).min(self.steps());
                self.list_block(&mut blocks[self.listed], row_group, positions, steps, previous);
                self.listed += 1;
            }
        }
        (self.blocks, self.positions) = (blocks, positions);
    }

    fn list_block(
        &self,
        block: &mut SumBlock,
        row_group: usize,
        positions: &[usize],
        steps: Range<usize>,
        previous: [bool; 2],
    ) {
        block.row_group = row_group;
        block.clear();
        // Room for the longest possible block, so that other lengths fit too.
        let room = positions.len() * BLOCK_STEPS.min(self.steps());
        block.places.reserve_exact(room);
        for (list, _) in block.previous.iter_mut().zip(previous).filter(|&(_, wanted)| wanted) {
            list.reserve_exact(room);
        }
        for t in steps {
            for &position in positions.iter().take_while(|&&position| position < self.items_at(t)) {
                block.places.push((self.offsets[t] + position) as u32);
                for (reverse, list) in block.previous.iter_mut().enumerate() {
                    if previous[reverse] {
                        list.push(self.previous_or_first(reverse == 1, t, position));
                    }
                }
            }
        }
    }

    fn previous_or_first(&self, reverse: bool, t: usize, position: usize) -> u32 {
        let first = || self.items() + self.order[position] as usize;
        self.previous(reverse, t, position).unwrap_or_else(first) as u32
    }
}
