//! The region of the weights: each gradient is a sum over all rows and steps, formed in one order.
//!
//! Every element adds up granules, each a sum of its own over blocks of 16 steps (`granule.rs`). Tiles of the
//! result go to the threads, so neither their number nor the cut of the batch changes a bit.

use unrolled_kernels::{Element, Kernels};

use super::Block;
use super::granule::{Part, Source};
use crate::parallel::Pool;
use crate::params::{Entry, Layout};
use crate::program::{Plan, Program};

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

/// Adds the gradients of all parameters to the flat `gradients`.
pub(super) fn add<E: Element>(
    kernels: Kernels<E>,
    program: &Program,
    plan: &Plan,
    blocks: &[Block<E>],
    pool: &Pool,
    gradients: &mut [E],
) {
    let sources: Vec<_> = blocks.iter().map(|block| Source { kernels, program, plan, block }).collect();
    let mut tasks = tasks(&program.layout, gradients, pool.threads());
    let count = tasks.len();
    pool.for_each_chunk(&mut tasks[..], count, 1, |tasks: &mut [Task<'_, E>]| {
        let mut scratch = Vec::new();
        for task in tasks {
            for index in 0..plan.gradients.contributions.len() {
                task.add(&sources, plan, index, &mut scratch);
            }
        }
    });
}

impl<E: Element> Task<'_, E> {
    /// Adds a contribution to the rows that are this task's.
    fn add(&mut self, sources: &[Source<'_, E>], plan: &Plan, index: usize, scratch: &mut Vec<E>) {
        let contribution = &plan.gradients.contributions[index];
        let (own, tensor) = (self.offset..self.offset + self.gradient.len(), contribution.tensor.range());
        let (start, end) = (own.start.max(tensor.start), own.end.min(tensor.end));
        if start >= end {
            return;
        }
        let columns = self.columns;
        let part = Part { rows: (start - tensor.start) / columns..(end - tensor.start) / columns, columns };
        let target = &mut self.gradient[start - own.start..end - own.start];
        for source in sources {
            if plan.windowed && contribution.group.is_some() {
                source.block.sums[index].add_to(source.kernels, target, tensor.len(), &part);
                continue;
            }
            for granule in source.granules(contribution) {
                source.add(target, contribution, &part, granule, scratch);
            }
        }
    }
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
