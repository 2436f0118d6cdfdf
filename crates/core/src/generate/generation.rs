//! A generation under way.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, Ordering as Access};

use unrolled_kernels::Element;

use super::beam::{Candidate, Ranking};
use super::choose::{drawn, likeliest};
use super::hypothesis::{Ended, Path, Trail, push};
use super::scores::log_probabilities;
use super::step::{Lane, Next, Step};
use super::stepper::{Items, Prompts, Sizes, Stepper};
use super::{GenerateConfig, Hypothesis, Sample, Search, Stop};
use crate::memory::{copied, refill, reserve, zeros};
use crate::random::Stream;
use crate::{Error, Result};

/// Sequences that a model makes up, step by step.
pub struct Generation<E, S> {
    stepper: S,
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
    /// A generation before its first step: lengths are predicted.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for options that do not fit the sizes, [`crate::Code::Value`] for a row with nothing to
    /// begin with, `NonFinite` for scores of lengths that are no numbers, `Size` when there is no memory; those of the
    /// stepper.
    pub fn begin(stepper: S, sizes: Sizes, config: GenerateConfig, prompts: Prompts<E>) -> Result<Self> {
        match sizes.tokens {
            true => config.check_tokens(sizes.items, sizes.lengths.max(1))?,
            false => config.check_numbers()?,
        }
        if let (Search::Beam(beam), 0) = (&config.search, sizes.alignment)
            && beam.coverage_penalty > 0.0
        {
            return Err(Error::argument(format!(
                "generate beam coveragePenalty: expected 0 for a model without an alignment, received {}",
                beam.coverage_penalty
            )));
        }
        let rows = prompts.rows();
        if let Some(row) = (0..rows).find(|&row| prompts.length(row) == 0) {
            return Err(Error::value(format!(
                "generate: expected a prompt of at least 1 item in row {row}, received none; give a prompt, or the option start"
            )));
        }
        let mut banned = zeros(if sizes.tokens { sizes.items } else { 0 }, "the forbidden ids")?;
        config.forbidden.iter().for_each(|&id| banned[id as usize] = true);
        let mut memory = Vec::new();
        if sizes.alignment > 0 {
            refill(&mut memory, rows, (0..rows).map(|row| stepper.memory(row)), "the rows of a generation")?;
        }
        let mut ended = Vec::new();
        refill(&mut ended, rows, std::iter::repeat_with(Vec::new), "the rows of a generation")?;
        let mut generation = Self {
            memory,
            draws: Stream::new(seed(&config.search), "\0generate", 0),
            stepper,
            config,
            sizes,
            prompts,
            banned,
            lanes: Vec::new(),
            next: Next::default(),
            items: Items { ids: Vec::new(), values: Vec::new(), remaining: Vec::new() },
            trail: Trail::default(),
            ended,
            given: 0,
        };
        generation.start()?;
        Ok(generation)
    }

    /// Gives each prompt its first lanes.
    fn start(&mut self) -> Result<()> {
        let scores = match self.config.stop {
            Stop::Length { .. } => Some(self.stepper.lengths()?),
            _ => None,
        };
        let new = Path { tip: None, items: 0, score: 0.0 };
        for row in 0..self.prompts.rows() {
            match &scores {
                Some(scores) => {
                    self.predict(row, &scores[row * self.sizes.lengths..][..self.sizes.lengths])?
                }
                None => self.next.keep(row, Lane { row, fed: 0, path: new, length: None })?,
            }
        }
        self.follow(self.prompts.rows())
    }

    /// Begins a row with a length, or in a beam with the likeliest lengths.
    fn predict(&mut self, row: usize, scores: &[E]) -> Result<()> {
        let Self { config, sizes, prompts, next, ended, memory, .. } = self;
        let Stop::Length { length: output, .. } = &config.stop else { return Ok(()) };
        let (logs, ids, _) = next.logs(scores.len())?;
        if !log_probabilities(sizes.length, scores, logs) {
            return Err(Error::non_finite(format!(
                "output '{output}': expected finite scores in row {row}, received a NaN or infinity"
            )));
        }
        // The item that the model is fed first is none of the sequence.
        let read = prompts.length(row) - 1;
        let allowed = |length: usize| length >= read + config.min_steps;
        let mut chosen = Vec::new();
        match &config.search {
            Search::Beam(beam) => {
                let mut ranking = Ranking::default();
                for id in (0..logs.len()).filter(|&id| allowed(id)) {
                    let (score, log) = (logs[id], logs[id]);
                    ranking.offer(beam.width, Candidate { score, log, lane: 0, id, ends: false })?;
                }
                reserve(&mut chosen, ranking.goes_on().len(), "the lengths of a row")?;
                chosen.extend(ranking.goes_on().iter().map(|it| it.id));
            }
            Search::Sample(sample) => {
                let plain = Sample { temperature: 1.0, top_k: None, top_p: 1.0, seed: sample.seed };
                let lengths = Stream::new(sample.seed, "\0length", 0);
                let point = lengths.at(config.first_row + row as u64, 0).uniform();
                chosen.extend(drawn(&plain, logs, allowed, point, ids)?);
            }
            Search::Greedy {} => chosen.extend(likeliest(logs, allowed)),
        }
        if chosen.is_empty() {
            let least = read + config.min_steps;
            return Err(Error::argument(format!(
                "output '{output}': expected a length of at least {least} with a probability above 0 for row {row}, received none"
            )));
        }
        let covered = zeros(memory.get(row).copied().unwrap_or(0), "the coverage of a sequence")?;
        for length in chosen {
            let path = Path { tip: None, items: 0, score: next.log(length) };
            match length == read {
                true => push(
                    &mut ended[row],
                    Ended {
                        path,
                        normalized_score: config.normalized(path.score, 0, &covered),
                        finished: true,
                    },
                )?,
                false => next.keep(row, Lane { row, fed: 0, path, length: Some(length) })?,
            }
        }
        Ok(())
    }

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
        let mut step =
            Step { config, sizes: *sizes, prompts, banned, draws, outlook, memory, trail, ended, next };
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

fn seed(search: &Search) -> u64 {
    if let Search::Sample(sample) = search { sample.seed } else { 0 }
}
