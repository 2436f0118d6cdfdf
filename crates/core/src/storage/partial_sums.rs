//! Partial sums of one parameter's gradient, one per row group, when time runs in segments.

use std::collections::BTreeMap;
use std::ops::Range;

use unrolled_kernels::{Element, Kernels};

use super::ROW_GROUP;
use crate::program::{Contribution, Sum};
use crate::{Error, Result};

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
            self.tables.resize_with(row_groups, TableSums::default);
            return Ok(());
        }
        let full = || Error::size(format!("the sums of {row_groups} row groups do not fit into memory"));
        let count = row_groups.checked_mul(contribution.tensor.range().len()).ok_or_else(full)?;
        self.dense.try_reserve_exact(count).map_err(|_| full())?;
        self.dense.resize(count, E::ZERO);
        Ok(())
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
    offsets: BTreeMap<u32, usize>,
    sums: Vec<E>,
}

impl<E: Element> TableSums<E> {
    fn bytes(&self) -> usize {
        self.offsets.len() * size_of::<(u32, usize)>() + self.sums.capacity() * size_of::<E>()
    }

    /// The sum for the row of an id, zero at first.
    pub(crate) fn row(&mut self, id: u32, width: usize) -> &mut [E] {
        let next = self.offsets.len();
        let offset = *self.offsets.entry(id).or_insert(next);
        if offset == next {
            self.sums.reserve_exact(width);
            self.sums.resize((next + 1) * width, E::ZERO);
        }
        &mut self.sums[offset * width..][..width]
    }

    fn add_to(&self, kernels: Kernels<E>, target: &mut [E], rows: &Range<usize>, columns: usize) {
        let own = u32::try_from(rows.start).unwrap_or(u32::MAX)..;
        let own = self.offsets.range(own).take_while(|&(&id, _)| (id as usize) < rows.end);
        for (&id, &offset) in own {
            let row = &mut target[(id as usize - rows.start) * columns..][..columns];
            kernels.add_assign(row, &self.sums[offset * columns..][..columns]);
        }
    }
}
