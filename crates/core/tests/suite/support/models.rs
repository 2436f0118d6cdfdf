//! A model of one LSTM, its batches and its trainers.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::graph::Graph;
use unrolled_core::model::{Model, Precision, Trainer, TrainerConfig};
use unrolled_core::storage::Tensor;

use super::graphs::{Builder, sequence};
use super::runs::{numbers, values};

pub const ROWS: usize = 3;
pub const TIME: usize = 7;

pub fn graph(reverse: bool) -> Graph {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).layer("a", "lstm", 0, "x", [2, 5], true, reverse, &[]);
    b.node("last", json!("last"), &["a:output"]);
    b.output("y", "a:output").output("z", "last");
    b.graph()
}

pub fn model() -> Arc<Model<f32>> {
    Arc::new(Model::new(graph(false), 3, Precision::Full).unwrap())
}

pub fn trainer(model: &Arc<Model<f32>>, output: &str, more: &Value) -> unrolled_core::Result<Trainer<f32>> {
    let mut config = json!({
        "losses": [{ "output": output, "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string()).unwrap())
}

pub fn input() -> Tensor<f32> {
    values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5))
}

pub fn target() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, 6))
}

/// Losses whose gradient at [`huge`] is beyond `f32`.
pub fn summed() -> Value {
    json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} }, "reduction": "sum" }] })
}

pub fn huge() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], vec![f32::MAX; ROWS * TIME * 5])
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}
