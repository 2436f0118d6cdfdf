//! The sum of one row group for a gradient of the weights.
//!
//! A row group's sum is formed from zero, a block of steps after another in the order in which backward visits time.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Operands, Rows};

use crate::Result;
use crate::memory::zeros;
use crate::program::{Contribution, Ids, Operand, Plan, Program, Sum};
use crate::storage::{PartialSums, RowIds, Shard, Span, SumBlock, TableSums};

/// A shard, to sum over.
pub(super) struct Source<'a, E> {
    pub(super) kernels: Kernels<E>,
    pub(super) operands: Operands<E>,
    pub(super) program: &'a Program,
    pub(super) plan: &'a Plan,
    pub(super) shard: &'a Shard<E>,
}

/// Some rows of a tensor.
pub(super) struct Part {
    pub(super) rows: Range<usize>,
    pub(super) columns: usize,
}

/// The blocks of one row group in the order in which backward visits time.
pub(super) fn visit(blocks: &[SumBlock], reverse: bool) -> impl Iterator<Item = &SumBlock> {
    let count = blocks.len();
    (0..count).map(move |i| &blocks[if reverse { i } else { count - 1 - i }])
}

impl<'a, E: Element> Source<'a, E> {
    /// Adds the sum of a row group to `target`; `scratch` is to form it in.
    pub(super) fn add(
        &self,
        target: &mut [E],
        contribution: &Contribution,
        part: &Part,
        row_group: &[SumBlock],
        scratch: &mut Vec<E>,
    ) {
        match row_group {
            // A block's sum is formed from zero anyway.
            [block] => self.add_block(target, &contribution.sum, part, block),
            _ => {
                scratch.clear();
                scratch.resize(target.len(), E::ZERO);
                self.add_blocks(scratch, contribution, part, row_group);
                self.kernels.add_assign(target, scratch);
            }
        }
    }

    /// Adds one block after another to the sum of a row group.
    pub(super) fn add_blocks(
        &self,
        sum: &mut [E],
        contribution: &Contribution,
        part: &Part,
        row_group: &[SumBlock],
    ) {
        for block in visit(row_group, contribution.reverse) {
            self.add_block(sum, &contribution.sum, part, block);
        }
    }

    fn add_block(&self, target: &mut [E], sum: &Sum, part: &Part, block: &SumBlock) {
        let rows = &part.rows;
        let within = |all: &Range<usize>| all.start + rows.start..all.start + rows.end;
        match sum {
            Sum::Outer { gradient, columns, input } => {
                let from = self.without_children(*input, block);
                let g = self.rows(*gradient, Some(within(columns)), block, from);
                let (Some(g), Some(x)) = (g, self.rows(*input, None, block, from)) else { return };
                let target = MatrixMut::new(target, rows.len(), part.columns);
                self.kernels.outer(self.operands, target, g, x);
            }
            Sum::Columns { gradient, columns } => {
                let Some(g) = self.rows(*gradient, Some(within(columns)), block, 0) else { return };
                self.kernels.column_sums(target, g);
            }
            Sum::Products { gradient, input } => {
                let g = self.rows(*gradient, Some(rows.clone()), block, 0);
                let (Some(g), Some(x)) = (g, self.rows(*input, Some(rows.clone()), block, 0)) else { return };
                self.kernels.product_sums(target, g, x);
            }
            Sum::Table { .. } => {}
        }
    }

    /// The number of items that a block begins with and that add nothing: the leaves of a forest, where `input` is of children
    /// alone. Zeros leave a sum that begins with 0 at 0; an even number, since bf16 sums pairs.
    fn without_children(&self, input: Operand, block: &SumBlock) -> usize {
        let value = &self.program.values[input.value()];
        let Some(axis) = value.axis.filter(|_| value.of_children) else { return 0 };
        let leaves = self.shard.schedules[axis].offset(1);
        block.places.partition_point(|&place| (place as usize) < leaves) / 2 * 2
    }

