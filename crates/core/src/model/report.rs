//! Reports: the losses of a batch and the memory of a step.

use std::sync::Arc;

/// Bytes that training holds from step to step, for the largest batch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Values, their gradients and schedules that a step keeps for backward.
    pub tape: usize,
    /// The gradients of the parameters.
    pub gradients: usize,
    /// The optimizer's slots.
    pub optimizer: usize,
    /// The parameters and their packed copies.
    pub weights: usize,
}

/// The result of a step or of an evaluation of one batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The weighted sum of the losses, each reduced over the batch; NaN of a skipped step, and where no target counts.
    pub loss: f64,
    /// The loss of each output; none of a skipped step.
    pub terms: Vec<Term>,
    /// The gradient's norm before clipping; 0 without a gradient, NaN of a skipped step.
    pub norm: f64,
    /// The learning rate of the update; 0 without one.
    pub learning_rate: f64,
    /// Updates so far.
    pub step: u64,
    /// True if the update was left out: the loss, the gradient or a parameter was not finite, or no target counts.
    pub skipped: bool,
    /// The memory that training holds; nothing without training.
    pub memory: Memory,
}

impl Report {
    /// Becomes the report of a step that was left out after `step` updates.
    pub(super) fn skip(&mut self, step: u64) {
        self.terms.clear();
        (self.loss, self.norm, self.learning_rate) = (f64::NAN, f64::NAN, 0.0);
        (self.step, self.skipped) = (step, true);
    }
}

/// The loss of one output over a batch. Terms of batches add up to the term of all their rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The output.
    pub output: Arc<str>,
    /// The sum of its targets' losses, neither reduced nor weighted against other outputs.
    pub sum: f64,
    /// The weight of the targets: the divisor of a mean.
    pub weight: f64,
    /// The number of targets that were met; none where the loss is not of classes or of yes and no.
    pub correct: Option<u64>,
    /// The number of targets that count.
    pub valid: u64,
}
