//! The start of a generation: the options are checked, and each prompt gets its first lanes.

use unrolled_kernels::Element;

use super::Generation;
use crate::generate::beam::{Candidate, Ranking};
use crate::generate::choose::{drawn, likeliest};
use crate::generate::hypothesis::{Ended, Path, Trail, push};
use crate::generate::lane::{Lane, Next};
use crate::generate::scores::log_probabilities;
use crate::generate::stepper::{Items, Prompts, Sizes, Stepper};
use crate::generate::{GenerateConfig, Sample, Search, Stop};
use crate::memory::{refill, reserve, zeros};
use crate::random::Stream;
use crate::{Error, Result, settings};

/// Numbers of rows, in errors.
const ROWS: &str = "the rows of a generation";

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
        check_alignment(&config.search, sizes)?;
        check_prompts(&prompts, sizes)?;
        let rows = prompts.rows();
        let mut banned = zeros(if sizes.tokens { sizes.items } else { 0 }, "the forbidden ids")?;
        config.forbidden.iter().for_each(|&id| banned[id as usize] = true);
        let mut memory = Vec::new();
        if sizes.alignment > 0 {
            refill(&mut memory, rows, (0..rows).map(|row| stepper.memory(row)), ROWS)?;
        }
        let mut ended = Vec::new();
        refill(&mut ended, rows, std::iter::repeat_with(Vec::new), ROWS)?;
        let mut generation = Self {
            memory,
            draws: Stream::new(seed(&config.search), "\0generate", 0),
            stepper,
            kernels: settings::kernels()?,
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
        // The item that the model is fed first is none of the sequence.
        let read = self.prompts.length(row) - 1;
        let lengths = self.lengths(row, read + self.config.min_steps, scores)?;
        let Self { config, next, ended, memory, .. } = self;
        let covered = zeros(memory.get(row).copied().unwrap_or(0), "the coverage of a sequence")?;
        for length in lengths {
            let path = Path { tip: None, items: 0, score: next.log(length) };
            if length == read {
                let normalized_score = config.normalized(path.score, 0, &covered);
                push(&mut ended[row], Ended { path, normalized_score, finished: true })?;
            } else {
                next.keep(row, Lane { row, fed: 0, path, length: Some(length) })?;
            }
        }
        Ok(())
    }

    /// The lengths that a row begins with, each at least `least`.
    fn lengths(&mut self, row: usize, least: usize, scores: &[E]) -> Result<Vec<usize>> {
        let Self { kernels, config, sizes, next, .. } = self;
        let Stop::Length { length: output, .. } = &config.stop else { return Ok(Vec::new()) };
        let (logs, ids) = next.logs(scores.len())?;
        if !log_probabilities(*kernels, sizes.length, scores, logs) {
            return Err(Error::non_finite(format!(
                "output '{output}': expected finite scores in row {row}, received a NaN or infinity"
            )));
        }
        let allowed = |length: usize| length >= least;
        let mut lengths = Vec::new();
        match &config.search {
            Search::Greedy {} => lengths.extend(likeliest(logs, allowed)),
            Search::Sample(sample) => {
                let plain = Sample { temperature: 1.0, top_k: None, top_p: 1.0, seed: sample.seed };
                let draws = Stream::new(sample.seed, "\0length", 0);
                let point = draws.at(config.first_row + row as u64, 0).uniform();
                lengths.extend(drawn(&plain, logs, allowed, point, ids)?);
            }
            Search::Beam(beam) => {
                let mut ranking = Ranking::default();
                for id in (0..logs.len()).filter(|&id| allowed(id)) {
                    let (score, log) = (logs[id], logs[id]);
                    ranking.offer(beam.width, Candidate { score, log, lane: 0, id, ends: false })?;
                }
                reserve(&mut lengths, ranking.goes_on().len(), "the lengths of a row")?;
                lengths.extend(ranking.goes_on().iter().map(|it| it.id));
            }
        }
        match lengths.is_empty() {
            false => Ok(lengths),
            true => Err(Error::argument(format!(
                "output '{output}': expected a length of at least {least} with a probability above 0 for row {row}, received none"
            ))),
        }
    }
}

/// Refuses a penalty of the coverage without an attention that covers.
fn check_alignment(search: &Search, sizes: Sizes) -> Result<()> {
    match search {
        Search::Beam(beam) if beam.coverage_penalty > 0.0 && sizes.alignment == 0 => {
            Err(Error::argument(format!(
                "generate beam coveragePenalty: expected 0 for a model without an alignment, received {}",
                beam.coverage_penalty
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses a row that has nothing to begin with.
fn check_prompts<E: Element>(prompts: &Prompts<E>, sizes: Sizes) -> Result<()> {
    let Some(row) = (0..prompts.rows()).find(|&row| prompts.length(row) == 0) else { return Ok(()) };
    let (call, items, advice) = match sizes.tokens {
        true => ("generate", "item", "give a prompt, or the option start"),
        false => ("freeRun", "step", "give the first step, or a model that shifts the numbers itself"),
    };
    Err(Error::value(format!(
        "{call}: expected a prompt of at least 1 {items} in row {row}, received none; {advice}"
    )))
}

fn seed(search: &Search) -> u64 {
    if let Search::Sample(sample) = search { sample.seed } else { 0 }
}
