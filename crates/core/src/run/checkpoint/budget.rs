//! The length of segments, and the bytes of a run with them.
//!
//! Training takes the fewest segments that a budget allows. Inference takes segments short enough for a cache: the loop reads
//! pre-activations while the second-level cache still has them, and no sequence is held whole. A session, of one step, has
//! no segments.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::program::{Form, Plan, Program, Space, Sum, Tape};
use crate::storage::{Alignment, BLOCK_STEPS, Batch, ROW_GROUP, Schedule, Tally};
use crate::tuning::{CACHED_NUMBERS, FEWEST_STEPS};
use crate::{Error, Result};

/// The step of a segment's length in training: segments have whole shards of a sum.
const STEP: usize = BLOCK_STEPS;

/// Steps of a segment, for a batch in shards. `whole` is the plan without segments, if there is a choice.
///
/// # Errors
/// [`crate::Code::Size`] for a budget that no segments fit, naming the bytes needed.
pub(super) fn segment_steps<E: Element>(
    program: &Program,
    plan: &Plan,
    whole: Option<&Plan>,
    tape: Tape,
    batch: &Batch<E>,
    shards: &(impl Iterator<Item = Range<usize>> + Clone),
) -> Result<usize> {
    if !plan.training {
        let rows = shards.clone().map(|rows| rows.len()).max().unwrap_or(0).max(1);
        let wide = plan.slots.iter().filter(|slot| matches!(slot.space, Space::Segment(_)));
        let widest = wide.map(|slot| slot.width).max().unwrap_or(0).max(1);
        return Ok((CACHED_NUMBERS / widest).max(FEWEST_STEPS).div_ceil(rows));
    }
    let bytes = |steps: usize| all_bytes(program, plan, batch, shards, steps);
    let mut lengths = segment_lengths(batch);
    match tape {
        Tape::Whole => Ok(STEP),
        Tape::Sqrt => Ok(lengths.min_by_key(|&steps| bytes(steps)).unwrap_or(STEP)),
        Tape::Bytes(budget) => {
            let fits = |steps: &usize| u64::try_from(bytes(*steps)).is_ok_and(|bytes| bytes <= budget);
            let plans = [Some(plan), whole].into_iter().flatten();
            lengths.find(fits).ok_or_else(|| too_small(budget, least_bytes(program, plans, batch, shards)))
        }
    }
}

/// The error for a budget that a batch does not fit.
pub(super) fn too_small(budget: u64, least: usize) -> Error {
    Error::size(format!(
        "memory: expected at least {least} bytes for the tape of this batch, received {budget}"
    ))
}

/// The fewest bytes of a training step by any of the plans.
pub(super) fn least_bytes<'a, E: Element>(
    program: &Program,
    plans: impl Iterator<Item = &'a Plan>,
    batch: &Batch<E>,
    shards: &(impl Iterator<Item = Range<usize>> + Clone),
) -> usize {
    let least = |plan: &Plan| match plan.segmented {
        true => {
            let steps = segment_lengths(batch);
            steps.map(|steps| all_bytes(program, plan, batch, shards, steps)).min().unwrap_or(0)
        }
        false => all_bytes(program, plan, batch, shards, usize::MAX),
    };
    plans.map(least).min().unwrap_or(0)
}

/// True if the full tape fits the budget, so that nothing needs to be computed twice.
pub(super) fn whole_fits<E: Element>(
    program: &Program,
    [whole, segmented]: [&Plan; 2],
    tape: Tape,
    batch: &Batch<E>,
    shards: &(impl Iterator<Item = Range<usize>> + Clone),
) -> bool {
    let needed = all_bytes(program, whole, batch, shards, usize::MAX);
    let segments = |steps: usize| all_bytes(program, segmented, batch, shards, steps);
    match tape {
        Tape::Whole => true,
        Tape::Sqrt => segment_lengths(batch).all(|steps| needed <= segments(steps)),
        Tape::Bytes(budget) => u64::try_from(needed).is_ok_and(|needed| needed <= budget),
    }
}

