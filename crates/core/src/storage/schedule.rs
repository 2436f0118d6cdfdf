//! Which rows are alive at which step, and where their steps lie.
//!
//! The steps of a block lie one after another, and at each step the rows still alive, longest first:
//! a dense matrix without padding, whose first rows go on to the next step.

use std::ops::Range;

use super::sum_block::{BLOCK_STEPS, ROW_GROUP, SumBlock};

/// The steps of one axis for the rows of a block.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// By position: the row of the block.
    order: Vec<u32>,
    /// By row of the block: its position; none for a segment.
    ranks: Vec<u32>,
    /// By position, falling.
    lengths: Vec<usize>,
    /// By step: where its first row lies; one more than there are steps.
    offsets: Vec<usize>,
    /// By row group, then by run of steps; behind those listed, room for more.
    blocks: Vec<SumBlock>,
    listed: usize,
    /// By row group: the positions of its rows; behind those there are, room for more.
    positions: Vec<Vec<usize>>,
}

impl Schedule {
    /// Lays out the steps of rows with these lengths.
    pub fn reset(&mut self, lengths: &[u32]) {
        self.order.clear();
        self.order.extend(0..lengths.len() as u32);
        // By the row as well: that order is the stable one, without the room that a stable sort takes.
        self.order.sort_unstable_by_key(|&row| (std::cmp::Reverse(lengths[row as usize]), row));
        self.ranks.clear();
        self.ranks.resize(lengths.len(), 0);
        for (position, &row) in self.order.iter().enumerate() {
            self.ranks[row as usize] = position as u32;
        }
        self.lengths.clear();
        self.lengths.extend(self.order.iter().map(|&row| lengths[row as usize] as usize));
        self.offsets.clear();
        self.offsets.push(0);
        let mut alive = self.lengths.len();
        for t in 0..self.lengths.first().copied().unwrap_or(0) {
            while self.lengths[alive - 1] <= t {
                alive -= 1;
            }
            self.offsets.push(self.offsets[t] + alive);
        }
    }

    /// The steps `start..end` of the same rows, in the same order.
    #[must_use]
    pub fn segment(&self, start: usize, end: usize) -> Self {
        let (start, end) = (start.min(self.steps()), end.min(self.steps()));
        let lengths = self.lengths.iter().map(|&n| n.clamp(start, end) - start).collect();
        let offsets = self.offsets[start..=end].iter().map(|&place| place - self.offsets[start]).collect();
        Self { order: self.order.clone(), lengths, offsets, ..Self::default() }
    }

    /// Where step `t` begins; behind the last step, where that ends.
    #[must_use]
    pub fn offset(&self, t: usize) -> usize {
        self.offsets[t.min(self.steps())]
    }

    /// Lists the blocks of sums over this axis; with the steps before of scans from first to last, and of
    /// reversed ones, where those are wanted.
    pub fn list_blocks(&mut self, before: [bool; 2]) {
        let row_groups = self.order.len().div_ceil(ROW_GROUP);
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
                if positions.iter().all(|&p| p >= self.alive(first)) {
                    break;
                }
                if blocks.len() == self.listed {
                    blocks.push(SumBlock::default());
                }
                let steps = first..(first + BLOCK_STEPS).min(self.steps());
                self.list_block(&mut blocks[self.listed], row_group, positions, steps, before);
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
        before: [bool; 2],
    ) {
        block.row_group = row_group;
        block.clear();
        // Room for as long a block as there is, so that it suffices for other lengths too.
        let room = positions.len() * BLOCK_STEPS.min(self.steps());
        block.places.reserve_exact(room);
        for (list, _) in block.previous.iter_mut().zip(before).filter(|&(_, wanted)| wanted) {
            list.reserve_exact(room);
        }
        for t in steps {
            for &p in positions.iter().take_while(|&&p| p < self.alive(t)) {
                block.places.push(self.place(t, p) as u32);
                for (reverse, list) in block.previous.iter_mut().enumerate() {
                    if before[reverse] {
                        list.push(self.before(reverse == 1, t, p));
                    }
                }
            }
        }
    }

    fn before(&self, reverse: bool, t: usize, position: usize) -> u32 {
        let first = || self.count() + self.order[position] as usize;
        let place = self.previous(reverse, t, position).unwrap_or_else(first);
        place as u32
    }

