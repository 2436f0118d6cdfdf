//! The blocks that a gradient of the weights is summed in.

/// Rows that a thread takes together, and that a block of a weight gradient's sum takes from.
pub const ROW_GROUP: usize = 16;

/// Steps of a row group that form one block of a weight gradient's sum.
pub(crate) const BLOCK_STEPS: usize = 16;

/// One block of a weight gradient's sum: some steps of a row group's rows, in the order they are summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumBlock {
    /// Which rows.
    pub row_group: usize,
    /// Where the steps lie.
    pub places: Vec<u32>,
    /// Where the step before each of them lies, first of a scan from first to last, then of a reversed one;
    /// behind all steps, by row, what stands before a row's first one. Only as far as it was asked for.
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

/// Lists the blocks of sums over `rows` rows of a block, a row group each, in front of what room there is.
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