/// The possible lengths of segments, falling.
fn segment_lengths<E: Element>(batch: &Batch<E>) -> impl Iterator<Item = usize> + use<E> {
    let time = batch.axes().iter().flat_map(|axis| &axis.lengths).max().map_or(0, |&n| n as usize);
    let runs = time.div_ceil(STEP).max(1);
    let mut last = 0;
    let lengths = (1..=runs).map(move |count| runs.div_ceil(count) * STEP);
    lengths.filter(move |&length| std::mem::replace(&mut last, length) != length)
}

/// Bytes of all shards with segments of `steps` steps, if the plan has segments.
pub(super) fn all_bytes<E: Element>(
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    shards: &(impl Iterator<Item = Range<usize>> + Clone),
    steps: usize,
) -> usize {
    shards.clone().map(|rows| bytes::<E>(program, plan, batch, &rows, steps)).sum()
}

/// Bytes of a shard with segments of `steps` steps, if the plan has segments.
fn bytes<E: Element>(
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    rows: &Range<usize>,
    steps: usize,
) -> usize {
    let lengths = |axis: usize| batch.axes()[axis].lengths[rows.clone()].iter().map(|&n| n as usize);
    let total = |axis: usize| lengths(axis).sum::<usize>();
    let segments = |axis: usize| lengths(axis).max().unwrap_or(0).div_ceil(steps).max(1);
    let count = |space: Space| match space {
        // A level of a forest may have all of its nodes but one.
        Space::Step(axis) if program.forms[axis] != Form::Chain => total(axis),
        Space::Rows | Space::Step(_) => rows.len(),
        Space::PingPong => 2 * rows.len(),
        Space::Axis(axis) => total(axis),
        Space::Segment(axis) => lengths(axis).map(|n| n.min(steps)).sum(),
        Space::Checkpoints(axis) => (segments(axis) + 1) * rows.len(),
    };
    let slots: usize = plan.slots.iter().map(|slot| slot.width * count(slot.space)).sum();
    let row_groups = rows.len().div_ceil(ROW_GROUP);
    let grouped = plan.gradients.contributions.iter().filter(|c| plan.sums_by_segment(c));
    let sums: usize = grouped
        .map(|c| match (&c.sum, c.space) {
            (Sum::Table { .. }, Space::Axis(axis)) => {
                // A row for each id that a row group names, and where it lies.
                let place = size_of::<(u32, usize)>().div_ceil(size_of::<E>());
                (c.tensor.columns + place) * (row_groups * c.tensor.rows).min(total(axis))
            }
            _ => row_groups * c.tensor.range().len(),
        })
        .sum();
    let ids = program.values.iter().filter(|v| v.holds_ids());
    let ids: usize = ids.map(|v| v.axis.map_or(rows.len(), total)).sum();
    let lists: usize = (0..batch.axes().len())
        .map(|axis| {
            let time = lengths(axis).max().unwrap_or(0);
            let whole = Schedule::size(
                rows.len(),
                time,
                if plan.reduces_over(axis) { total(axis) } else { 0 },
                plan.previous[axis],
            );
            let levels = match program.forms[axis] {
                Form::Chain => 0,
                Form::Forest { .. } | Form::Edges { .. } => Schedule::size_of_levels(rows.len(), total(axis)),
            };
            let ranks = levels + rows.len() * size_of::<u32>();
            let starts = if plan.memory[axis] { (rows.len() + 1) * size_of::<usize>() } else { 0 };
            let count = segments(axis);
            let cut = || Schedule::size(count * rows.len(), time + count, total(axis), plan.previous[axis]);
            whole + ranks + starts + if plan.segmented { cut() } else { 0 }
        })
        .sum();
    let items = |value: usize| program.values[value].axis.map_or(rows.len(), total);
    let tallies: usize = program.targets.iter().map(|t| Tally::size(items(t.value), rows.len())).sum();
    let coverages: usize = program
        .coverages()
        .map(|it| {
            let pairs =
                lengths(it.axis).zip(lengths(it.memory)).map(|(queries, steps)| queries * steps).sum();
            Alignment::<E>::size(rows.len(), pairs) + Alignment::<E>::size(rows.len(), total(it.memory))
        })
        .sum();
    (slots + sums) * size_of::<E>() + ids * size_of::<u32>() + lists + tallies + coverages
}
