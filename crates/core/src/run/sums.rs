//! The region of the weights: each gradient is a sum over all rows and steps, formed in one order.
//!
//! Every element adds up blocks (a granule by 16 steps), granule by granule, time within. Tiles of the
//! result go to the threads, so neither their number nor the cut of the batch changes a bit.

use std::ops::Range;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Rows};

use super::{Block, SumBlock};
use crate::parallel::Pool;
use crate::params::{Entry, Layout};
use crate::program::{Contribution, Operand, Plan, Program, Space, Sum};

/// The fewest rows of a parameter that are worth a task of their own.
const LEAST_ROWS: usize = 16;

/// The most rows of a task, so that its part of the gradient stays in the second-level cache from block to block.
const MOST_ROWS: usize = 256;

/// Tasks for each thread, so that an unlucky one costs little.
const TASKS_PER_THREAD: usize = 4;

/// Some rows of one parameter's gradient.
struct Task<'a, E> {
    offset: usize,
    columns: usize,
    gradient: &'a mut [E],
}

/// Where sums come from.
struct Source<'a, E> {
    kernels: Kernels<E>,
    program: &'a Program,
    plan: &'a Plan,
    blocks: &'a [Block<E>],
}

/// Adds the gradients of all parameters to the flat `gradients`.
pub(super) fn add<E: Element>(
    kernels: Kernels<E>,
    program: &Program,
    plan: &Plan,
    blocks: &[Block<E>],
    pool: &Pool,
    gradients: &mut [E],
) {
    let source = Source { kernels, program, plan, blocks };
    let mut tasks = tasks(&program.layout, gradients, pool.threads());
    let count = tasks.len();
    pool.for_each_chunk(&mut tasks[..], count, 1, |tasks: &mut [Task<'_, E>]| {
        for task in tasks {
            for contribution in &plan.gradients.contributions {
                source.add(task, contribution);
            }
        }
    });
}

fn tasks<'a, E>(layout: &Layout, mut gradients: &'a mut [E], threads: usize) -> Vec<Task<'a, E>> {
    let mut tasks = Vec::new();
    for entry in layout.entries() {
        let (rows, columns) = sizes(entry);
        let step = rows.div_ceil(threads * TASKS_PER_THREAD).next_multiple_of(LEAST_ROWS).min(MOST_ROWS);
        for start in (0..rows).step_by(step) {
            let taken = step.min(rows - start) * columns;
            let (gradient, rest) = gradients.split_at_mut(taken);
            tasks.push(Task { offset: entry.offset + start * columns, columns, gradient });
            gradients = rest;
        }
    }
    tasks
}

/// A parameter as a matrix of rows; a vector has a column.
fn sizes(entry: &Entry) -> (usize, usize) {
    let rows = entry.shape.first().copied().unwrap_or(1);
    (rows, entry.shape.iter().skip(1).product())
}

impl<E: Element> Source<'_, E> {
    fn matrix<'b>(&self, block: &'b Block<E>, operand: Operand) -> Option<Matrix<'b, E>> {
        let (slot, space) = self.plan.place(operand)?;
        let (Operand::Value(value) | Operand::Gradient(value)) = operand;
        Some(Matrix::new(&block.slots[slot], block.count(space), self.program.values[value].width))
    }

    /// Adds a contribution to the rows of a task that are its own.
    fn add(&self, task: &mut Task<'_, E>, contribution: &Contribution) {
        let (own, tensor) = (task.offset..task.offset + task.gradient.len(), contribution.tensor.range());
        let (start, end) = (own.start.max(tensor.start), own.end.min(tensor.end));
        if start >= end {
            return;
        }
        let columns = task.columns;
        let rows = (start - tensor.start) / columns..(end - tensor.start) / columns;
        let target = &mut task.gradient[start - own.start..end - own.start];
        for block in self.blocks {
            let sum_blocks = match contribution.space {
                Space::Rows => &block.row_blocks[..],
                Space::Axis(axis) | Space::Step(axis) => block.timelines[axis].blocks(),
            };
            for own in sum_blocks {
                self.add_block(block, target, columns, &contribution.sum, rows.clone(), own);
            }
        }
    }

    fn add_block(
        &self,
        block: &Block<E>,
        target: &mut [E],
        columns: usize,
        sum: &Sum,
        rows: Range<usize>,
        own: &SumBlock,
    ) {
        let part = |all: &Range<usize>| all.start + rows.start..all.start + rows.end;
        match sum {
            Sum::Outer { gradient, columns: of, input } => {
                let g = self.rows(block, *gradient, Some(part(of)), own);
                let (Some(g), Some(x)) = (g, self.rows(block, *input, None, own)) else { return };
                self.kernels.outer(MatrixMut::new(target, rows.len(), columns), g, x);
            }
            Sum::Columns { gradient, columns: of } => {
                let Some(g) = self.rows(block, *gradient, Some(part(of)), own) else { return };
                self.kernels.column_sums(target, g);
            }
            Sum::Products { gradient, input } => {
                let g = self.rows(block, *gradient, Some(rows.clone()), own);
                let (Some(g), Some(x)) = (g, self.rows(block, *input, Some(rows), own)) else { return };
                self.kernels.product_sums(target, g, x);
            }
            Sum::Table { gradient, ids, padding } => {
                let Some(g) = self.matrix(block, *gradient) else { return };
                self.scatter(target, g, &block.ids[*ids], *padding, rows, &own.places);
            }
        }
    }

    /// The rows of one block of a sum; those of an incoming state lie with the steps before.
    fn rows<'b>(
        &self,
        block: &'b Block<E>,
        operand: Operand,
        columns: Option<Range<usize>>,
        own: &'b SumBlock,
    ) -> Option<Rows<'b, E>> {
        let part = |all: Matrix<'b, E>| columns.clone().map_or(all, |columns| all.column_range(columns));
        match self.plan.delay(operand) {
            None => Some(Rows::new(part(self.matrix(block, operand)?), &own.places)),
            Some(delay) => {
                let next = part(self.matrix(block, Operand::Value(delay.next))?);
                let initial = part(self.matrix(block, Operand::Value(delay.initial))?);
                Some(Rows::stacked(next, initial, &own.before[usize::from(delay.reverse)]))
            }
        }
    }

    /// Adds the rows of one block to the table rows that their ids name, each id's own sum first.
    fn scatter(
        &self,
        target: &mut [E],
        g: Matrix<'_, E>,
        ids: &[u32],
        padding: Option<u32>,
        rows: Range<usize>,
        list: &[u32],
    ) {
        let width = g.columns();
        let mut named: Vec<(u32, usize)> = list
            .iter()
            .map(|&place| (ids[place as usize], place as usize))
            .filter(|&(id, _)| rows.contains(&(id as usize)) && padding != Some(id))
            .collect();
        named.sort_by_key(|&(id, _)| id);
        let mut sum = vec![E::ZERO; width];
        for same in named.chunk_by(|a, b| a.0 == b.0) {
            sum.fill(E::ZERO);
            for &(_, place) in same {
                self.kernels.add_assign(&mut sum, g.row(place));
            }
            let row = same[0].0 as usize - rows.start;
            self.kernels.add_assign(&mut target[row * width..][..width], &sum);
        }
    }
}
