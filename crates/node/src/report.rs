//! Reports of steps and measurements for JavaScript; `unrolled_core::model` says what each number is.

use napi::Env;
use napi_derive::napi;
use unrolled_core::Result;
use unrolled_core::model;
use unrolled_core::storage;

use crate::tensor::{Tensor, handed_over};

/// The report of a step or of a measurement.
#[napi(object, object_from_js = false)]
#[expect(missing_docs, reason = "the core documents each field of the same name")]
pub struct Report {
    pub loss: f64,
    pub terms: Vec<Term>,
    pub norm: f64,
    pub learning_rate: f64,
    pub step: f64,
    pub skipped: bool,
    pub memory: Memory,
    /// The states after each row's last step, of a measurement.
    pub states: Option<Vec<Tensor>>,
}

/// The memory of a training run in bytes.
#[napi(object, object_from_js = false)]
#[expect(missing_docs, reason = "the core documents each field of the same name")]
pub struct Memory {
    pub tape: f64,
    pub gradients: f64,
    pub optimizer: f64,
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

/// The loss of one output.
#[napi(object, object_from_js = false)]
#[expect(missing_docs, reason = "the core documents each field of the same name")]
pub struct Term {
    pub output: String,
    pub sum: f64,
    pub weight: f64,
    pub correct: Option<f64>,
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
