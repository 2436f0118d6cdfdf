//! Losses measured on batches, without a backward pass.

use std::sync::Arc;

use unrolled_kernels::{Element, Kernels};

use super::objective::Objective;
use super::{LossTerm, MeasureConfig, Model, Report};
use crate::Result;
use crate::graph::Graph;
use crate::program::Mode;
use crate::run::{Engine, Run, Score};
use crate::storage::{Batch, GivenTargets, Losses, RngKey, Tensor, Weight, Weights};

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
        model: &Model<E>,
        weights: &Weights<E>,
        inputs: Vec<Tensor<E>>,
        mut targets: Vec<GivenTargets<E>>,
        states: Vec<Tensor<E>>,
    ) -> Result<(Report, Vec<Tensor<E>>)> {
        let Self { objective, engine, .. } = self;
        let mut batch = Batch::new(engine.program(), inputs, states)?;
        batch.bind_targets(engine.program(), &mut targets)?;
        let pool = model.pool.suited(batch.operations(&model.cost));
        let (mut scales, mut report) = (Vec::new(), Report::default());
        let (mut of_targets, mut scores) =
            (vec![Weight::default(); objective.count()], vec![Score::default(); objective.count()]);
        Objective::add_weights(&batch, &mut of_targets);
        objective.scale(&of_targets, &mut scales);
        let losses = Losses { scales: &scales, from: 0 };
        engine.measure(&Run { weights, batch: &batch, losses, rng_key: RngKey::default() }, pool)?;
        engine.add_scores(&mut scores);
        objective.report(&scores, &of_targets, &mut report);
        Ok((report, engine.states(&batch)?))
    }
}
