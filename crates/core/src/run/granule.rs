//! What the rows of one granule add to a gradient of the weights.
//!
//! A granule's sum is formed from zero, a block of steps after another in the order in which backward visits time.

use std::collections::BTreeMap;
use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Operands, Rows};

use super::{Block, GRANULE, Span, SumBlock};
use crate::program::{Contribution, Operand, Plan, Program, Sum};
use crate::{Error, Result};

/// A block of rows, to sum over.
pub(super) struct Source<'a, E> {
    pub(super) kernels: Kernels<E>,
    pub(super) operands: Operands<E>,
    pub(super) program: &'a Program,
    pub(super) plan: &'a Plan,
    pub(super) block: &'a Block<E>,
}

/// Some rows of a tensor.
pub(super) struct Part {
    pub(super) rows: Range<usize>,
    pub(super) columns: usize,
}

/// The blocks of one granule in the order in which backward visits time.
pub(super) fn visit(blocks: &[SumBlock], reverse: bool) -> impl Iterator<Item = &SumBlock> {
    let count = blocks.len();
    (0..count).map(move |i| &blocks[if reverse { i } else { count - 1 - i }])
}

impl<'a, E: Element> Source<'a, E> {
    /// Adds the sum of a granule to `target`; `scratch` is to form it in.
    pub(super) fn add(
        &self,
        target: &mut [E],
        contribution: &Contribution,
        part: &Part,
        granule: &[SumBlock],
        scratch: &mut Vec<E>,
    ) {
        match granule {
            // A block's sum is formed from zero anyway.
            [block] => self.add_block(target, &contribution.sum, part, block),
            _ => {
                scratch.clear();
                scratch.resize(target.len(), E::ZERO);
                self.add_blocks(scratch, contribution, part, granule);
                self.kernels.add_assign(target, scratch);
            }
        }
    }

    /// Adds one block after another to the sum of a granule.
    pub(super) fn add_blocks(
        &self,
        sum: &mut [E],
        contribution: &Contribution,
        part: &Part,
        granule: &[SumBlock],
    ) {
        for block in visit(granule, contribution.reverse) {
            self.add_block(sum, &contribution.sum, part, block);
        }
    }

    fn add_block(&self, target: &mut [E], sum: &Sum, part: &Part, block: &SumBlock) {
        let rows = &part.rows;
        let within = |all: &Range<usize>| all.start + rows.start..all.start + rows.end;
        match sum {
            Sum::Outer { gradient, columns, input } => {
                let g = self.rows(*gradient, Some(within(columns)), block);
                let (Some(g), Some(x)) = (g, self.rows(*input, None, block)) else { return };
                let target = MatrixMut::new(target, rows.len(), part.columns);
                self.kernels.outer(self.operands, target, g, x);
            }
            Sum::Columns { gradient, columns } => {
                let Some(g) = self.rows(*gradient, Some(within(columns)), block) else { return };
                self.kernels.column_sums(target, g);
            }
            Sum::Products { gradient, input } => {
                let g = self.rows(*gradient, Some(rows.clone()), block);
                let (Some(g), Some(x)) = (g, self.rows(*input, Some(rows.clone()), block)) else { return };
                self.kernels.product_sums(target, g, x);
            }
            Sum::Table { .. } => {}
        }
    }

    /// The rows of one block; those of an incoming state lie with the steps before.
    fn rows(
        &self,
        operand: Operand,
        columns: Option<Range<usize>>,
        block: &'a SumBlock,
    ) -> Option<Rows<'a, E>> {
        let part = |all: Matrix<'a, E>| columns.clone().map_or(all, |columns| all.column_range(columns));
        match self.plan.delay(operand) {
            None => Some(Rows::new(part(self.matrix(operand)?), &block.places)),
            Some(delay) => {
                let next = part(self.matrix(Operand::Value(delay.next))?);
                let initial = match self.block.window {
                    Some(window) => Operand::Border(operand.value(), window.order),
                    None => Operand::Value(delay.initial),
                };
                let initial = part(self.matrix(initial)?);
                Some(Rows::stacked(next, initial, &block.before[usize::from(delay.reverse)]))
            }
        }
    }

    pub(super) fn matrix(&self, operand: Operand) -> Option<Matrix<'a, E>> {
        let (slot, rows) = self.block.place(self.plan, operand, Span::All)?;
        let width = self.program.values[operand.value()].width;
        let data = &self.block.slots[slot][rows.start * width..rows.end * width];
        Some(Matrix::new(data, rows.len(), width))
    }

    /// Adds one block after another to the sums of a granule for the rows of a table that ids name.
    pub(super) fn add_named(
        &self,
        sums: &mut Named<E>,
        contribution: &Contribution,
        rows: &Range<usize>,
        granule: &[SumBlock],
    ) {
        let Sum::Table { gradient, ids, padding } = &contribution.sum else { return };
        let Some(g) = self.matrix(*gradient) else { return };
        let ids = self.block.ids(*ids, self.program.values[*ids].axis);
        let mut sum = vec![E::ZERO; g.columns()];
        for block in visit(granule, contribution.reverse) {
            let named = block.places.iter().map(|&place| (ids[place as usize], place as usize));
            let counts = |&(id, _): &(u32, usize)| rows.contains(&(id as usize)) && *padding != Some(id);
            let mut named: Vec<(u32, usize)> = named.filter(counts).collect();
            named.sort_by_key(|&(id, _)| id);
            for same in named.chunk_by(|a, b| a.0 == b.0) {
                sum.fill(E::ZERO);
                for &(_, place) in same {
                    self.kernels.add_assign(&mut sum, g.row(place));
                }
                self.kernels.add_assign(sums.row(same[0].0, sum.len()), &sum);
            }
        }
    }
}

