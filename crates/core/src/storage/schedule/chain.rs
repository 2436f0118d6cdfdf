//! A schedule of chains: rows by falling length, at each step of time those that still have one.
//!
//! A schedule of forests has the same lists, and besides them `Levels`.

use std::ops::Range;

use super::levels::Levels;
use super::sum_block::{SCHEDULE, SumBlock};
use crate::Result;
use crate::memory::{copied, grow, refill};

/// The items of one axis for the rows of a shard.
#[derive(Debug, Default)]
pub struct Schedule {
    /// By position within a step: the row of the shard.
    pub(super) order: Vec<u32>,
    /// By row of the shard: its position; none for a segment.
    pub(super) ranks: Vec<u32>,
    /// By row of the shard: the place of its first item where rows lie one after another, and the end of all; only where listed.
    pub(super) starts: Vec<usize>,
    /// By position: the number of its items, falling along chains.
    pub(super) lengths: Vec<usize>,
    /// By step: the place of its first item; one more than there are steps.
    pub(super) offsets: Vec<usize>,
    /// The axis whose steps are those of these edges; none for items of another kind.
    pub(super) along: Option<usize>,
    /// The order of the items of forests; none for chains.
    pub(super) levels: Option<Levels>,
    /// By row group, then by run of steps; spare ones follow those listed.
    pub(super) blocks: Vec<SumBlock>,
    pub(super) listed: usize,
    /// By row group: the positions of its rows; spare ones follow those in use.
    pub(super) positions: Vec<Vec<usize>>,
}

impl Schedule {
    /// Lays out chains of these lengths, one a row.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory; the schedule must be reset again then.
    pub fn reset(&mut self, lengths: &[u32]) -> Result<()> {
        (self.levels, self.along) = (None, None);
        self.rank(lengths.len(), |row| lengths[row] as usize)?;
        let falling = self.order.iter().map(|&row| lengths[row as usize] as usize);
        refill(&mut self.lengths, lengths.len(), falling, SCHEDULE)?;
        let (mut width, mut all) = (self.lengths.len(), 0);
        let steps = self.lengths.first().copied().unwrap_or(0);
        let ends = (0..steps).map(|t| {
            while self.lengths[width - 1] <= t {
                width -= 1;
            }
            all += width;
            all
        });
        refill(&mut self.offsets, steps + 1, std::iter::once(0).chain(ends), SCHEDULE)
    }

    /// Orders `rows` rows by their steps, most first.
    pub(super) fn rank(&mut self, rows: usize, steps: impl Fn(usize) -> usize) -> Result<()> {
        refill(&mut self.order, rows, 0..rows as u32, SCHEDULE)?;
        // By the row as well: the order of a stable sort, without the room that one takes.
        self.order.sort_unstable_by_key(|&row| (std::cmp::Reverse(steps(row as usize)), row));
        grow(&mut self.ranks, rows, SCHEDULE)?;
        for (position, &row) in self.order.iter().enumerate() {
            self.ranks[row as usize] = position as u32;
        }
        Ok(())
    }