    /// Where the step before step `t` lies, the one after it if reversed; none before a row's first.
    #[must_use]
    pub fn previous(&self, reverse: bool, t: usize, position: usize) -> Option<usize> {
        if reverse {
            (position < self.alive(t + 1)).then(|| self.place(t + 1, position))
        } else {
            (t > 0).then(|| self.place(t - 1, position))
        }
    }

    /// Bytes of such lists for `rows` rows, `steps` steps and sums over `places` places.
    #[must_use]
    pub fn size(rows: usize, steps: usize, places: usize, before: [bool; 2]) -> usize {
        let lists = 1 + before.iter().filter(|&&wanted| wanted).count();
        rows * (size_of::<u32>() + size_of::<usize>())
            + (steps + 1) * size_of::<usize>()
            + places * lists * size_of::<u32>()
    }

    /// Bytes of the lists.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.order[..])
            + size_of_val(&self.ranks[..])
            + size_of_val(&self.lengths[..])
            + size_of_val(&self.offsets[..])
            + self.blocks.iter().map(SumBlock::bytes).sum::<usize>()
    }

    /// The most steps of any row.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// All steps of all rows together.
    #[must_use]
    pub fn count(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// Rows that have a step `t`; 0 beyond the last.
    #[must_use]
    pub fn alive(&self, t: usize) -> usize {
        if t < self.steps() { self.offsets[t + 1] - self.offsets[t] } else { 0 }
    }

    /// Where step `t` lies.
    #[must_use]
    pub fn step(&self, t: usize) -> Range<usize> {
        self.offsets[t]..self.offsets[t + 1]
    }

    /// Where step `t` of the row at `position` lies.
    #[must_use]
    pub fn place(&self, t: usize, position: usize) -> usize {
        self.offsets[t] + position
    }

    /// By position: the row of the block.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where the steps of a row of the block lie, from its first.
    pub fn places_of(&self, row: usize) -> impl Iterator<Item = usize> {
        let position = self.ranks[row] as usize;
        self.offsets[..self.lengths[position]].iter().map(move |offset| offset + position)
    }

    /// By position: steps, falling.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The blocks of sums over this axis, row group by row group.
    #[must_use]
    pub fn blocks(&self) -> &[SumBlock] {
        &self.blocks[..self.listed]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_ragged_block_are_dense_and_longest_first() {
        let mut schedule = Schedule::default();
        schedule.reset(&[1, 3, 0, 3, 2]);
        assert_eq!(schedule.order(), &[1, 3, 4, 0, 2]);
        assert_eq!((0..5).map(|t| schedule.alive(t)).collect::<Vec<_>>(), [4, 3, 2, 0, 0]);
        assert_eq!(schedule.step(1), 4..7);
        assert_eq!((schedule.count(), schedule.steps()), (9, 3));
        let places: Vec<Vec<usize>> = (0..5).map(|row| schedule.places_of(row).collect()).collect();
        assert_eq!(places, [vec![3], vec![0, 4, 7], vec![], vec![1, 5, 8], vec![2, 6]]);
        schedule.list_blocks([true, true]);
        let before = [vec![10, 12, 13, 9, 0, 1, 2, 4, 5], vec![4, 5, 6, 9, 7, 8, 13, 10, 12]];
        assert_eq!(
            schedule.blocks(),
            &[SumBlock { row_group: 0, places: (0..9).collect(), previous: before }]
        );
    }

    #[test]
    fn a_block_takes_one_granule_and_sixteen_steps() {
        let mut schedule = Schedule::default();
        let lengths: Vec<u32> = (0..20).map(|row| if row == 17 { 17 } else { 16 }).collect();
        schedule.reset(&lengths);
        schedule.list_blocks([false; 2]);
        let sizes = schedule.blocks().iter().map(|block| (block.row_group, block.places.len()));
        assert_eq!(sizes.collect::<Vec<_>>(), [(0, 256), (1, 64), (1, 1)]);
        let mut all: Vec<u32> = schedule.blocks().iter().flat_map(|block| block.places.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..321).collect::<Vec<u32>>());
    }

    #[test]
    fn nothing_at_all_is_allowed() {
        let mut schedule = Schedule::default();
        schedule.reset(&[]);
        schedule.list_blocks([true; 2]);
        assert_eq!((schedule.steps(), schedule.count(), schedule.blocks().len()), (0, 0, 0));
        schedule.reset(&[0, 0]);
        assert_eq!((schedule.steps(), schedule.count(), schedule.rows()), (0, 0, 2));
    }
}
