//! Lists the blocks of sums over the items of a schedule.

use std::ops::Range;

use unrolled_kernels::MOST_SUMMED;

use super::chain::Schedule;
use super::sum_block::{BLOCK_STEPS, ROW_GROUP, SCHEDULE, SumBlock};
use crate::Result;
use crate::memory::{no_memory, reserve};

impl Schedule {
    /// Lists the blocks of sums over this axis, with the items before of scans from first to last and of reversed ones,
    /// where those are wanted.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory; the schedule must be reset again then.
    pub fn list_blocks(&mut self, previous: [bool; 2]) -> Result<()> {
        if self.levels.is_some() {
            return self.list_blocks_of_levels();
        }
        let row_groups = self.rows().div_ceil(ROW_GROUP);
        let mut positions = std::mem::take(&mut self.positions);
        reserve(&mut positions, row_groups, SCHEDULE)?;
        positions.resize_with(row_groups.max(positions.len()), Vec::new);
        for own in &mut positions {
            own.clear();
            reserve(own, ROW_GROUP, SCHEDULE)?;
        }
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
                add_block(&mut blocks, self.listed)?;
                let steps = first..(first + BLOCK_STEPS).min(self.steps());
                self.list_block(&mut blocks[self.listed], row_group, positions, steps, previous)?;
                self.listed += 1;
            }
        }
        (self.blocks, self.positions) = (blocks, positions);
        Ok(())
    }

    /// A block of a forest is some levels of a row group, in as many blocks as a sum of so many items takes: along chains
    /// the same blocks as those of chains.
    fn list_blocks_of_levels(&mut self) -> Result<()> {
        let row_groups = self.rows().div_ceil(ROW_GROUP);
        let mut positions = std::mem::take(&mut self.positions);
        reserve(&mut positions, row_groups, SCHEDULE)?;
        positions.resize_with(row_groups.max(positions.len()), Vec::new);
        for (row_group, own) in positions[..row_groups].iter_mut().enumerate() {
            own.clear();
            let rows = row_group * ROW_GROUP..((row_group + 1) * ROW_GROUP).min(self.rows());
            reserve(own, rows.map(|row| self.items_in(row)).sum(), SCHEDULE)?;
        }
        let rows = self.levels.as_ref().map_or(&[][..], |levels| &levels.rows);
        for (place, &row) in rows.iter().enumerate() {
            positions[row as usize / ROW_GROUP].push(place);
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        self.listed = 0;
        for (row_group, places) in positions[..row_groups].iter().enumerate() {
            let mut rest = &places[..];
            for first in (0..self.steps()).step_by(BLOCK_STEPS) {
                let end = self.offset(first + BLOCK_STEPS);
                let (own, later) = rest.split_at(rest.partition_point(|&place| place < end));
                rest = later;
                for some in own.chunks(MOST_SUMMED) {
                    add_block(&mut blocks, self.listed)?;
                    let block = &mut blocks[self.listed];
                    block.row_group = row_group;
                    block.clear();
                    // Room for the longest possible block, so that other shapes fit too.
                    reserve(&mut block.places, MOST_SUMMED.min(places.len()), SCHEDULE)?;
                    block.places.extend(some.iter().map(|&place| place as u32));
                    self.listed += 1;
                }
            }
        }
        (self.blocks, self.positions) = (blocks, positions);
        Ok(())
    }

    fn list_block(
        &self,
        block: &mut SumBlock,
        row_group: usize,
        positions: &[usize],
        steps: Range<usize>,
        previous: [bool; 2],
    ) -> Result<()> {
        block.row_group = row_group;
        block.clear();
        // Room for the longest possible block, so that other lengths fit too.
        let room = positions.len() * BLOCK_STEPS.min(self.steps());
        reserve(&mut block.places, room, SCHEDULE)?;
        for (list, _) in block.previous.iter_mut().zip(previous).filter(|&(_, wanted)| wanted) {
            reserve(list, room, SCHEDULE)?;
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
        Ok(())
    }

    fn previous_or_first(&self, reverse: bool, t: usize, position: usize) -> u32 {
        let first = || self.items() + self.order[position] as usize;
        self.previous(reverse, t, position).unwrap_or_else(first) as u32
    }
}

/// Makes room for one more block than are listed.
fn add_block(blocks: &mut Vec<SumBlock>, listed: usize) -> Result<()> {
    if blocks.len() == listed {
        blocks.try_reserve(1).map_err(|_| no_memory(listed + 1, SCHEDULE))?;
        blocks.push(SumBlock::default());
    }
    Ok(())
}
