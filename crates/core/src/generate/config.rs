//! Options of generation, as JSON in camelCase.

use serde::Deserialize;
use unrolled_kernels::math;

use crate::graph::MAX_SIZE;
use crate::{Error, Result};

/// The most steps of a generation.
const MOST_STEPS: usize = 1 << 24;

/// The most hypotheses of a row.
const MOST_WIDTH: usize = 1 << 16;

/// The choice of the next token among those with a score.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum Search {
    /// The likeliest; the lower id among equals.
    Greedy {},
    /// Drawn by its probability.
    Sample(Sample),
    /// The likeliest sequences that a beam of hypotheses finds.
    Beam(Beam),
}

/// Ancestral sampling: each token is drawn given those before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sample {
    /// The divisor of the logits: below 1 the likely becomes likelier.
    #[serde(default = "one")]
    pub temperature: f64,
    /// Draw among so many of the likeliest alone (Fan, Lewis and Dauphin, 2018).
    #[serde(default)]
    pub top_k: Option<usize>,
    /// Draw among the fewest that have this probability together, the nucleus (Holtzman et al., 2020); after `top_k`.
    #[serde(default = "one")]
    pub top_p: f64,
    /// The seed of the draws. Each depends on the seed, the row and the step alone.
    #[serde(default)]
    pub seed: u64,
}

/// Beam search: at each step the best continuations of a few hypotheses.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Beam {
    /// Hypotheses that are kept.
    pub width: usize,
    /// The exponent α of the divisor `((5 + n) / 6)^α` of the score of n items (Wu et al., 2016, section 7).
    #[serde(default)]
    pub length_penalty: f64,
    /// The factor β of `Σ_i ln min(Σ_t a_ti, 1)`, added to the score where the weights a of an attention leave a step i of the
    /// memory uncovered (the same section); for models with an alignment.
    #[serde(default)]
    pub coverage_penalty: f64,
    /// Results of a row, the best first.
    #[serde(default = "one_result")]
    pub n_best: usize,
}

/// The end of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum Stop {
    /// Sequences end after the most steps.
    #[default]
    Never,
    /// A sequence ends with this id.
    EndToken(u32),
    /// An output of one number a step: the logit, or after a sigmoid the probability, that the sequence ends there.
    Output(String),
    /// The length is predicted first: output `length` scores the lengths 0, 1, ..., and input `remaining` takes the
    /// number of items that are still to come at each step, the next one included.
    Length {
        /// The output.
        length: String,
        /// The input.
        remaining: String,
    },
}

/// The options of a generation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GenerateConfig {
    /// The input that takes each item back.
    pub input: String,
    /// The output that scores the next token, or is the next item itself where the input takes numbers.
    pub output: String,
    /// The search.
    pub search: Search,
    /// The end of a sequence besides `max_steps`.
    #[serde(default)]
    pub stop: Stop,
    /// The most items of a row.
    pub max_steps: usize,
    /// Items before a sequence may end.
    #[serde(default)]
    pub min_steps: usize,
    /// An output of alignments that each item is returned with.
    #[serde(default)]
    pub alignment: Option<String>,
    /// The id in front of each prompt.
    #[serde(default)]
    pub start: Option<u32>,
    /// Ids that are never chosen.
    #[serde(default)]
    pub forbidden: Vec<u32>,
    /// The number of the first row in the draws, so that a batch in pieces draws what the whole draws.
    #[serde(default)]
    pub first_row: u64,
}

fn one() -> f64 {
    1.0
}

fn one_result() -> usize {
    1
}

impl GenerateConfig {
    /// Reads it from JSON and checks the numbers.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for text that is malformed or has an unknown or missing field, and for a number out of its
    /// range.
    pub fn from_json(text: &str) -> Result<Self> {
        let config: Self = serde_json::from_str(text)
            .map_err(|error| Error::argument(format!("generate options: {error}")))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        within("maxSteps", self.max_steps, 1, MOST_STEPS)?;
        within("minSteps", self.min_steps, 0, self.max_steps)?;
        match &self.search {
            Search::Greedy {} => Ok(()),
            Search::Sample(sample) => sample.check(),
            Search::Beam(beam) => beam.check(),
        }
    }

