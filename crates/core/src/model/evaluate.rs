//! Losses measured on batches, without a backward pass.

use std::sync::Arc;

use unrolled_kernels::{Element, Kernels};

use super::objective::Objective;
use super::{LossTerm, MeasureConfig, Report};
use crate::Result;
use crate::graph::Graph;
use crate::parallel::Pool;
use crate::program::Mode;
use crate::run::{Engine, Run};
use crate::storage::{Batch, GivenTargets, Losses, RngKey, Tensor, Weights};

/// Losses of a model, compiled to be measured.
pub(super) struct Evaluator<E> {
    terms: Vec<LossTerm>,
    objective: Objective,
    engine: Engine<E>,
}

impl<E: Element> Evaluator<E> {
    pub(super) fn new(graph: &Graph, config: &MeasureConfig, kernels: Kernels<E>) -> Result<Self> {
        let (objective, program) = Objective::compile(graph, &config.losses)?;
        let engine = Engine::new(Arc::new(program), Mode::Evaluation, kernels);
        Ok(Self { terms: config.losses.clone(), objective, engine })
    }

    /// True for the losses that the evaluator was compiled for.
    pub(super) fn measures(&self, config: &MeasureConfig) -> bool {
        self.terms == config.losses
    }

    pub(super) fn run(
        &mut self,
        weights: &Weights<E>,
        suited: impl FnOnce(&Batch<E>) -> &'static Pool,
        inputs: Vec<Tensor<E>>,
        mut targets: Vec<GivenTargets<E>>,
        states: Vec<Tensor<E>>,
    ) -> Result<(Report, Vec<Tensor<E>>)> {
        let Self { objective, engine, .. } = self;
        let mut batch = Batch::new(engine.program(), inputs, states)?;
        let (mut measured, mut report) = (objective.measured(), Report::default());
        batch.bind_targets(engine.program(), &mut targets, &mut measured.weights)?;
        objective.begin(&mut measured);
        let losses = Losses { scales: &measured.scales, from: 0 };
        let run = Run { weights, batch: &batch, losses, rng_key: RngKey::default() };
        engine.measure(&run, suited(&batch))?;
        engine.add_scores(&mut measured.scores);
        objective.report(&measured, &mut report);
        Ok((report, engine.states(&batch)?))
    }
}
