//! Named arrays, batch first, and the valid steps of their rows.

/// A named array: `[rows, time, size]`, `[rows, size]`, or ids `[rows, time]`, `[rows]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<E> {
    /// The name of an input, output or state.
    pub name: String,
    /// Its sizes, batch first.
    pub shape: Vec<usize>,
    /// Row-major.
    pub data: Data<E>,
    /// For values over time: the valid steps of each row; all of them if absent.
    pub lengths: Option<Vec<i32>>,
}

/// Numbers or ids.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<E> {
    /// Numbers.
    Values(Vec<E>),
    /// Ids.
    Ids(Vec<i32>),
}

/// The valid steps of a batch along one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Steps with padding, as the arrays have them.
    pub time: usize,
    /// Valid steps of each row.
    pub lengths: Vec<u32>,
}

impl Axis {
    /// Takes the steps of a tensor over time whose lengths are checked.
    pub(super) fn follow<E>(&mut self, tensor: &Tensor<E>) {
        self.time = tensor.shape[1];
        self.lengths.clear();
        self.lengths.extend(lengths(tensor));
    }

    /// True if a tensor over time has these steps.
    pub(super) fn is_of<E>(&self, tensor: &Tensor<E>) -> bool {
        self.time == tensor.shape[1] && lengths(tensor).eq(self.lengths.iter().copied())
    }

    /// Those of the steps `start..end` that the axis has.
    #[must_use]
    pub fn steps(&self, start: usize, end: usize) -> Self {
        let (start, end) = (start.min(self.time), end.min(self.time));
        let lengths = self
            .lengths
            .iter()
            .map(|&n| (n as usize).clamp(start, end.max(start)) as u32 - start as u32)
            .collect();
        Self { time: end - start, lengths }
    }
}

/// The steps `start..end` of an array `[rows, time, width]`.
pub(super) fn slice_time<E: Copy>(
    data: &Data<E>,
    rows: usize,
    time: usize,
    width: usize,
    start: usize,
    end: usize,
) -> Data<E> {
    let (start, end) = (start.min(time), end.min(time));
    match data {
        Data::Values(values) => Data::Values(cut(values, rows, time * width, start * width, end * width)),
        Data::Ids(ids) => Data::Ids(cut(ids, rows, time, start, end)),
    }
}

pub(super) fn cut<T: Copy>(all: &[T], rows: usize, stride: usize, start: usize, end: usize) -> Vec<T> {
    (0..rows).flat_map(|row| all[row * stride + start..row * stride + end].iter().copied()).collect()
}

/// The steps of each row of a tensor over time whose lengths are checked.
fn lengths<E>(tensor: &Tensor<E>) -> impl Iterator<Item = u32> {
    let time = tensor.shape[1] as u32;
    (0..tensor.shape[0]).map(move |row| tensor.lengths.as_ref().map_or(time, |all| all[row].cast_unsigned()))
}
