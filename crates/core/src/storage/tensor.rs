//! Named arrays, batch first, and the valid steps of their rows.

use std::ops::Range;

use super::forest::Forest;
use super::schedule::Forests;
use crate::Result;
use crate::memory::{copied, refill, reserve};
use crate::program::Form;

/// A named array: `[rows, time, size]`, `[rows, size]`, or ids `[rows, time]`, `[rows]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<E> {
    /// The name of an input, output or state.
    pub name: String,
    /// Its sizes, batch first.
    pub shape: Vec<usize>,
    /// Row-major. With lengths it either fills the shape, and padding is not read, or has the valid steps alone, one row
    /// after the other.
    pub data: Data<E>,
    /// For values over time: the valid steps of each row; all of them if absent.
    pub lengths: Option<Vec<i32>>,
}

impl<E> Tensor<E> {
    /// Valid steps of all rows, if rows have lengths and these are no nonsense.
    pub(super) fn valid_steps(&self) -> Option<usize> {
        self.lengths.as_ref()?.iter().map(|&length| usize::try_from(length).ok()).sum()
    }
}

/// Numbers or ids.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<E> {
    /// Numbers.
    Values(Vec<E>),
    /// Ids.
    Ids(Vec<i32>),
}

/// Numbers of a list of lengths, in errors.
const LENGTHS: &str = "the lengths of a batch";

/// Numbers of a part of a batch, in errors.
const STEPS: &str = "some steps of a batch";

impl<E: Copy> Data<E> {
    /// The same in memory of its own.
    pub(super) fn try_clone(&self) -> Result<Self> {
        Ok(match self {
            Self::Values(values) => Self::Values(copied(values, STEPS)?),
            Self::Ids(ids) => Self::Ids(copied(ids, STEPS)?),
        })
    }

    /// Moves the valid items of width `width` together, if the data have room for padding.
    pub(super) fn pack(&mut self, axis: &Axis, width: usize) {
        match self {
            Self::Values(values) => pack(values, axis, width),
            Self::Ids(ids) => pack(ids, axis, 1),
        }
    }
}

/// Moves the valid items of `[rows, time, width]` together in place, one row after the other.
pub(super) fn pack<T: Copy>(all: &mut Vec<T>, axis: &Axis, width: usize) {
    if all.len() == axis.items() * width {
        return;
    }
    for (row, &length) in axis.lengths.iter().enumerate() {
        let from = row * axis.time * width;
        all.copy_within(from..from + length as usize * width, axis.place(row, 0) * width);
    }
    all.truncate(axis.items() * width);
}

/// The valid steps of a batch along one axis. Arrays along the axis have them alone, one row after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// The steps of the longest row, or more.
    pub time: usize,
    /// Valid steps of each row.
    pub lengths: Vec<u32>,
    /// Valid steps before each row, and of all.
    starts: Vec<usize>,
    /// The parents of the nodes of an axis of forests.
    pub(super) forest: Forest,
}

