//! What a step or a measurement came to.

use napi::Env;
use napi_derive::napi;
use unrolled_core::Result;
use unrolled_core::model;
use unrolled_core::storage;

use crate::tensor::{Tensor, handed_over};

/// What a batch came to.
#[napi(object, object_from_js = false)]
pub struct Report {
    /// The weighted sum of the losses, each reduced over the batch; NaN of a skipped step.
    pub loss: f64,
    /// What each output's loss came to; none of a skipped step.
    pub terms: Vec<Term>,
    /// The gradient's norm before clipping; 0 without a gradient, NaN of a skipped step.
    pub norm: f64,
    /// The learning rate of the update; 0 without one.
    pub learning_rate: f64,
    /// Updates so far.
    pub step: f64,
    /// Whether the update was left out because the loss or gradient was not finite.
    pub skipped: bool,
    /// Bytes that training holds; 0 without training.
    pub memory: Memory,
    /// The states after each row's last step, of a measurement.
    pub states: Option<Vec<Tensor>>,
}

/// Bytes that training holds from step to step, for the largest batch so far.
#[napi(object, object_from_js = false)]
pub struct Memory {
    /// What a step keeps on its way forward and back.
    pub tape: f64,
    /// The gradients of the parameters.
    pub gradients: f64,
    /// What the optimizer remembers of them.
    pub optimizer: f64,
    /// The parameters and their packed copies.
    pub weights: f64,
}

impl From<model::Memory> for Memory {
    fn from(memory: model::Memory) -> Self {
        let model::Memory { tape, gradients, optimizer, weights } = memory;
        let [tape, gradients, optimizer, weights] =
            [tape, gradients, optimizer, weights].map(|bytes| bytes as f64);
        Self { tape, gradients, optimizer, weights }
    }
}

/// What the loss of one output came to. Terms of batches add up to the term of all their rows.
#[napi(object, object_from_js = false)]
pub struct Term {
    /// The output.
    pub output: String,
    /// The sum of its targets' losses, neither reduced nor weighted against other outputs.
    pub sum: f64,
    /// The weight of the targets: what a mean is divided by.
    pub weight: f64,
    /// Targets that the output predicts; none for a loss without classes.
    pub correct: Option<f64>,
    /// Targets that count.
    pub valid: f64,
}

impl Report {
    /// The report of a step.
    pub(crate) fn of_step(report: model::Report) -> Self {
        Self {
            loss: report.loss,
            terms: report.terms.into_iter().map(Term::from).collect(),
            norm: report.norm,
            learning_rate: report.learning_rate,
            step: report.step as f64,
            skipped: report.skipped,
            memory: report.memory.into(),
            states: None,
        }
    }

    /// The report of a measurement.
    pub(crate) fn of_measurement(
        env: &Env,
        (report, states): (model::Report, Vec<storage::Tensor<f32>>),
    ) -> Result<Self> {
        Ok(Self { states: Some(handed_over(env, states)?), ..Self::of_step(report) })
    }
}

impl From<model::Term> for Term {
    fn from(term: model::Term) -> Self {
        let model::Term { output, sum, weight, correct, valid } = term;
        Self {
            output: output.to_string(),
            sum,
            weight,
            correct: correct.map(|count| count as f64),
            valid: valid as f64,
        }
    }
}