    /// The rows of one block from an item on; the rows of an incoming state lie with the steps before.
    fn rows(
        &self,
        operand: Operand,
        columns: Option<Range<usize>>,
        block: &'a SumBlock,
        from: usize,
    ) -> Option<Rows<'a, E>> {
        let part = |all: Matrix<'a, E>| columns.clone().map_or(all, |columns| all.column_range(columns));
        match self.plan.delay(operand) {
            None => Some(Rows::new(part(self.matrix(operand)?), &block.places[from..])),
            Some(delay) => {
                let next = part(self.matrix(Operand::Value(delay.next))?);
                let initial = match self.shard.segment {
                    Some(segment) => Operand::Checkpoint(operand.value(), segment.order),
                    None => Operand::Value(delay.initial),
                };
                let initial = part(self.matrix(initial)?);
                Some(Rows::stacked(next, initial, &block.previous[usize::from(delay.reverse)][from..]))
            }
        }
    }

    pub(super) fn matrix(&self, operand: Operand) -> Option<Matrix<'a, E>> {
        let (slot, rows) = self.shard.place(self.plan, operand, Span::All)?;
        let width = self.program.values[operand.value()].width;
        let data = &self.shard.slots[slot][rows.start * width..rows.end * width];
        Some(Matrix::new(data, rows.len(), width))
    }

    fn ids(&self, ids: Ids) -> Option<RowIds<'a, E>> {
        Some(match ids {
            Ids::Given(value) => {
                RowIds::Given(self.shard.ids(value, self.program.values[value].axis, Span::All))
            }
            Ids::Computed(operand) => RowIds::Computed(column(self.shard, self.plan, operand)?),
        })
    }

    /// Adds one block after another to the sums of a row group for the rows of a table that ids name.
    pub(super) fn add_named(
        &self,
        sums: &mut TableSums<E>,
        contribution: &Contribution,
        rows: &Range<usize>,
        row_group: &[SumBlock],
    ) -> Result<()> {
        let Sum::Table { gradient, ids, padding } = &contribution.sum else { return Ok(()) };
        let Some(g) = self.matrix(*gradient) else { return Ok(()) };
        let Some(ids) = self.ids(*ids) else { return Ok(()) };
        let mut sum: Vec<E> = zeros(g.columns(), "the sum of an id")?;
        for block in visit(row_group, contribution.reverse) {
            let named = block.places.iter().map(|&place| (ids.at(place as usize), place as usize));
            let counts = |&(id, _): &(u32, usize)| rows.contains(&(id as usize)) && *padding != Some(id);
            let mut named: Vec<(u32, usize)> = named.filter(counts).collect();
            named.sort_by_key(|&(id, _)| id);
            for same in named.chunk_by(|a, b| a.0 == b.0) {
                sum.fill(E::ZERO);
                for &(_, place) in same {
                    self.kernels.add_assign(&mut sum, g.row(place));
                }
                self.kernels.add_assign(sums.row(same[0].0, sum.len())?, &sum);
            }
        }
        Ok(())
    }
}

/// The numbers of a value of one number a row.
pub(super) fn column<'a, E: Element>(shard: &'a Shard<E>, plan: &Plan, operand: Operand) -> Option<&'a [E]> {
    let (slot, rows) = shard.place(plan, operand, Span::All)?;
    Some(&shard.slots[slot][rows])
}

/// Adds the sums of the segment that ran to the partial sums of a contribution.
pub(super) fn add_segment<E: Element>(
    source: &Source<'_, E>,
    contribution: &Contribution,
    sums: &mut PartialSums<E>,
) -> Result<()> {
    let tensor = contribution.tensor;
    let part = Part { rows: 0..tensor.rows, columns: tensor.columns };
    for row_group in source.shard.row_groups(contribution.space) {
        let at = row_group[0].row_group;
        match &contribution.sum {
            Sum::Table { .. } => {
                source.add_named(sums.table(at), contribution, &part.rows, row_group)?;
            }
            Sum::Outer { .. } | Sum::Columns { .. } | Sum::Products { .. } => {
                source.add_blocks(sums.dense(at, tensor.range().len()), contribution, &part, row_group);
            }
        }
    }
    Ok(())
}
