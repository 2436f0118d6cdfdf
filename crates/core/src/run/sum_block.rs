//! The blocks that a gradient of the weights is summed in.

/// Rows that a thread takes together, and that a block of a weight gradient's sum takes from.
pub const GRANULE: usize = 16;

/// Steps of a granule that form one block of a weight gradient's sum.
pub(super) const BLOCK_STEPS: usize = 16;

/// One block of a weight gradient's sum: some steps of a granule's rows, in the order they are summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumBlock {
    /// Which rows.
    pub granule: usize,
    /// Where the steps lie.
    pub places: Vec<u32>,
    /// Where the step before each of them lies, first of a scan from first to last, then of a reversed one;
    /// behind all steps, by row, what stands before a row's first one. Only as far as it was asked for.
    pub before: [Vec<u32>; 2],
}

impl SumBlock {
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.before.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.places[..]) + self.before.iter().map(|list| size_of_val(&list[..])).sum::<usize>()
    }
}

/// Lists the blocks of sums over `rows` rows of a block, a granule each, in front of what room there is.
pub(super) fn list_row_blocks(blocks: &mut Vec<SumBlock>, rows: usize) {
    let granules = rows.div_ceil(GRANULE);
    blocks.resize_with(granules.max(blocks.len()), SumBlock::default);
    for (granule, block) in blocks[..granules].iter_mut().enumerate() {
        let first = granule * GRANULE;
        block.granule = granule;
        block.clear();
        block.places.reserve_exact(GRANULE);
        block.places.extend((first..(first + GRANULE).min(rows)).map(|row| row as u32));
    }
}
