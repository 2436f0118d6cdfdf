//! A generation under way.

mod begin;

use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, Ordering as Access};

use unrolled_kernels::{Element, Kernels};

use super::hypothesis::{Ended, Trail};
use super::lane::{Lane, Next};
use super::step::Step;
use super::stepper::{Items, Prompts, Sizes, Stepper};
use super::{GenerateConfig, Hypothesis, Search, Stop};
use crate::memory::{copied, refill, reserve};
use crate::random::Stream;
use crate::{Error, Result};

/// Sequences that a model makes up, step by step.
pub struct Generation<E, S> {
    stepper: S,
    /// Scores are in f64.
    kernels: Kernels<f64>,
    config: GenerateConfig,
    sizes: Sizes,
    prompts: Prompts<E>,
    /// By id: true if it is never chosen.
    banned: Vec<bool>,
    draws: Stream,
    /// The rows of the model; those of one prompt side by side, the best first.
    lanes: Vec<Lane>,
    next: Next,
    items: Items<E>,
    trail: Trail<E>,
    /// By row: the steps of the memory that alignments spread over.
    memory: Vec<usize>,
    /// By row.
    ended: Vec<Vec<Ended>>,
    /// Items that [`Generation::next_id`] has given.
    given: usize,
}

impl<E: Element, S: Stepper<E>> Generation<E, S> {
    /// Takes a step of all rows that go on. False if none does.
    ///
    /// # Errors
    /// Those of the stepper; [`crate::Code::NonFinite`] for scores that are no numbers or leave no choice; `Size` when there
    /// is no memory. The generation is of no use then.
    pub fn advance(&mut self) -> Result<bool> {
        if self.lanes.is_empty() {
            return Ok(false);
        }
        self.feed()?;
        let Self {
            stepper,
            kernels,
            config,
            sizes,
            prompts,
            banned,
            draws,
            lanes,
            next,
            items,
            trail,
            memory,
            ended,
            ..
        } = self;
        let outlook = stepper.step(items)?;
        let kernels = *kernels;
        let mut step = Step {
            kernels,
            config,
            sizes: *sizes,
            prompts,
            banned,
            draws,
            outlook,
            memory,
            trail,
            ended,
            next,
        };
        let mut first = 0;
        for group in lanes.chunk_by(|a, b| a.row == b.row) {
            step.take(first, group)?;
            first += group.len();
        }
        self.follow(first)?;
        Ok(!self.lanes.is_empty())
    }

    /// Gathers the next item of every lane.
    fn feed(&mut self) -> Result<()> {
        let Self { prompts, lanes, items, trail, sizes, config, .. } = self;
        let what = "the items of a step";
        let (count, size) = (lanes.len(), sizes.items);
        if sizes.tokens {
            let ids = lanes.iter().map(|lane| match lane.path.tip {
                Some(tip) if lane.fed >= prompts.length(lane.row) => trail.id(tip),
                _ => prompts.id(lane.row, lane.fed),
            });
            refill(&mut items.ids, count, ids, what)?;
        } else {
            let values = lanes.iter().flat_map(|lane| match lane.path.tip {
                Some(tip) if lane.fed >= prompts.length(lane.row) => trail.values(tip, size),
                _ => prompts.values(lane.row, lane.fed, size),
            });
            refill(&mut items.values, count.saturating_mul(size), values.copied(), what)?;
        }
        if let Stop::Length { .. } = config.stop {
            let remaining = lanes
                .iter()
                .map(|lane| E::from_f64(lane.length.unwrap_or(0).saturating_sub(lane.fed) as f64));
            refill(&mut items.remaining, count, remaining, what)?;
        }
        Ok(())
    }

    /// Goes on with the lanes that the last step left, out of `count`.
    fn follow(&mut self, count: usize) -> Result<()> {
        let Self { stepper, lanes, next, .. } = self;
        let same = next.origin.len() == count && next.origin.iter().enumerate().all(|(i, &from)| i == from);
        if !same && !next.origin.is_empty() {
            stepper.reorder(&next.origin)?;
        }
        std::mem::swap(lanes, &mut next.lanes);
        next.lanes.clear();
        next.origin.clear();
        Ok(())
    }

    /// Takes all steps and gives the sequences of each row, the best first.
    ///
    /// # Errors
    /// Those of [`Generation::advance`] and [`Generation::results`]; [`crate::Code::Cancelled`] once `cancelled` is true.
    pub fn run(&mut self, cancelled: &AtomicBool) -> Result<Vec<Vec<Hypothesis<E>>>> {
        loop {
            check_cancelled(cancelled)?;
            if !self.advance()? {
                return self.results();
            }
        }
    }

    /// The sequences of each row that have ended, the best first: those that ended by themselves, then those cut off.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn results(&self) -> Result<Vec<Vec<Hypothesis<E>>>> {
        let count = if let Search::Beam(beam) = &self.config.search { beam.n_best } else { 1 };
        let mut rows = Vec::new();
        reserve(&mut rows, self.ended.len(), "the sequences of a generation")?;
        for (row, ended) in self.ended.iter().enumerate() {
            let memory = self.memory.get(row).copied().unwrap_or(0);
            let mut best = copied(ended, "the sequences of a row")?;
            best.sort_unstable_by(|a, b| self.better(a, b));
            best.truncate(count);
            let mut sequences = Vec::new();
            reserve(&mut sequences, best.len(), "the sequences of a row")?;
            for ended in &best {
                sequences.push(self.trail.hypothesis(ended, self.sizes.items, memory)?);
            }
            rows.push(sequences);
        }
        Ok(rows)
    }

    /// The order of results; of equals, the one whose last item was chosen first.
    fn better(&self, a: &Ended, b: &Ended) -> Ordering {
        let score = b.normalized_score.partial_cmp(&a.normalized_score).unwrap_or(Ordering::Equal);
        b.finished.cmp(&a.finished).then(score).then(a.path.tip.cmp(&b.path.tip))
    }

    /// The next id of the one row; takes the steps that it needs. None at the end of the sequence.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for more or fewer rows, for a beam, which knows its sequence at the end alone, and for items
    /// that are numbers; those of [`Generation::run`].
    pub fn next_id(&mut self, cancelled: &AtomicBool) -> Result<Option<i32>> {
        if self.prompts.rows() != 1 || !self.sizes.tokens || matches!(self.config.search, Search::Beam(_)) {
            return Err(Error::argument(
                "generate: expected one row of ids and no beam to go on item by item, received others",
            ));
        }
        loop {
            if self.given < self.trail.len() {
                self.given += 1;
                return Ok(Some(self.trail.id(self.given - 1)));
            }
            if self.lanes.is_empty() {
                return Ok(None);
            }
            check_cancelled(cancelled)?;
            self.advance()?;
        }
    }
}

fn check_cancelled(cancelled: &AtomicBool) -> Result<()> {
    match cancelled.load(Access::Relaxed) {
        true => Err(Error::cancelled("the generation was cancelled")),
        false => Ok(()),
    }
}
