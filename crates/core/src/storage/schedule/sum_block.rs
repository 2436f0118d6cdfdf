//! The blocks of a weight gradient's sum: some steps of a row group each.

use crate::Result;
use crate::memory::reserve;

/// Numbers of a schedule, in errors.
pub(super) const SCHEDULE: &str = "the schedule of a batch";

/// Rows of a row group: a thread takes whole ones, and a block of a weight gradient's sum has items of one group.
pub const ROW_GROUP: usize = 16;

/// Steps of a row group that form one block of a weight gradient's sum.
pub(crate) const BLOCK_STEPS: usize = 16;

/// One block of a weight gradient's sum: some steps of a row group, in the order they are summed.
#[derive(Debug, Default, PartialEq, Eq)]
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
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.previous.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.places[..]) + self.previous.iter().map(|list| size_of_val(&list[..])).sum::<usize>()
    }
}

/// Lists the blocks of sums over `rows` rows, a row group each; spare blocks follow.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(crate) fn list_row_blocks(blocks: &mut Vec<SumBlock>, rows: usize) -> Result<()> {
    let row_groups = rows.div_ceil(ROW_GROUP);
    reserve(blocks, row_groups, SCHEDULE)?;
    blocks.resize_with(row_groups.max(blocks.len()), SumBlock::default);
    for (row_group, block) in blocks[..row_groups].iter_mut().enumerate() {
        let first = row_group * ROW_GROUP;
        block.row_group = row_group;
        block.clear();
        reserve(&mut block.places, ROW_GROUP, SCHEDULE)?;
        block.places.extend((first..(first + ROW_GROUP).min(rows)).map(|row| row as u32));
    }
    Ok(())
}
