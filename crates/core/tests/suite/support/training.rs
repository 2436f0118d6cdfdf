//! Models in training, from a graph and options added to the usual ones.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::Result;
use unrolled_core::model::{Model, Precision, Report, Trainer, TrainerConfig};
use unrolled_core::run::Outputs;
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use super::graphs::Builder;

/// A model with the parameters of seed 3.
pub fn model<E: Element>(b: &Builder) -> Arc<Model<E>> {
    Arc::new(Model::new(b.graph(), 3, Precision::Full).unwrap())
}

/// The mean of squares of output "y" and plain descent, unless `more` says otherwise.
pub fn trainer<E: Element>(model: &Arc<Model<E>>, more: &Value) -> Result<Trainer<E>> {
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "sgd": {} },
        "learningRate": 0.25,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string())?)
}

pub fn step<E: Element>(
    trainer: &mut Trainer<E>,
    x: &[Tensor<E>],
    y: &Tensor<E>,
    carry: bool,
) -> Result<Report> {
    trainer.step(x.to_vec(), vec![y.clone()], carry).cloned()
}

pub fn predict<E: Element>(model: &Model<E>, inputs: &[Tensor<E>]) -> Outputs<E> {
    model.predict(&model.snapshot(), inputs.to_vec(), Vec::new()).unwrap()
}
