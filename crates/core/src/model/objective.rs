//! The losses of a model's outputs as one number.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::{LossTerm, Reduction};
use crate::loss::{Loss, LossConfig};
use crate::program::Program;
use crate::run::{Criterion, Goal, Score};
use crate::storage::{Batch, Tensor};
use crate::{Error, Result};

/// Bytes that training holds from step to step, for the largest batch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What a step keeps on its way forward and back: values, their gradients and lists of places.
    pub tape: usize,
    /// The gradients of the parameters.
    pub gradients: usize,
    /// What the optimizer remembers of them.
    pub optimizer: usize,
    /// The parameters and their packed copies.
    pub weights: usize,
}

/// What a batch came to.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub step: u64,
    /// Whether the update was left out because the loss or gradient was not finite.
    pub skipped: bool,
    /// What training holds; nothing without training.
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

/// What the loss of one output came to. Terms of batches add up to the term of all their rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The output.
    pub output: Arc<str>,
    /// The sum of its targets' losses, neither reduced nor weighted against other outputs.
    pub sum: f64,
    /// The weight of the targets: what a mean is divided by.
    pub weight: f64,
    /// Targets that the output predicts; none for a loss without classes.
    pub correct: Option<u64>,
    /// Targets that count.
    pub valid: u64,
}

/// Losses that fit a program.
pub(super) struct Objective {
    terms: Vec<OutputLoss>,
}

struct OutputLoss {
    port: usize,
    output: Arc<str>,
    criterion: Arc<Criterion>,
    /// Whether a target can be predicted right.
    counts_correct: bool,
    reduction: Reduction,
    weight: f64,
}

impl Objective {
    /// Checks losses against the outputs of a program.
    pub(super) fn new(program: &Program, losses: &[LossTerm]) -> Result<Self> {
        if losses.is_empty() {
            return Err(Error::argument("losses: expected at least one, got none"));
        }
        let terms: Vec<OutputLoss> =
            losses.iter().map(|loss| OutputLoss::new(program, loss)).collect::<Result<_>>()?;
        let twice =
            terms.iter().enumerate().find(|(i, term)| terms[..*i].iter().any(|t| t.port == term.port));
        match twice {
            Some((i, _)) => {
                Err(Error::argument(format!("losses: output '{}' has more than one", losses[i].output)))
            }
            None => Ok(Self { terms }),
        }
    }

    /// The values whose gradients begin a backward pass.
    pub(super) fn seeded(&self, program: &Program) -> Vec<usize> {
        self.terms.iter().map(|term| program.outputs[term.port].value).collect()
    }

    /// The first output with a loss that is not over time.
    pub(super) fn timeless<'a>(&self, program: &'a Program) -> Option<&'a str> {
        let mut ports = self.terms.iter().map(|term| &program.outputs[term.port]);
        ports.find(|port| program.values[port.value].axis.is_none()).map(|port| port.name.as_str())
    }

    /// Pairs the losses with the targets of a batch, which are named as their outputs: their goals, and the weights
    /// of their targets.
    pub(super) fn aim<E: Element>(
        &self,
        program: &Program,
        batch: &Batch<E>,
        mut targets: Vec<Tensor<E>>,
        goals: &mut Vec<Goal<E>>,
        weights: &mut Vec<Score>,
    ) -> Result<()> {
        goals.clear();
        weights.clear();
        for term in &self.terms {
            let port = &program.outputs[term.port];
            let at = targets.iter().position(|target| target.name == port.name);
            let at = at.ok_or_else(|| Error::argument(format!("target '{}' is missing", port.name)))?;
            let target = targets.swap_remove(at);
            let scale = |weight| term.scale(weight);
            let (goal, score) = Goal::loss(program, port, batch, &term.criterion, target, scale)?;
            goals.push(goal);
            weights.push(score);
        }
        match targets.first() {
            Some(left) => {
                Err(Error::argument(format!("target '{}' has no loss, or is given twice", left.name)))
            }
            None => Ok(()),
        }
    }

    /// Puts the sums of losses (`scores`) and the weights of their targets together: the loss and its terms.
    pub(super) fn report(&self, scores: &[Score], weights: &[Score], report: &mut Report) {
        report.loss = 0.0;
        report.terms.clear();
        for ((term, score), weight) in self.terms.iter().zip(scores).zip(weights) {
            report.loss += term.scale(weight.weight) * score.loss;
            report.terms.push(Term {
                output: Arc::clone(&term.output),
                sum: score.loss,
                weight: weight.weight,
                correct: term.counts_correct.then_some(score.correct),
                valid: weight.valid,
            });
        }
    }
}

impl OutputLoss {
    fn new(program: &Program, config: &LossTerm) -> Result<Self> {
        let LossTerm { output, loss, reduction, weight } = config;
        let port = program.outputs.iter().position(|port| port.name == *output).ok_or_else(|| {
            let known: Vec<&str> = program.outputs.iter().map(|port| port.name.as_str()).collect();
            Error::argument(format!("losses: output '{output}' is unknown; the model has {known:?}"))
        })?;
        let kind = &program.outputs[port].kind;
        let width = kind
            .size()
            .ok_or_else(|| Error::kind(format!("losses: output '{output}' must be numbers, it is {kind}")))?;
        if !weight.is_finite() {
            return Err(Error::argument(format!(
                "losses: the weight of '{output}' must be finite, got {weight}"
            )));
        }
        let counts_correct =
            matches!(loss, LossConfig::CrossEntropy { .. } | LossConfig::BinaryCrossEntropy {});
        let criterion = Arc::new(Criterion::new(Loss::new(loss, width)?, kind));
        let output = output.as_str().into();
        Ok(Self { port, output, criterion, counts_correct, reduction: *reduction, weight: *weight })
    }

    /// The factor of the summed loss, whose targets have this weight.
    fn scale(&self, weight: f64) -> f64 {
        match self.reduction {
            Reduction::Sum => self.weight,
            Reduction::Mean if weight > 0.0 => self.weight / weight,
            Reduction::Mean => 0.0,
        }
    }
}