    /// Lists where each row begins if rows lie one after another. A row that shares has the items of the row before it, as many.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn list_rows(&mut self, shares: impl Fn(usize) -> bool) -> Result<()> {
        let (mut start, mut end) = (0, 0);
        let (ranks, lengths) = (&self.ranks, &self.lengths);
        let starts = (0..=ranks.len()).map(|row| {
            let own = ranks.get(row).filter(|_| !shares(row)).map(|&position| lengths[position as usize]);
            if row == ranks.len() || own.is_some() {
                (start, end) = (end, end + own.unwrap_or(0));
            }
            start
        });
        refill(&mut self.starts, ranks.len() + 1, starts, SCHEDULE)
    }

    /// True if rows that were listed share their items.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.starts.last().is_some_and(|&end| end < self.items())
    }

    /// The steps `start..end` of the same rows, in the same order.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn segment(&self, start: usize, end: usize) -> Result<Self> {
        let (start, end) = (start.min(self.steps()), end.min(self.steps()));
        let mut segment = Self { order: copied(&self.order, SCHEDULE)?, ..Self::default() };
        let lengths = self.lengths.iter().map(|&n| n.clamp(start, end) - start);
        refill(&mut segment.lengths, lengths.len(), lengths, SCHEDULE)?;
        let offsets = self.offsets[start..=end].iter().map(|&place| place - self.offsets[start]);
        refill(&mut segment.offsets, offsets.len(), offsets, SCHEDULE)?;
        Ok(segment)
    }

    /// The number of steps: the most items of any row.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The number of items of all rows together.
    #[must_use]
    pub fn items(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// The most items that a step may have.
    #[must_use]
    pub fn widest(&self) -> usize {
        match self.levels {
            None => self.rows(),
            Some(_) => (0..self.steps()).map(|t| self.items_at(t)).max().unwrap_or(0),
        }
    }

    /// The places of the items of step `t`.
    #[must_use]
    #[inline(always)]
    pub fn step(&self, t: usize) -> Range<usize> {
        self.offsets[t]..self.offsets[t + 1]
    }

    /// The place of the first item of step `t`; after the last step, the end.
    #[must_use]
    pub fn offset(&self, t: usize) -> usize {
        self.offsets[t.min(self.steps())]
    }

    /// The number of items of step `t`; 0 beyond the last.
    #[must_use]
    #[inline(always)]
    pub fn items_at(&self, t: usize) -> usize {
        if t < self.steps() { self.offsets[t + 1] - self.offsets[t] } else { 0 }
    }

    /// The rows of the items of step `t`, in their order.
    pub fn rows_at(&self, t: usize) -> impl Iterator<Item = usize> + Clone {
        let rows = match &self.levels {
            None => &self.order[..self.items_at(t)],
            Some(levels) => &levels.rows[self.step(t)],
        };
        rows.iter().map(|&row| row as usize)
    }

    /// The number of the item at a place of step `t` among those of its row, each after its predecessors along a chain.
    #[must_use]
    #[inline(always)]
    pub fn number(&self, t: usize, place: usize) -> usize {
        self.levels.as_ref().map_or(t, |levels| levels.numbers[place] as usize)
    }

    /// True for the edges of the forest of an axis.
    #[must_use]
    #[inline(always)]
    pub fn goes_with(&self, axis: usize) -> bool {
        self.along == Some(axis)
    }

    /// The number of rows with items, which come first by position.
    #[must_use]
    pub fn occupied(&self) -> usize {
        self.lengths.partition_point(|&count| count > 0)
    }

    /// Each row with the number of its items, by position.
    pub(super) fn chains(&self) -> impl Iterator<Item = (usize, usize)> {
        self.order.iter().zip(&self.lengths).map(|(&row, &count)| (row as usize, count))
    }

    /// The places of the items of a row of the shard, in the row's own order. A segment has no answer.
    pub fn items_of(&self, row: usize) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone {
        let position = self.ranks[row] as usize;
        let (places, add) = match &self.levels {
            None => (&self.offsets[..self.lengths[position]], position),
            Some(levels) => (&levels.places[self.starts[row]..self.starts[row + 1]], 0),
        };
        places.iter().map(move |place| place + add)
    }

    /// The places of the items of a row of the shard where rows lie one after another, once they are listed.
    #[must_use]
    pub fn row_range(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row] + self.items_in(row)
    }

    /// The number of items of a row of the shard. A segment has no answer.
    #[must_use]
    pub fn items_in(&self, row: usize) -> usize {
        self.lengths[self.ranks[row] as usize]
    }

    /// The most items of a row.
    #[must_use]
    pub fn longest(&self) -> usize {
        match self.levels {
            None => self.lengths.first().copied().unwrap_or(0),
            Some(_) => self.lengths.iter().copied().max().unwrap_or(0),
        }
    }

    /// The place of the predecessor of the item at `position` of step `t`; going backwards, of the successor. None for an
    /// item that begins its row.
    #[must_use]
    pub fn previous(&self, reverse: bool, t: usize, position: usize) -> Option<usize> {
        if reverse {
            (position < self.items_at(t + 1)).then(|| self.offsets[t + 1] + position)
        } else {
            (t > 0).then(|| self.offsets[t - 1] + position)
        }
    }

    /// The blocks of sums over this axis, row group by row group.
    #[must_use]
    pub fn blocks(&self) -> &[SumBlock] {
        &self.blocks[..self.listed]
    }

    /// Bytes of the lists of a schedule for `rows` rows, `steps` steps and sums over `items` items.
    #[must_use]
    pub fn size(rows: usize, steps: usize, items: usize, previous: [bool; 2]) -> usize {
        let lists = 1 + previous.iter().filter(|&&wanted| wanted).count();
        rows * (size_of::<u32>() + size_of::<usize>())
            + (steps + 1) * size_of::<usize>()
            + items * lists * size_of::<u32>()
    }

    /// Bytes of the further lists of forests of `items` nodes, or of their edges.
    #[must_use]
    pub fn size_of_levels(rows: usize, items: usize) -> usize {
        Levels::size(rows, items) + items * size_of::<usize>()
    }

    /// Bytes of the lists.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.order[..])
            + size_of_val(&self.starts[..])
            + size_of_val(&self.ranks[..])
            + size_of_val(&self.lengths[..])
            + size_of_val(&self.offsets[..])
            + self.levels.as_ref().map_or(0, |levels| {
                let positions = self.positions.iter().map(|own| size_of_val(&own[..]));
                levels.bytes() + positions.sum::<usize>()
            })
            + self.blocks.iter().map(SumBlock::bytes).sum::<usize>()
    }
}
