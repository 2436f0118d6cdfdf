//! The region of the weights: each gradient is a sum over all rows and steps, formed in one order.
//!
//! Every element adds up row groups, each a sum of its own over blocks of 16 steps (`row_group.rs`). Tiles of the
//! result go to the threads, so neither their number nor the cut of the batch changes a bit.

mod embedding;
mod row_group;

use std::sync::{Mutex, PoisonError};

use unrolled_kernels::{Element, Kernels, Operands};

use self::row_group::{Part, Source};
use crate::Result;
use crate::memory::reserve;
use crate::parallel::{Divide, Pool};
use crate::params::{Entry, Layout};
use crate::program::{Plan, Program, Sum};
use crate::storage::{PartialSums, Shard, View};
use crate::tuning::{LEAST_NUMBERS, LEAST_ROWS, MOST_ROWS, TASKS_PER_THREAD};

/// The cut of the flat gradient into tasks for a number of threads, and their storage.
#[derive(Debug, Default)]
pub(super) struct Cut<E> {
    threads: usize,
    tasks: Vec<Task>,
    /// Room for a row group's sum, one for each task that may run at a time.
    scratch: Vec<Mutex<Vec<E>>>,
}

/// Some rows of one parameter.
#[derive(Clone, Copy, Debug)]
struct Task {
    offset: usize,
    length: usize,
    columns: usize,
}

impl<E: Element> Cut<E> {
    /// Cuts anew for another number of threads.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn prepare(&mut self, layout: &Layout, threads: usize) -> Result<()> {
        if self.threads == threads {
            return Ok(());
        }
        self.threads = 0;
        self.tasks.clear();
        for entry in layout.entries() {
            let (rows, columns) = sizes(entry);
            let share = rows.div_ceil(threads * TASKS_PER_THREAD).next_multiple_of(LEAST_ROWS);
            let step = if entry.shape.len() == 1 { share.max(LEAST_NUMBERS) } else { share.min(MOST_ROWS) };
            for start in (0..rows).step_by(step) {
                let length = step.min(rows - start) * columns;
                self.tasks.push(Task { offset: entry.offset + start * columns, length, columns });
            }
        }
        let most = self.tasks.iter().map(|task| task.length).max().unwrap_or(0);
        self.scratch.resize_with(threads, Mutex::default);
        for scratch in &mut self.scratch {
            let scratch = scratch.get_mut().unwrap_or_else(PoisonError::into_inner);
            scratch.clear();
            reserve(scratch, most, "the sum of a row group")?;
        }
        self.threads = threads;
        Ok(())
    }

    /// Calls `work` with storage that no other task has.
    fn with_scratch(&self, work: impl FnOnce(&mut Vec<E>)) {
        match self.scratch.iter().find_map(|scratch| scratch.try_lock().ok()) {
            Some(mut scratch) => work(&mut scratch),
            None => work(&mut Vec::new()),
        }
    }
}

/// A parameter as a matrix of rows; a vector has a column.
fn sizes(entry: &Entry) -> (usize, usize) {
    let rows = entry.shape.first().copied().unwrap_or(1);
    (rows, entry.shape.iter().skip(1).product())
}

/// Consecutive tasks, with their part of the gradient.
struct Tasks<'a, E> {
    tasks: &'a [Task],
    gradient: &'a mut [E],
}

impl<E: Element> Divide for Tasks<'_, E> {
    fn divide(self, middle: usize) -> (Self, Self) {
        let (left, right) = self.tasks.split_at(middle);
        let (ours, theirs) = self.gradient.split_at_mut(left.iter().map(|task| task.length).sum());
        (Self { tasks: left, gradient: ours }, Self { tasks: right, gradient: theirs })
    }
}

/// Adds the gradients of all parameters to the flat `gradient`.
pub(super) fn add<E: Element>(
    (kernels, operands): (Kernels<E>, Operands<E>),
    program: &Program,
    plan: &Plan,
    shards: &[Shard<E>],
    pool: &Pool,
    cut: &Cut<E>,
    gradient: &mut [E],
) {
    let sources = || shards.iter().map(|shard| Source { kernels, operands, program, plan, shard });
    let all = Tasks { tasks: &cut.tasks, gradient };
    pool.for_each_part(all, cut.tasks.len(), 1, |own: Tasks<'_, E>| {
        let mut rest = own.gradient;
        for task in own.tasks {
            let (gradient, more) = rest.split_at_mut(task.length);
            cut.with_scratch(|scratch| {
                for index in 0..plan.gradients.contributions.len() {
                    sources().for_each(|source| task.add(gradient, source, index, scratch));
                }
            });
            rest = more;
        }
    });
}

impl Task {
    /// Adds a shard's part of a contribution to the rows of this task.
    fn add<E: Element>(&self, gradient: &mut [E], source: Source<'_, E>, index: usize, scratch: &mut Vec<E>) {
        let contribution = &source.plan.gradients.contributions[index];
        let (own, tensor) = (self.offset..self.offset + self.length, contribution.tensor.range());
        let (start, end) = (own.start.max(tensor.start), own.end.min(tensor.end));
        if start >= end {
            return;
        }
        let columns = self.columns;
        let part = Part { rows: (start - tensor.start) / columns..(end - tensor.start) / columns, columns };
        let target = &mut gradient[start - own.start..end - own.start];
        if source.plan.sums_by_segment(contribution) {
            let sums = &source.shard.sums[index];
            return sums.add_to(source.kernels, target, tensor.len(), &part.rows, columns);
        }
        if let Sum::Table { gradient, .. } = contribution.sum {
            return source.add_table(target, gradient, &part, index);
        }
        for row_group in source.shard.row_groups(contribution.space) {
            source.add(target, contribution, &part, row_group, scratch);
        }
    }
}

pub(super) use embedding::order;

/// Forgets the partial sums of a section.
pub(super) fn reset_section<E: Element>(f: &mut View<'_, E>, section: usize) -> Result<()> {
    let contributions = &f.plan.gradients.contributions;
    let rows = f.shard.rows.len();
    f.shard.sums.resize_with(contributions.len(), PartialSums::default);
    let own = contributions.iter().zip(&mut f.shard.sums).filter(|(c, _)| c.section == Some(section));
    own.into_iter().try_for_each(|(contribution, sum)| sum.reset(contribution, rows))
}

/// Adds the sums of the segment that ran to the partial sums of its section.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(super) fn add_section<E: Element>(f: &mut View<'_, E>, section: usize) -> Result<()> {
    let mut sums = std::mem::take(&mut f.shard.sums);
    let source = Source {
        kernels: f.kernels,
        operands: f.weights.operands(),
        program: f.program,
        plan: f.plan,
        shard: f.shard,
    };
    for (contribution, sum) in f.plan.gradients.contributions.iter().zip(&mut sums) {
        if contribution.section == Some(section) {
            row_group::add_segment(&source, contribution, sum)?;
        }
    }
    f.shard.sums = sums;
    Ok(())
}
