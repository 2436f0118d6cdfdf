//! The losses of each row and item of a batch.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::objective::Objective;
use super::{LossTerm, MeasureConfig, Model, Snapshot};
use crate::Result;
use crate::graph::{ActivationName, Graph, Op};
use crate::loss::LossConfig;
use crate::memory::zeros;
use crate::program::Mode;
use crate::run::{Engine, Run};
use crate::storage::{Batch, Data, GivenTargets, Losses, RngKey, Tensor};

impl<E: Element> Model<E> {
    /// By row: minus the sum of its losses, the logarithm of a probability where the losses are negative logarithms.
    ///
    /// # Errors
    /// Those of [`Model::item_losses`].
    pub fn log_probabilities<T: Into<GivenTargets<E>>>(
        &self,
        snapshot: &Snapshot<E>,
        config: &MeasureConfig,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
    ) -> Result<Vec<f64>> {
        let losses = self.item_losses(snapshot, config, inputs, targets)?;
        let rows = losses.first().map_or(0, |[rows, _]| rows.shape[0]);
        let mut sums: Vec<f64> = zeros(rows, "the probabilities of the rows")?;
        for [rows, _] in &losses {
            if let Data::Values(losses) = &rows.data {
                sums.iter_mut().zip(losses).for_each(|(sum, loss)| *sum -= loss);
            }
        }
        Ok(sums)
    }

    /// By loss: that of each row, and that of each row or item, each times its weight and neither reduced nor weighted
    /// against other outputs; dropout off. A loss that applies softmax or sigmoid itself takes an output that ends in that
    /// function as it is before.
    ///
    /// # Errors
    /// Those of [`Model::evaluate`].
    pub fn item_losses<T: Into<GivenTargets<E>>>(
        &self,
        snapshot: &Snapshot<E>,
        config: &MeasureConfig,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
    ) -> Result<Vec<[Tensor<f64>; 2]>> {
        let (objective, program) =
            Objective::compile(&of_logits(self.graph(), &config.losses), &config.losses)?;
        let mut engine = Engine::new(Arc::new(program), Mode::Evaluation, self.kernels);
        let mut batch = Batch::new(engine.program(), inputs, Vec::new())?;
        let mut measured = objective.measured();
        let mut targets = targets.into_iter().map(Into::into).collect();
        batch.bind_targets(engine.program(), &mut targets, &mut measured.weights)?;
        objective.begin(&mut measured);
        let losses = Losses { scales: &measured.scales, from: 0 };
        let weights = &*self.weights_of(snapshot);
        let run = Run { weights, batch: &batch, losses, rng_key: RngKey::default() };
        engine.measure(&run, self.pool.suited(batch.operations(&self.cost)))?;
        (0..config.losses.len()).map(|target| engine.losses(target, &batch)).collect()
    }
}

/// The graph with outputs taken before the function that their loss applies itself.
fn of_logits(graph: &Graph, terms: &[LossTerm]) -> Graph {
    let mut graph = graph.clone();
    for term in terms {
        let function = match term.loss {
            LossConfig::CrossEntropy { .. } => ActivationName::Softmax,
            LossConfig::BinaryCrossEntropy {} => ActivationName::Sigmoid,
            _ => continue,
        };
        let Some(output) = graph.outputs.iter_mut().find(|output| output.name == term.output) else {
            continue;
        };
        let node = graph.nodes.iter().find(|node| node.name == output.from);
        if let Some(node) = node.filter(|node| node.op == Op::Activation(function)) {
            output.from.clone_from(&node.inputs[0]);
        }
    }
    graph
}
