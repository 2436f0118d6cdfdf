//! The steps of an axis that an operation sees: all of them, or those of a segment.

use super::chain::Schedule;

/// The steps that an operation sees, among all steps of the axis.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// All steps.
    pub whole: &'a Schedule,
    /// Those of the part; the same if there are no segments.
    pub steps: &'a Schedule,
    /// The first step of the part.
    pub start: usize,
}

/// The items of a row within a part, at least one.
#[derive(Clone, Copy, Debug)]
pub struct RowItems<'a> {
    /// The row of the shard.
    pub row: usize,
    /// The number of the row's items in all parts together.
    pub count: usize,
    /// True if the first of all items is among these.
    pub begins: bool,
    /// True if the last of all items is among these.
    pub ends: bool,
    position: usize,
    /// The places, less the position.
    places: &'a [usize],
}

impl<'a> Part<'a> {
    /// The rows that have items in the part.
    pub fn rows(self) -> impl Iterator<Item = RowItems<'a>> {
        let Part { whole, steps, start } = self;
        let rows = whole.chains().take_while(move |&(_, count)| count > start);
        rows.enumerate().filter(move |_| steps.steps() > 0).map(move |(position, (row, count))| {
            if let Some(levels) = &whole.levels {
                // A forest has no parts.
                let places = &levels.places[whole.starts[row]..whole.starts[row + 1]];
                return RowItems { row, count, begins: true, ends: true, position: 0, places };
            }
            let end = count.min(start + steps.steps());
            let places = &steps.offsets[..end - start];
            RowItems { row, count, begins: start == 0, ends: end == count, position, places }
        })
    }
}

impl RowItems<'_> {
    /// The places of the items within the part, in the row's own order.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone {
        let position = self.position;
        self.places.iter().map(move |place| place + position)
    }
}
