//! The losses of one target over a shard, item by item and row by row.

use super::Schedule;

/// The losses of one target over a shard.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By item: its loss and the number of its targets that were met.
    items: Vec<(f64, u32)>,
    /// By row of the shard: the sums over its items in their own order, so that they depend on nothing else.
    pub rows: Vec<(f64, u64)>,
}

impl Tally {
    /// Starts anew for `items` items.
    pub(crate) fn begin(&mut self, items: usize) {
        self.items.clear();
        self.items.reserve_exact(items);
        self.items.resize(items, (0.0, 0));
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

    /// Sums the items of each of `rows` rows; without a schedule, each row is an item.
    pub(crate) fn finish(&mut self, rows: usize, schedule: Option<&Schedule>) {
        let Self { items, rows: sums } = self;
        let sum = |places: &mut dyn Iterator<Item = usize>| {
            places.fold((0.0, 0), |(loss, correct), place| {
                (loss + items[place].0, correct + u64::from(items[place].1))
            })
        };
        sums.clear();
        sums.extend((0..rows).map(|row| match schedule {
            Some(schedule) => sum(&mut schedule.items_of(row)),
            None => sum(&mut std::iter::once(row)),
        }));
    }
}