/// What the granules of a block came to, of a contribution that is summed window by window.
#[derive(Clone, Debug, Default)]
pub struct Summed<E> {
    /// By granule, as long as the tensor.
    dense: Vec<E>,
    /// By granule, of a table.
    named: Vec<Named<E>>,
}

impl<E: Element> Summed<E> {
    /// Bytes held.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        self.dense.capacity() * size_of::<E>() + self.named.iter().map(Named::bytes).sum::<usize>()
    }

    /// Forgets all and makes room for a contribution's sums over `rows` rows.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn reset(&mut self, contribution: &Contribution, rows: usize) -> Result<()> {
        let granules = rows.div_ceil(GRANULE);
        self.named.clear();
        self.dense.clear();
        if let Sum::Table { .. } = contribution.sum {
            self.named.resize_with(granules, || Named { places: BTreeMap::new(), sums: Vec::new() });
            return Ok(());
        }
        let full = || Error::size(format!("the sums of {granules} granules do not fit into memory"));
        let count = granules.checked_mul(contribution.tensor.range().len()).ok_or_else(full)?;
        self.dense.try_reserve_exact(count).map_err(|_| full())?;
        self.dense.resize(count, E::ZERO);
        Ok(())
    }

    /// Adds what the window at hand comes to.
    pub(super) fn add(&mut self, source: &Source<'_, E>, contribution: &Contribution) {
        let tensor = contribution.tensor;
        let part = Part { rows: 0..tensor.rows, columns: tensor.columns };
        for granule in source.block.granules(contribution.space) {
            let at = granule[0].granule;
            match &contribution.sum {
                Sum::Table { .. } => {
                    source.add_named(&mut self.named[at], contribution, &part.rows, granule);
                }
                _ => {
                    let length = tensor.range().len();
                    source.add_blocks(&mut self.dense[at * length..][..length], contribution, &part, granule);
                }
            }
        }
    }

    /// Adds the granules, one after another, to the rows `part.rows` of the tensor's gradient.
    pub(super) fn add_to(&self, kernels: Kernels<E>, target: &mut [E], length: usize, part: &Part) {
        for granule in self.dense.chunks_exact(length.max(1)) {
            kernels.add_assign(target, &granule[part.rows.start * part.columns..][..target.len()]);
        }
        self.named.iter().for_each(|granule| granule.add_to(kernels, target, part));
    }
}

/// The sums of a granule for the rows of a table, as many as were named.
#[derive(Clone, Debug, Default)]
pub(super) struct Named<E> {
    places: BTreeMap<u32, usize>,
    sums: Vec<E>,
}

impl<E: Element> Named<E> {
    fn bytes(&self) -> usize {
        self.places.len() * size_of::<(u32, usize)>() + self.sums.capacity() * size_of::<E>()
    }

    fn row(&mut self, id: u32, width: usize) -> &mut [E] {
        let next = self.places.len();
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.sums.reserve_exact(width);
            self.sums.resize((next + 1) * width, E::ZERO);
        }
        &mut self.sums[place * width..][..width]
    }

    /// Adds them to the table's rows `part.rows`.
    pub(super) fn add_to(&self, kernels: Kernels<E>, target: &mut [E], part: &Part) {
        let own = u32::try_from(part.rows.start).unwrap_or(u32::MAX)..;
        let own = self.places.range(own).take_while(|&(&id, _)| (id as usize) < part.rows.end);
        for (&id, &place) in own {
            let row = &mut target[(id as usize - part.rows.start) * part.columns..][..part.columns];
            kernels.add_assign(row, &self.sums[place * part.columns..][..part.columns]);
        }
    }
}
