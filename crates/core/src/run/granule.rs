//! What the rows of one granule add to a gradient of the weights.
//!
//! A granule's sum is formed from zero, a block of steps after another in the order in which backward visits time.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Rows};

use super::{Block, SumBlock};
use crate::program::{Contribution, Operand, Plan, Program, Sum};

/// A block of rows, to sum over.
pub(super) struct Source<'a, E> {
    pub(super) kernels: Kernels<E>,
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
                self.kernels.outer(MatrixMut::new(target, rows.len(), part.columns), g, x);
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
                let initial = part(self.matrix(Operand::Value(delay.initial))?);
                Some(Rows::stacked(next, initial, &block.before[usize::from(delay.reverse)]))
            }
        }
    }

    pub(super) fn matrix(&self, operand: Operand) -> Option<Matrix<'a, E>> {
        let (slot, space) = self.plan.place(operand)?;
        let (Operand::Value(value) | Operand::Gradient(value)) = operand;
        let width = self.program.values[value].width;
        Some(Matrix::new(&self.block.slots[slot], self.block.count(space), width))
    }
}