impl Axis {
    /// An axis of `time` steps, of which each row has its length.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn new(time: usize, lengths: impl ExactSizeIterator<Item = u32>) -> Result<Self> {
        let mut axis = Self { time, ..Self::default() };
        axis.take(lengths)?;
        Ok(axis)
    }

    /// Gives each row as many steps.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn fix(&mut self, steps: usize, rows: usize) -> Result<()> {
        self.time = steps;
        self.take(std::iter::repeat_n(steps as u32, rows))
    }

    fn take(&mut self, lengths: impl ExactSizeIterator<Item = u32>) -> Result<()> {
        refill(&mut self.lengths, lengths.len(), lengths, LENGTHS)?;
        let mut all = 0;
        let ends = self.lengths.iter().map(|&length| {
            all += length as usize;
            all
        });
        refill(&mut self.starts, ends.len() + 1, std::iter::once(0).chain(ends), LENGTHS)
    }

    /// The place of a valid step in the arrays along the axis.
    #[must_use]
    pub fn place(&self, row: usize, step: usize) -> usize {
        self.starts[row] + step
    }

    /// Takes the steps of another axis.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn take_lengths(&mut self, other: &Self) -> Result<()> {
        self.time = other.time;
        self.take(other.lengths.iter().copied())
    }

    /// Takes the parents of the nodes.
    ///
    /// # Errors
    /// As [`Forest::take`].
    pub(super) fn take_forests(&mut self, parents: Vec<i32>, form: Form) -> Result<()> {
        self.forest.take(parents, &self.lengths, form)
    }

    /// The forests of some rows.
    #[must_use]
    pub fn forests(&self, rows: Range<usize>) -> Forests<'_> {
        let nodes = self.starts[rows.start]..self.starts[rows.end];
        let Forest { parents, heights, .. } = &self.forest;
        Forests { lengths: &self.lengths[rows], parents: &parents[nodes.clone()], heights: &heights[nodes] }
    }

    /// Valid steps of all rows.
    #[must_use]
    pub fn items(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Takes the steps of a tensor over time whose lengths are checked.
    pub(super) fn follow<E>(&mut self, tensor: &Tensor<E>) -> Result<()> {
        self.time = tensor.shape[1];
        self.take(lengths(tensor))
    }

    /// True if a tensor over time has these steps.
    pub(super) fn is_of<E>(&self, tensor: &Tensor<E>) -> bool {
        self.time == tensor.shape[1] && lengths(tensor).eq(self.lengths.iter().copied())
    }

    /// Those of the steps `start..end` that the axis has.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn steps(&self, start: usize, end: usize) -> Result<Self> {
        let (start, end) = (start.min(self.time), end.min(self.time));
        let within = |&n: &u32| (n as usize).clamp(start, end.max(start)) as u32 - start as u32;
        Self::new(end - start, self.lengths.iter().map(within))
    }

    /// The items of width `width` at the steps `start..end` of each row, out of all.
    pub(super) fn cut<T: Copy>(&self, all: &[T], width: usize, start: usize, end: usize) -> Result<Vec<T>> {
        let rows = self.lengths.iter().enumerate().map(|(row, &length)| {
            let length = length as usize;
            let (start, end) = (start.min(length), end.min(length));
            &all[self.place(row, start) * width..self.place(row, end) * width]
        });
        let mut cut = Vec::new();
        reserve(&mut cut, rows.clone().map(<[T]>::len).sum(), STEPS)?;
        rows.for_each(|row| cut.extend_from_slice(row));
        Ok(cut)
    }

    /// The same of an array that lies along the axis.
    pub(super) fn slice<E: Copy>(
        &self,
        data: &Data<E>,
        width: usize,
        start: usize,
        end: usize,
    ) -> Result<Data<E>> {
        Ok(match data {
            Data::Values(values) => Data::Values(self.cut(values, width, start, end)?),
            Data::Ids(ids) => Data::Ids(self.cut(ids, 1, start, end)?),
        })
    }
}

/// The steps of each row of a tensor over time whose lengths are checked.
fn lengths<E>(tensor: &Tensor<E>) -> impl ExactSizeIterator<Item = u32> {
    let time = tensor.shape[1] as u32;
    (0..tensor.shape[0]).map(move |row| tensor.lengths.as_ref().map_or(time, |all| all[row].cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [u32; 5] = [2, 0, 3, 1, 0];

    /// Rows of 4 steps of 2 numbers, -1 in the padding, and the same without it.
    fn rows(lengths: &[u32], start: usize, end: usize) -> (Vec<i32>, Vec<i32>) {
        let item = |row: usize, step: usize| [(10 * row + step) as i32, -((10 * row + step) as i32)];
        let (mut padded, mut packed) = (Vec::new(), Vec::new());
        for (row, &length) in lengths.iter().enumerate() {
            for step in start..end {
                let valid = step < length as usize;
                padded.extend(if valid { item(row, step) } else { [-1, -1] });
                packed.extend(item(row, step).iter().filter(|_| valid));
            }
        }
        (padded, packed)
    }

    #[test]
    fn valid_items_move_together_once() {
        let axis = Axis::new(4, LENGTHS.into_iter()).unwrap();
        let (mut given, packed) = rows(&LENGTHS, 0, 4);
        for _ in 0..2 {
            pack(&mut given, &axis, 2);
            assert_eq!(given, packed);
        }
        assert_eq!([axis.items(), axis.place(0, 1), axis.place(2, 0), axis.place(3, 0)], [6, 1, 2, 5]);
    }

    #[test]
    fn steps_are_cut_out_of_rows_of_any_length() {
        let axis = Axis::new(4, LENGTHS.into_iter()).unwrap();
        let (_, packed) = rows(&LENGTHS, 0, 4);
        for (start, end) in [(0, 4), (0, 1), (1, 3), (2, 9), (3, 4), (5, 6)] {
            let (_, expected) = rows(&LENGTHS, start, end.min(4));
            assert_eq!(axis.cut(&packed, 2, start, end).unwrap(), expected, "{start}..{end}");
            let steps = axis.steps(start, end).unwrap();
            assert_eq!(2 * steps.items(), expected.len(), "{start}..{end}");
            let lengths = LENGTHS.map(|n| (n as usize).min(end).saturating_sub(start) as u32);
            assert_eq!(steps, Axis::new(steps.time, lengths.into_iter()).unwrap(), "{start}..{end}");
        }
    }
}
