//! The losses of one target over a shard, item by item and row by row.

use super::Schedule;
use crate::Result;
use crate::memory::grow;

/// The losses of one target over a shard.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By item: its loss and the number of its targets that were met.
    items: Vec<(f64, u32)>,
    /// By row of the shard: the sums over its items in their own order, so that they depend on nothing else.
    pub rows: Vec<(f64, u64)>,
}

impl Tally {
    /// Starts anew for `items` items of `rows` rows.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(crate) fn begin(&mut self, items: usize, rows: usize) -> Result<()> {
        self.items.clear();
        grow(&mut self.items, items, "the losses of a batch")?;
        grow(&mut self.rows, rows, "the losses of a batch")
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.items[..]) + size_of_val(&self.rows[..])
    }

    /// Bytes of the losses of so many items and rows.
    pub(crate) fn size(items: usize, rows: usize) -> usize {
        items * size_of::<(f64, u32)>() + rows * size_of::<(f64, u64)>()
    }

    /// Notes the loss of an item and the number of its targets that were met.
    pub(crate) fn note(&mut self, item: usize, loss: f64, correct: u32) {
        self.items[item] = (loss, correct);
    }

    /// The loss of an item.
    pub(crate) fn loss(&self, item: usize) -> f64 {
        self.items[item].0
    }

    /// Sums the items of each row; without a schedule, each row is an item.
    pub(crate) fn finish(&mut self, schedule: Option<&Schedule>) {
        let Self { items, rows } = self;
        let sum = |places: &mut dyn Iterator<Item = usize>| {
            places.fold((0.0, 0), |(loss, correct), place| {
                (loss + items[place].0, correct + u64::from(items[place].1))
            })
        };
        for (row, total) in rows.iter_mut().enumerate() {
            *total = match schedule {
                Some(schedule) => sum(&mut schedule.items_of(row)),
                None => sum(&mut std::iter::once(row)),
            };
        }
    }
}
