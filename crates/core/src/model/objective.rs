//! The losses of a model's outputs as one number.

use std::sync::Arc;

use super::{LossTerm, Reduction, Report, Term};
use crate::graph::Graph;
use crate::loss::LossConfig;
use crate::program::Program;
use crate::run::Score;
use crate::storage::Weight;
use crate::{Error, Result};

/// The losses of the batches of one step or measurement, by target.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// The weight of the targets.
    pub(super) weights: Vec<Weight>,
    /// The factor of the losses in the gradient.
    pub(super) scales: Vec<f64>,
    /// The losses.
    pub(super) scores: Vec<Score>,
}

/// The weighted sum of losses, in the order of the program's targets.
pub(super) struct Objective {
    losses: Vec<OutputLoss>,
}

struct OutputLoss {
    output: Arc<str>,
    /// True where a target is met or missed: a class, or yes and no.
    decides: bool,
    reduction: Reduction,
    weight: f64,
}

/// Compiles a graph with a loss for each named output.
type Compile = fn(&Graph, &[(&str, &LossConfig)]) -> Result<Program>;

impl Objective {
    /// Compiles a graph with losses.
    pub(super) fn compile(graph: &Graph, terms: &[LossTerm]) -> Result<(Self, Program)> {
        Self::compile_by(graph, terms, Program::compile_with_losses)
    }

    /// Compiles a graph with losses whose gradients are read out.
    pub(super) fn compile_probed(graph: &Graph, terms: &[LossTerm]) -> Result<(Self, Program)> {
        Self::compile_by(graph, terms, Program::compile_with_probes)
    }

    fn compile_by(graph: &Graph, terms: &[LossTerm], compile: Compile) -> Result<(Self, Program)> {
        if terms.is_empty() {
            return Err(Error::argument("losses: expected at least one, received none"));
        }
        if let Some(term) = terms.iter().find(|term| !term.weight.is_finite()) {
            return Err(Error::argument(format!(
                "losses: expected a finite weight of '{}', received {}",
                term.output, term.weight
            )));
        }
        let losses: Vec<_> = terms.iter().map(|term| (term.output.as_str(), &term.loss)).collect();
        let program = compile(graph, &losses)?;
        let losses = terms.iter().zip(&program.targets).map(|(term, target)| OutputLoss {
            output: term.output.as_str().into(),
            decides: target.loss.decides(),
            reduction: term.reduction,
            weight: term.weight,
        });
        Ok((Self { losses: losses.collect() }, program))
    }

    /// Nothing measured yet.
    pub(super) fn measured(&self) -> Measured {
        let count = self.losses.len();
        Measured {
            weights: vec![Weight::default(); count],
            scales: vec![0.0; count],
            scores: vec![Score::default(); count],
        }
    }

    /// Begins to measure: the factors follow from the weights, and the losses are zero.
    pub(super) fn begin(&self, measured: &mut Measured) {
        let Measured { weights, scales, scores } = measured;
        for ((scale, loss), weight) in scales.iter_mut().zip(&self.losses).zip(&*weights) {
            *scale = loss.scale(weight.total);
        }
        scores.fill(Score::default());
    }

    /// Puts the sums of losses and the weights of their targets together: the loss and its terms. The mean over no target is
    /// none, and the loss without any part is NaN.
    pub(super) fn report(&self, measured: &Measured, report: &mut Report) {
        let mut sum = None;
        report.terms.clear();
        for ((loss, score), weight) in self.losses.iter().zip(&measured.scores).zip(&measured.weights) {
            if weight.total > 0.0 || loss.reduction == Reduction::Sum {
                *sum.get_or_insert(0.0) += loss.scale(weight.total) * score.loss;
            }
            report.terms.push(Term {
                output: Arc::clone(&loss.output),
                sum: score.loss,
                weight: weight.total,
                correct: loss.decides.then_some(score.correct),
                valid: weight.valid,
            });
        }
        report.loss = sum.unwrap_or(f64::NAN);
    }
}

impl OutputLoss {
    /// The factor of the summed loss, whose targets have this weight.
    fn scale(&self, weight: f64) -> f64 {
        match self.reduction {
            Reduction::Sum => self.weight,
            Reduction::Mean if weight > 0.0 => self.weight / weight,
            Reduction::Mean => 0.0,
        }
    }
}
