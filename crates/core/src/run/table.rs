//! What the rows of a block add to the gradient of a table: each granule's sum of an id is formed from zero, a block of
//! steps after another, and each block's from zero too.

use unrolled_kernels::Element;

use super::Block;
use super::granule::{Part, Source, visit};
use crate::program::{Operand, Plan, Sum};

/// Columns of a table that are summed at a time.
const STRIP: usize = 256;

/// A step that names a row of the table; in the order of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    granule: u32,
    id: u32,
    /// Which of the granule's blocks, in the order in which backward visits them.
    block: u32,
    place: u32,
}

/// Puts what the steps of a block name in order, by contribution, once for all tasks.
pub(super) fn order<E: Element>(plan: &Plan, block: &mut Block<E>) {
    let mut all = std::mem::take(&mut block.names);
    all.resize_with(plan.gradients.contributions.len(), Vec::new);
    for (contribution, names) in plan.gradients.contributions.iter().zip(&mut all) {
        names.clear();
        let Sum::Table { ids, padding, .. } = &contribution.sum else { continue };
        if plan.windowed && contribution.group.is_some() {
            continue;
        }
        let ids = &block.ids[*ids];
        for granule in block.granules(contribution.space) {
            for (i, own) in visit(granule, contribution.reverse).enumerate() {
                let name = |&place: &u32| Name {
                    granule: own.granule as u32,
                    id: ids[place as usize],
                    block: i as u32,
                    place,
                };
                names.extend(own.places.iter().map(name).filter(|name| *padding != Some(name.id)));
            }
        }
        // Places rise within a block: those of one id stay in their order.
        names.sort_unstable();
    }
    block.names = all;
}

impl<E: Element> Source<'_, E> {
    /// Adds the sums of the table's rows that are the part's, granule by granule.
    pub(super) fn add_table(&self, target: &mut [E], gradient: Operand, part: &Part, index: usize) {
        let Some(g) = self.matrix(gradient) else { return };
        for granule in self.block.names[index].chunk_by(|a, b| a.granule == b.granule) {
            let bound = |row: usize| granule.partition_point(|name| (name.id as usize) < row);
            let own = &granule[bound(part.rows.start)..bound(part.rows.end)];
            for names in own.chunk_by(|a, b| a.id == b.id) {
                let row =
                    &mut target[(names[0].id as usize - part.rows.start) * part.columns..][..part.columns];
                for (i, strip) in row.chunks_mut(STRIP).enumerate() {
                    let columns = i * STRIP..i * STRIP + strip.len();
                    self.add_strip(strip, names, |place| &g.row(place as usize)[columns.clone()]);
                }
            }
        }
    }

    /// Adds a granule's sum of one id.
    fn add_strip<'g>(&self, strip: &mut [E], names: &[Name], row: impl Fn(u32) -> &'g [E])
    where
        E: 'g,
    {
        let (mut granule, mut block) = ([E::ZERO; STRIP], [E::ZERO; STRIP]);
        let (granule, block) = (&mut granule[..strip.len()], &mut block[..strip.len()]);
        for same in names.chunk_by(|a, b| a.block == b.block) {
            block.fill(E::ZERO);
            for name in same {
                self.kernels.add_assign(block, row(name.place));
            }
            self.kernels.add_assign(granule, block);
        }
        self.kernels.add_assign(strip, granule);
    }
}