    /// The score by which sequences of `items` items are compared; `covered` has the sums of the weights of each step of the
    /// memory.
    pub(super) fn normalized(&self, score: f64, items: usize, covered: &[f64]) -> f64 {
        let Search::Beam(beam) = &self.search else { return score };
        let coverage: f64 = covered.iter().map(|sum| math::ln(sum.clamp(f64::MIN_POSITIVE, 1.0))).sum();
        beam.normalized(score, items) + beam.coverage_penalty * coverage
    }

    /// Checks the options of tokens against the vocabulary; `lengths` that can be predicted, or 1.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for an id beyond it, for a search that leaves no token to choose, and for more hypotheses
    /// than there are sequences.
    pub(super) fn check_tokens(&self, vocabulary: usize, lengths: usize) -> Result<()> {
        let end = if let Stop::EndToken(id) = self.stop { Some(id) } else { None };
        let ids = [("start", self.start), ("endToken", end)];
        let ids = ids.into_iter().filter_map(|(name, id)| Some((name, id?)));
        for (name, id) in ids.chain(self.forbidden.iter().map(|&id| ("forbidden", id))) {
            if id as usize >= vocabulary {
                return Err(Error::argument(format!(
                    "generate {name}: expected an id below {vocabulary}, received {id}"
                )));
            }
        }
        if let Search::Sample(Sample { top_k: Some(k), .. }) = self.search {
            within("topK", k, 1, vocabulary)?;
        }
        if let Search::Beam(beam) = &self.search {
            let steps = u32::try_from(self.max_steps).unwrap_or(u32::MAX);
            // A sequence may end at its last item or be cut off there.
            let ends = if matches!(self.stop, Stop::Output(_)) { 2 } else { 1 };
            let sequences = vocabulary.saturating_pow(steps).saturating_mul(lengths * ends);
            within("beam width", beam.width, 1, sequences)?;
        }
        let chosen = |id: usize| !self.forbidden.iter().any(|&other| other as usize == id);
        let last = |id: usize| self.min_steps > 0 && end.is_some_and(|end| end as usize == id);
        match (0..vocabulary).any(|id| chosen(id) && !last(id)) {
            true => Ok(()),
            false => Err(Error::argument(format!(
                "generate forbidden: expected at least one of {vocabulary} ids to choose, received all of them"
            ))),
        }
    }

    /// Checks the options where the items are numbers.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for options of tokens.
    pub(super) fn check_numbers(&self) -> Result<()> {
        let refused = |name: &str, received: &str| {
            Err(Error::argument(format!(
                "generate {name}: expected none where the items are numbers, received {received}"
            )))
        };
        match (&self.search, &self.stop, self.start) {
            (Search::Beam(_), ..) => refused("search", "a beam"),
            (_, Stop::EndToken(id), _) => refused("endToken", &id.to_string()),
            (_, _, Some(id)) => refused("start", &id.to_string()),
            _ if !self.forbidden.is_empty() => refused("forbidden", "ids"),
            _ => Ok(()),
        }
    }
}

impl Sample {
    fn check(&self) -> Result<()> {
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            let received = self.temperature;
            return Err(Error::argument(format!(
                "generate temperature: expected a number above 0, received {received}"
            )));
        }
        if let Some(k) = self.top_k {
            within("topK", k, 1, MAX_SIZE)?;
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            let received = self.top_p;
            return Err(Error::argument(format!(
                "generate topP: expected a number above 0 and at most 1, received {received}"
            )));
        }
        Ok(())
    }
}

impl Beam {
    fn check(&self) -> Result<()> {
        within("beam width", self.width, 1, MOST_WIDTH)?;
        within("beam nBest", self.n_best, 1, self.width)?;
        for (name, penalty) in
            [("lengthPenalty", self.length_penalty), ("coveragePenalty", self.coverage_penalty)]
        {
            if !(penalty >= 0.0 && penalty.is_finite()) {
                return Err(Error::argument(format!(
                    "generate beam {name}: expected a finite number of at least 0, received {penalty}"
                )));
            }
        }
        Ok(())
    }

    /// The score over the penalty of the length.
    pub(super) fn normalized(&self, score: f64, items: usize) -> f64 {
        if self.length_penalty == 0.0 {
            return score;
        }
        // Not `powf`, which may differ between platforms.
        score / math::exp(self.length_penalty * math::ln((5.0 + items as f64) / 6.0))
    }
}

/// Checks a whole number.
fn within(name: &str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::argument(format!(
        "generate {name}: expected a whole number from {least} to {most}, received {value}"
    )))
}
