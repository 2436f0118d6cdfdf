//! Gradients of a batch, read out: of parameters, inputs, states and gates, with the losses of each row and step.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::objective::Objective;
use super::{MeasureConfig, Model, Report, Snapshot};
use crate::Result;
use crate::memory::zeros;
use crate::program::{Mode, Tape};
use crate::run::{Engine, Gradients, Run};
use crate::storage::{Batch, GivenTargets, Losses, RngKey, Tensor};

/// The gradients of a loss, and the loss by row and step.
#[derive(Clone, Debug)]
pub struct GradientReport<E> {
    /// The loss and its terms.
    pub report: Report,
    /// Of the parameters, flat.
    pub parameters: Vec<E>,
    /// Of inputs, initial states, states after each step and gates at each step.
    pub gradients: Gradients<E>,
    /// By loss: that of each row, and that of each row or step, each times its weight and neither reduced nor weighted
    /// against other outputs.
    pub losses: Vec<[Tensor<f64>; 2]>,
}

impl<E: Element> Model<E> {
    /// Runs forward and backward with dropout off, and changes nothing.
    ///
    /// # Errors
    /// Those of [`Batch::new`], [`Batch::bind_targets`] and [`Engine::gradient`]; [`crate::Code::Argument`] for losses that
    /// do not fit.
    pub fn gradients<T: Into<GivenTargets<E>>>(
        &self,
        snapshot: &Snapshot<E>,
        config: &MeasureConfig,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
        states: Vec<Tensor<E>>,
    ) -> Result<GradientReport<E>> {
        let (objective, program) = Objective::compile_probed(self.graph(), &config.losses)?;
        let mode = Mode::Training { inputs: true, tape: Tape::Whole };
        let mut engine = Engine::new(Arc::new(program), mode, self.kernels);
        let mut batch = Batch::new(engine.program(), inputs, states)?;
        let (mut measured, mut report) = (objective.measured(), Report::default());
        let mut targets = targets.into_iter().map(Into::into).collect();
        batch.bind_targets(engine.program(), &mut targets, &mut measured.weights)?;
        objective.begin(&mut measured);
        let mut parameters = zeros(self.program.layout.total(), "the gradients")?;
        let losses = Losses { scales: &measured.scales, from: 0 };
        let weights = &*self.weights_of(snapshot);
        let run = Run { weights, batch: &batch, losses, rng_key: RngKey::default() };
        engine.gradient(&run, self.pool, &mut parameters)?;
        engine.add_scores(&mut measured.scores);
        objective.report(&measured, &mut report);
        let gradients = engine.gradients(&batch)?;
        let losses = (0..measured.scores.len()).map(|target| engine.losses(target, &batch));
        let losses = losses.collect::<Result<_>>()?;
        Ok(GradientReport { report, parameters, gradients, losses })
    }
}
