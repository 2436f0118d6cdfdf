//! The choice of a run's plan: everything kept, or segment by segment.

use std::ops::Range;

use unrolled_kernels::Element;

use super::budget::{all_bytes, least_bytes, segment_steps, too_small, whole_fits};
use crate::memory::refill;
use crate::program::{Mode, Plan, Program, Tape};
use crate::storage::Batch;
use crate::{Error, Result};

/// The plans of a program in one mode.
pub(in crate::run) struct Plans {
    /// The plan of the last run.
    pub(in crate::run) plan: Plan,
    /// The other plan, if a run may keep everything or go segment by segment.
    spare: Option<Plan>,
    tape: Tape,
    /// Of the last run with a budget: the lengths of all rows, and the rows of each shard.
    shape: Vec<u32>,
}

impl Plans {
    pub(in crate::run) fn new(program: &Program, mode: Mode) -> Self {
        let tape = if let Mode::Training { tape, .. } = mode { tape } else { Tape::Whole };
        let spare = match mode {
            Mode::Training { inputs, tape: Tape::Sqrt | Tape::Bytes(_) } => {
                Some(program.plan(Mode::Training { inputs, tape: Tape::Whole }))
            }
            _ => None,
        };
        Self { plan: program.plan(mode), spare, tape, shape: Vec::new() }
    }

    /// Keeps everything where the tape allows it, otherwise goes segment by segment; true if the plan is another than the
    /// last run's.
    pub(in crate::run) fn choose<E: Element>(
        &mut self,
        program: &Program,
        batch: &Batch<E>,
        shards: &(impl Iterator<Item = Range<usize>> + Clone),
    ) -> bool {
        let Some(spare) = &mut self.spare else { return false };
        let plans = if self.plan.segmented { [&*spare, &self.plan] } else { [&self.plan, &*spare] };
        let other = whole_fits(program, plans, self.tape, batch, shards) == self.plan.segmented;
        if other {
            std::mem::swap(&mut self.plan, spare);
        }
        other
    }

    /// Steps of a segment. A run that keeps nothing has no budget.
    ///
    /// # Errors
    /// Those of [`segment_steps`].
    pub(in crate::run) fn steps<E: Element>(
        &self,
        program: &Program,
        batch: &Batch<E>,
        shards: &(impl Iterator<Item = Range<usize>> + Clone),
        keeps_nothing: bool,
    ) -> Result<usize> {
        if !self.plan.segmented {
            return Ok(usize::MAX);
        }
        let tape = if keeps_nothing { Tape::Whole } else { self.tape };
        segment_steps(program, &self.plan, self.spare.as_ref(), tape, batch, shards)
    }

    /// True if a run fits the budget together with the `held` bytes of earlier runs.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(in crate::run) fn fits_beside<E: Element>(
        &mut self,
        program: &Program,
        batch: &Batch<E>,
        shards: &(impl Iterator<Item = Range<usize>> + Clone),
        steps: usize,
        held: impl FnOnce() -> usize,
    ) -> Result<bool> {
        let Tape::Bytes(budget) = self.tape else { return Ok(true) };
        let lengths = batch.axes().iter().flat_map(|axis| axis.lengths.iter().copied());
        let cut = shards.clone().flat_map(|rows| [rows.start as u32, rows.end as u32]);
        let shape = lengths.chain(cut);
        if self.shape.iter().copied().eq(shape.clone()) {
            // The same run needs the storage it already has.
            return Ok(true);
        }
        let count = shape.clone().count();
        refill(&mut self.shape, count, shape, "the lengths of a batch")?;
        let needed = all_bytes(program, &self.plan, batch, shards, steps);
        Ok(u64::try_from(held() + needed).is_ok_and(|bytes| bytes <= budget))
    }

    /// The error for a budget that some of the batches of a step do not fit, naming the bytes that the largest needs.
    pub(in crate::run) fn too_small<E: Element, R: Iterator<Item = Range<usize>> + Clone>(
        &self,
        program: &Program,
        batches: impl Iterator<Item = Result<Batch<E>>>,
        cut: impl Fn(&Batch<E>) -> R,
    ) -> Option<Error> {
        let Tape::Bytes(budget) = self.tape else { return None };
        let plans = || [&self.plan].into_iter().chain(&self.spare);
        let least = |batch: Batch<E>| least_bytes(program, plans(), &batch, &cut(&batch));
        let mut needed = batches.map(|batch| batch.map(least));
        let most = needed.try_fold(0, |most, least| least.map(|least| most.max(least)));
        most.map(|most| too_small(budget, most)).ok()
    }
}
