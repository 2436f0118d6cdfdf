//! One step of all rows: each reads its prompt or takes its next item, and goes on or ends.

mod widen;

use unrolled_kernels::{Element, Kernels, math};

use super::choose::{drawn, likeliest};
use super::hypothesis::{Ended, Item, Path, Trail, push};
use super::lane::{Lane, Next};
use super::scores::{log_odds, log_probabilities};
use super::stepper::{Outlook, Prompts, Sizes};
use super::{GenerateConfig, Search, Stop};
use crate::finite::first_non_finite;
use crate::random::{Draws, Stream};
use crate::{Error, Result};

/// A step of the model, and the sequences.
pub(super) struct Step<'a, E> {
    pub(super) kernels: Kernels<f64>,
    pub(super) config: &'a GenerateConfig,
    pub(super) sizes: Sizes,
    pub(super) prompts: &'a Prompts<E>,
    pub(super) banned: &'a [bool],
    pub(super) draws: &'a Stream,
    pub(super) outlook: Outlook<'a, E>,
    /// By row: the steps of the memory.
    pub(super) memory: &'a [usize],
    pub(super) trail: &'a mut Trail<E>,
    /// By row.
    pub(super) ended: &'a mut [Vec<Ended>],
    pub(super) next: &'a mut Next,
}

impl<'a, E: Element> Step<'a, E> {
    /// Takes the lanes of one prompt further; the first of them is row `first` of the model.
    pub(super) fn take(&mut self, first: usize, lanes: &[Lane]) -> Result<()> {
        for (i, &lane) in lanes.iter().enumerate() {
            let lane = Lane { fed: lane.fed + 1, ..lane };
            match (&self.config.search, lane.fed < self.prompts.length(lane.row)) {
                (_, true) => self.next.keep(first + i, lane)?,
                (Search::Beam(_), false) => {}
                _ => self.choose(first + i, lane)?,
            }
        }
        match (&self.config.search, lanes.first()) {
            (Search::Beam(beam), Some(lane)) if lane.fed + 1 >= self.prompts.length(lane.row) => {
                self.widen(beam, first, lanes)
            }
            _ => Ok(()),
        }
    }

    /// Chooses one item, or draws it.
    fn choose(&mut self, from: usize, lane: Lane) -> Result<()> {
        let mut draws = self.draws.at(self.config.first_row + lane.row as u64, lane.path.items as u64);
        let (id, mut log) = match self.sizes.tokens {
            true => self.token(from, lane, &mut draws)?,
            false => (None, 0.0),
        };
        let mut ends = ends(self.config, lane, id);
        if let Stop::Output(_) = self.config.stop {
            let [end, on] = self.odds(from, lane)?;
            let now = match self.config.search {
                Search::Sample(_) => draws.uniform() < math::exp(end),
                _ => end >= on,
            };
            ends = now && lane.path.items + 1 >= self.config.min_steps;
            log += if ends { end } else { on };
        }
        let item = Item { log, id, values: self.values(from, lane)?, alignment: self.alignment(from) };
        let path = self.trail.extend(lane.path, item)?;
        if ends || path.items == self.config.max_steps {
            return self.end(lane.row, path, ends);
        }
        self.next.keep(from, Lane { path, ..lane })
    }

    /// An id by the search, and `ln P` of it.
    fn token(&mut self, from: usize, lane: Lane, draws: &mut Draws) -> Result<(Option<usize>, f64)> {
        self.score(from, lane)?;
        let allowed = allowed(self.config, self.banned, lane);
        let (logs, ids) = self.next.logs(self.sizes.items)?;
        let id = match &self.config.search {
            Search::Sample(sample) => drawn(sample, logs, allowed, draws.uniform(), ids)?,
            _ => likeliest(logs, allowed),
        };
        let id = id.ok_or_else(|| self.nothing_likely(lane))?;
        Ok((Some(id), self.next.log(id)))
    }

    fn end(&mut self, row: usize, path: Path, finished: bool) -> Result<()> {
        let penalized = matches!(&self.config.search, Search::Beam(beam) if beam.coverage_penalty > 0.0);
        let covered = match penalized {
            true => self.trail.covered(path, self.memory[row])?,
            false => Vec::new(),
        };
        let normalized_score = self.config.normalized(path.score, path.items, &covered);
        push(&mut self.ended[row], Ended { path, normalized_score, finished })
    }

    /// Takes the logarithms of the probabilities of a row's next id.
    fn score(&mut self, from: usize, lane: Lane) -> Result<()> {
        let size = self.sizes.items;
        let scores = &self.outlook.scores[from * size..][..size];
        let (logs, _) = self.next.logs(size)?;
        match log_probabilities(self.kernels, self.sizes.form, scores, logs) {
            true => Ok(()),
            false => Err(not_finite(&self.config.output, lane)),
        }
    }

    /// `ln P` of ending here, and of going on.
    fn odds(&self, from: usize, lane: Lane) -> Result<[f64; 2]> {
        let odds = log_odds(self.sizes.stop, self.outlook.stop[from]);
        let Stop::Output(name) = &self.config.stop else { return Ok([f64::NEG_INFINITY, 0.0]) };
        odds.ok_or_else(|| not_finite(name, lane))
    }

    /// The weights of an attention in a row.
    fn alignment(&self, from: usize) -> &'a [E] {
        &self.outlook.alignment[from * self.sizes.alignment..][..self.sizes.alignment]
    }

    /// The numbers of a row's next item; none where items are ids.
    fn values(&self, from: usize, lane: Lane) -> Result<&'a [E]> {
        if self.sizes.tokens {
            return Ok(&[]);
        }
        let size = self.sizes.items;
        let values = &self.outlook.scores[from * size..][..size];
        match first_non_finite(values) {
            None => Ok(values),
            Some(_) => Err(not_finite(&self.config.output, lane)),
        }
    }

    fn nothing_likely(&self, lane: Lane) -> Error {
        let Lane { row, path, .. } = lane;
        Error::non_finite(format!(
            "output '{}': expected a probability above 0 among the ids to choose from in row {row}, item {}, received none",
            self.config.output, path.items
        ))
    }
}

/// The ids that may be chosen: none that is forbidden, and no end before its time.
fn allowed<'a>(
    config: &'a GenerateConfig,
    banned: &'a [bool],
    lane: Lane,
) -> impl Fn(usize) -> bool + use<'a> {
    let early = match config.stop {
        Stop::EndToken(id) if lane.path.items < config.min_steps => Some(id as usize),
        _ => None,
    };
    move |id| !banned[id] && early != Some(id)
}

/// True if a sequence ends with an id, or as it was predicted.
fn ends(config: &GenerateConfig, lane: Lane, id: Option<usize>) -> bool {
    match config.stop {
        Stop::EndToken(end) => id == Some(end as usize),
        Stop::Length { .. } => lane.length == Some(lane.fed),
        Stop::Never | Stop::Output(_) => false,
    }
}

fn not_finite(output: &str, lane: Lane) -> Error {
    let (row, item) = (lane.row, lane.path.items);
    Error::non_finite(format!(
        "output '{output}': expected finite scores in row {row}, item {item}, received a NaN or infinity"
    ))
}
