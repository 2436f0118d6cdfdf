//! The sum of a shard for the gradient of a table: each row group's sum of an id is formed from zero, a block of steps
//! after another, and each block's sum from zero too.

use unrolled_kernels::Element;

use super::row_group::{Part, Source, column, visit};
use crate::Result;
use crate::memory::reserve;
use crate::program::{Ids, Operand, Plan, Sum};
use crate::storage::{RowIds, Shard, TableEntry};
use crate::tuning::TABLE_COLUMNS;

/// Orders the steps of a shard by the rows of a table that they name, by contribution, once for all tasks.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(in crate::run) fn order<E: Element>(plan: &Plan, shard: &mut Shard<E>) -> Result<()> {
    let mut all = std::mem::take(&mut shard.table_entries);
    all.resize_with(plan.gradients.contributions.len(), Vec::new);
    for (contribution, names) in plan.gradients.contributions.iter().zip(&mut all) {
        names.clear();
        let Sum::Table { ids, padding, .. } = &contribution.sum else { continue };
        if plan.sums_by_segment(contribution) {
            continue;
        }
        let ids = match *ids {
            Ids::Given(value) => RowIds::Given(&shard.ids[value]),
            Ids::Computed(operand) => {
                let Some(ids) = column(shard, plan, operand) else { continue };
                RowIds::Computed(ids)
            }
        };
        reserve(names, shard.count(contribution.space), "the rows of a table that ids name")?;
        for row_group in shard.row_groups(contribution.space) {
            for (i, own) in visit(row_group, contribution.reverse).enumerate() {
                let name = |&place: &u32| TableEntry {
                    row_group: own.row_group as u32,
                    id: ids.at(place as usize),
                    block: i as u32,
                    place,
                };
                names.extend(own.places.iter().map(name).filter(|name| *padding != Some(name.id)));
            }
        }
        // Places rise within a block: those of one id stay in their order.
        names.sort_unstable();
    }
    shard.table_entries = all;
    Ok(())
}

impl<E: Element> Source<'_, E> {
    /// Adds the sums of the table's rows that are the part's, row group by row group.
    pub(super) fn add_table(&self, target: &mut [E], gradient: Operand, part: &Part, index: usize) {
        let Some(g) = self.matrix(gradient) else { return };
        for row_group in self.shard.table_entries[index].chunk_by(|a, b| a.row_group == b.row_group) {
            let bound = |row: usize| row_group.partition_point(|name| (name.id as usize) < row);
            let own = &row_group[bound(part.rows.start)..bound(part.rows.end)];
            for names in own.chunk_by(|a, b| a.id == b.id) {
                let row =
                    &mut target[(names[0].id as usize - part.rows.start) * part.columns..][..part.columns];
                for (i, strip) in row.chunks_mut(TABLE_COLUMNS).enumerate() {
                    let columns = i * TABLE_COLUMNS..i * TABLE_COLUMNS + strip.len();
                    self.add_strip(strip, names, |place| &g.row(place as usize)[columns.clone()]);
                }
            }
        }
    }

    /// Adds a row group's sum of one id.
    fn add_strip<'g>(&self, strip: &mut [E], names: &[TableEntry], row: impl Fn(u32) -> &'g [E])
    where
        E: 'g,
    {
        let (mut row_group, mut block) = ([E::ZERO; TABLE_COLUMNS], [E::ZERO; TABLE_COLUMNS]);
        let (row_group, block) = (&mut row_group[..strip.len()], &mut block[..strip.len()]);
        for same in names.chunk_by(|a, b| a.block == b.block) {
            block.fill(E::ZERO);
            for name in same {
                self.kernels.add_assign(block, row(name.place));
            }
            self.kernels.add_assign(row_group, block);
        }
        self.kernels.add_assign(strip, row_group);
    }
}
