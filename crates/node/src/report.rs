//! What a step or a measurement came to.

use napi_derive::napi;
use unrolled_core::model;
use unrolled_core::run;

use crate::tensor::{Tensor, handed_over};

/// What a batch came to.
#[napi(object, object_from_js = false)]
pub struct Report {
    /// The weighted sum of the losses, each reduced over the batch.
    pub loss: f64,
    /// The weight of the targets: what a mean is divided by.
    pub weight: f64,
    /// Targets that were hit.
    pub correct: f64,
    /// Targets that count.
    pub valid: f64,
    /// The gradient's norm before clipping; 0 without a gradient.
    pub norm: f64,
    /// The learning rate of the update; 0 without one.
    pub rate: f64,
    /// Updates so far.
    pub step: f64,
    /// Whether the update was left out because the loss or gradient was not finite; the other numbers are then 0.
    pub skipped: bool,
    /// The states after each row's last step, of a measurement.
    pub states: Option<Vec<Tensor>>,
}

impl Report {
    /// The report of a step.
    pub(crate) fn of_step(report: model::Report) -> Self {
        Self {
            loss: report.loss,
            weight: report.weight,
            correct: report.correct as f64,
            valid: report.valid as f64,
            norm: report.norm,
            rate: report.rate,
            step: report.step as f64,
            skipped: report.skipped,
            states: None,
        }
    }

    /// The report of a measurement.
    pub(crate) fn of_measurement((report, states): (model::Report, Vec<run::Tensor<f32>>)) -> Self {
        Self { states: Some(handed_over(states)), ..Self::of_step(report) }
    }
}
