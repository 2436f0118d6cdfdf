//! Values that runs find in memory: several rows of a batch may share a row of it.

use std::sync::Arc;

use super::tensor::Axis;
use crate::Result;
use crate::memory::refill;

/// The values that a program holds from run to run, and the row of each that a row of the batch reads.
#[derive(Clone, Debug)]
pub struct Held<E> {
    /// By held value of the program: `[rows, size]`, or `[rows, time, size]` with any numbers in padding.
    values: Arc<[Vec<E>]>,
    /// By axis of the program: the steps of each row of the memory.
    axes: Arc<[Axis]>,
    /// By row of the batch: the row of the memory.
    rows: Arc<Vec<usize>>,
    /// Another one for each list of rows: shards that have loaded these rows need not again.
    version: u64,
}

/// Rows of held values, in errors.
const ROWS: &str = "the rows of held values";

impl<E> Held<E> {
    /// Row after row of values along `axes`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn new(values: Vec<Vec<E>>, axes: &[Axis], rows: usize) -> Result<Self> {
        let mut list = Vec::new();
        refill(&mut list, rows, 0..rows, ROWS)?;
        let axes: Vec<Axis> = axes
            .iter()
            .map(|axis| Axis::new(axis.time, axis.lengths.iter().copied()))
            .collect::<Result<_>>()?;
        Ok(Self { values: values.into(), axes: axes.into(), rows: Arc::new(list), version: 0 })
    }

    /// The same memory for these rows of the batch; none if each row keeps its row of the memory.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn reordered(&self, rows: &[usize]) -> Result<Option<Self>> {
        let moved = rows.iter().map(|&row| self.rows[row]);
        if moved.clone().eq(self.rows.iter().copied()) {
            return Ok(None);
        }
        let mut list = Vec::new();
        refill(&mut list, moved.len(), moved, ROWS)?;
        let (values, axes) = (Arc::clone(&self.values), Arc::clone(&self.axes));
        Ok(Some(Self { values, axes, rows: Arc::new(list), version: self.version + 1 }))
    }

    /// By row of the batch: the row of the memory.
    #[must_use]
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The number of this list of rows.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The numbers of a held value.
    #[must_use]
    pub fn values(&self, index: usize) -> &[E] {
        &self.values[index]
    }

    /// The place of an item of a row of the batch in the numbers of a value along an axis.
    #[must_use]
    pub fn place(&self, axis: Option<usize>, row: usize, step: usize) -> usize {
        axis.map_or(self.rows[row], |axis| self.rows[row] * self.axes[axis].time + step)
    }

    /// The steps of the batch's rows along an axis.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn axis(&self, index: usize) -> Result<Axis> {
        let axis = &self.axes[index];
        Axis::new(axis.time, self.rows.iter().map(|&row| axis.lengths[row]))
    }

    /// Bytes of the memory, and of a copy for each row of the batch.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let memory: usize = self.values.iter().map(|values| size_of_val(&values[..])).sum();
        let rows = self.axes.first().map_or(self.rows.len(), |axis| axis.lengths.len());
        memory + memory / rows.max(1) * self.rows.len()
    }
}
