//! Partial sums of one parameter's gradient, one per row group, when time runs in segments.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use unrolled_kernels::{Element, Kernels};

use super::ROW_GROUP;
use crate::Result;
use crate::memory::{grow, no_memory, reserve};
use crate::program::{Contribution, Sum};

/// Numbers of partial sums, in errors.
const SUMS: &str = "the sums of row groups";

/// The sums of one contribution over the segments so far.
#[derive(Clone, Debug, Default)]
pub struct PartialSums<E> {
    /// By row group, as long as the tensor.
    dense: Vec<E>,
    /// By row group, of a table.
    tables: Vec<TableSums<E>>,
}

impl<E: Element> PartialSums<E> {
    /// Bytes held.
    #[must_use]
    pub(crate) fn bytes(&self) -> usize {
        self.dense.capacity() * size_of::<E>() + self.tables.iter().map(TableSums::bytes).sum::<usize>()
    }

    /// Starts anew, with room for a contribution's sums over `rows` rows.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(crate) fn reset(&mut self, contribution: &Contribution, rows: usize) -> Result<()> {
        let row_groups = rows.div_ceil(ROW_GROUP);
        self.tables.clear();
        self.dense.clear();
        if let Sum::Table { .. } = contribution.sum {
            reserve(&mut self.tables, row_groups, SUMS)?;
            self.tables.resize_with(row_groups, TableSums::default);
            return Ok(());
        }
        grow(&mut self.dense, row_groups.saturating_mul(contribution.tensor.range().len()), SUMS)
    }

    /// The sum of a row group, `length` numbers long.
    pub(crate) fn dense(&mut self, row_group: usize, length: usize) -> &mut [E] {
        &mut self.dense[row_group * length..][..length]
    }

    /// The sums of a row group for the rows of a table.
    pub(crate) fn table(&mut self, row_group: usize) -> &mut TableSums<E> {
        &mut self.tables[row_group]
    }

    /// Adds the row groups, one after another, to the `rows` of a gradient of `length` numbers.
    pub(crate) fn add_to(
        &self,
        kernels: Kernels<E>,
        target: &mut [E],
        length: usize,
        rows: &Range<usize>,
        columns: usize,
    ) {
        for row_group in self.dense.chunks_exact(length.max(1)) {
            kernels.add_assign(target, &row_group[rows.start * columns..][..target.len()]);
        }
        self.tables.iter().for_each(|row_group| row_group.add_to(kernels, target, rows, columns));
    }
}

/// The sums of a row group for the rows of a table that its ids name.
#[derive(Clone, Debug, Default)]
pub struct TableSums<E> {
    offsets: HashMap<u32, usize>,
    sums: Vec<E>,
    /// The offsets by rising id, from the first time that they are added to a gradient.
    sorted: OnceLock<Vec<(u32, usize)>>,
}

impl<E: Element> TableSums<E> {
    fn bytes(&self) -> usize {
        self.offsets.len() * size_of::<(u32, usize)>() + self.sums.capacity() * size_of::<E>()
    }

    /// The sum for the row of an id, zero at first.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(crate) fn row(&mut self, id: u32, width: usize) -> Result<&mut [E]> {
        self.sorted.take();
        let next = self.offsets.len();
        self.offsets.try_reserve(1).map_err(|_| no_memory(next + 1, SUMS))?;
        let offset = *self.offsets.entry(id).or_insert(next);
        if offset == next {
            grow(&mut self.sums, (next + 1) * width, SUMS)?;
        }
        Ok(&mut self.sums[offset * width..][..width])
    }

    fn add_to(&self, kernels: Kernels<E>, target: &mut [E], rows: &Range<usize>, columns: usize) {
        let mut add = |id: u32, offset: usize| {
            let row = &mut target[(id as usize - rows.start) * columns..][..columns];
            kernels.add_assign(row, &self.sums[offset * columns..][..columns]);
        };
        let sorted = self.sorted.get_or_init(|| self.sort());
        if sorted.len() == self.offsets.len() {
            let [first, end] =
                [rows.start, rows.end].map(|row| sorted.partition_point(|&(id, _)| (id as usize) < row));
            sorted[first..end].iter().for_each(|&(id, offset)| add(id, offset));
            return;
        }
        // In any order: each id has a row of its own.
        let own = self.offsets.iter().filter(|&(&id, _)| rows.contains(&(id as usize)));
        own.for_each(|(&id, &offset)| add(id, offset));
    }

    /// The offsets by rising id; nothing where there is no memory for them.
    fn sort(&self) -> Vec<(u32, usize)> {
        let mut sorted = Vec::new();
        if sorted.try_reserve_exact(self.offsets.len()).is_ok() {
            sorted.extend(self.offsets.iter().map(|(&id, &offset)| (id, offset)));
            sorted.sort_unstable();
        }
        sorted
    }
}
