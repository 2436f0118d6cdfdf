//! Whole trainings: an embedding, two LSTM layers and a linear layer under a cross-entropy.

use std::sync::Arc;

use serde_json::json;
use unrolled_core::clip::{Clip, GradientNorm};
use unrolled_core::loss::{Loss, LossConfig};
use unrolled_core::optimizer::{Optimizer, OptimizerConfig};
use unrolled_core::program::Mode;
use unrolled_core::run::{Batch, Engine, Goal, Noise, Tensor};
use unrolled_core::scan::Truncation;
use unrolled_kernels::{Element, Kernels};

use crate::archive::{Case, Golden, assert_close, each_kernels, to_f64};
use crate::models::{Recurrent, graph, input, node, output, parameter};
use crate::net::{Net, ids};

const VOCABULARY: usize = 11;
const FEATURES: usize = 6;
const UNITS: usize = 7;

#[test]
fn trainings_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-10));
}

#[test]
fn trainings_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    let golden = Golden::read("training");
    for name in ["adam", "sgd_clip"] {
        batches(kernels, golden.case(name), tolerance);
    }
    windows(kernels, golden.case("truncated"), tolerance);
}

/// The same ragged batch in every step.
fn batches<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let mut training = Training::new(kernels, case);
    let lengths: Vec<i32> = case.tensor("lengths").values.iter().map(|&length| length as i32).collect();
    for step in 0..case.tensor("losses").values.len() {
        let mut tokens = columns(case, "ids", "tokens", 0, usize::MAX);
        tokens.lengths = Some(lengths.clone());
        let targets = columns(case, "targets", "logits", 0, usize::MAX);
        training.step(step, tokens, targets, Vec::new(), tolerance);
    }
    training.finish(tolerance);
}

/// Truncated backpropagation through time: an update for each window, with the state carried on.
fn windows<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let mut training = Training::new(kernels, case);
    let truncation: Truncation =
        serde_json::from_value(case.facts["truncate"].clone()).expect("a truncation");
    let windows = truncation.windows(case.tensor("ids").shape[1]);
    let mut states = Vec::new();
    for step in 0..case.tensor("losses").values.len() {
        let window = windows[step % windows.len()];
        assert_eq!(window.losses, window.start, "windows that do not overlap");
        if window.start == 0 {
            states = Vec::new();
        }
        let tokens = columns(case, "ids", "tokens", window.start, window.end);
        let targets = columns(case, "targets", "logits", window.start, window.end);
        states = training.step(step, tokens, targets, states, tolerance);
    }
    assert_eq!(states.len(), 4);
    training.finish(tolerance);
}

struct Training<'a, E> {
    case: Case<'a>,
    net: Net<E>,
    engine: Engine<E>,
    loss: Loss,
    optimizer: Optimizer<E>,
    clip: Option<Clip>,
}

impl<'a, E: Element> Training<'a, E> {
    fn new(kernels: Kernels<E>, case: Case<'a>) -> Self {
        let net = Net::new(kernels, &model(), |name| &case.tensor(&format!("initial/{name}")).values);
        let seeded = net.program.outputs.iter().map(|port| port.value).collect();
        let mode = Mode::Training { seeded, inputs: false };
        let config: OptimizerConfig =
            serde_json::from_value(case.facts["optimizer"].clone()).expect("an optimizer");
        let loss = LossConfig::CrossEntropy { label_smoothing: 0.0, class_weights: None, ignore: None };
        let clip = case.facts.get("clip").cloned();
        Self {
            case,
            engine: Engine::new(Arc::clone(&net.program), mode, kernels),
            loss: Loss::new(&loss, VOCABULARY).expect("a loss"),
            optimizer: Optimizer::new(&config, net.program.layout.total()).expect("an optimizer"),
            clip: clip.map(|clip| serde_json::from_value(clip).expect("a clip")),
            net,
        }
    }

    /// One update, with its loss and its norm before clipping compared; the states after the batch.
    fn step(
        &mut self,
        step: usize,
        tokens: Tensor<E>,
        targets: Tensor<E>,
        states: Vec<Tensor<E>>,
        tolerance: f64,
    ) -> Vec<Tensor<E>> {
        let net = &mut self.net;
        let batch = Batch::new(&net.program, vec![tokens], states).expect("a batch");
        let port = net.program.output("logits").expect("the output");
        let (goal, score) =
            Goal::loss(&net.program, port, &batch, &self.loss, targets, |weight| 1.0 / weight)
                .expect("a goal");
        let mut gradients = vec![E::ZERO; net.weights.values().len()];
        let noise = Noise::default();
        let gradient = self
            .engine
            .gradient(&net.weights, &batch, &[goal], 0, noise, &net.pool, &mut gradients)
            .expect("a backward run");
        let norm = GradientNorm::new(gradients.len())
            .measure(&net.pool, net.kernels, &gradients)
            .expect("a finite norm");
        if let Some(clip) = self.clip {
            clip.apply(&net.pool, &mut gradients, norm);
        }
        let (pool, kernels) = (&net.pool, net.kernels);
        let rate = self.case.facts["rate"].as_f64().expect("a rate");
        let optimizer = &mut self.optimizer;
        net.weights.update(pool, |values| optimizer.step(pool, kernels, rate, values, &gradients));

        let what = |part: &str| format!("{} {} {part} {step}", kernels.isa(), self.case.name);
        let expected = |name: &str| &self.case.tensor(name).values[step..=step];
        let loss = gradient.scores[0].loss / score.weight;
        assert_close(&what("loss"), &[loss], expected("losses"), tolerance);
        assert_close(&what("norm"), &[norm], expected("norms"), tolerance);
        gradient.states
    }

    /// Compares the trained parameters.
    fn finish(self, tolerance: f64) {
        let values = to_f64(self.net.weights.values());
        let expected = self.case.under("final/");
        assert_eq!(expected.len(), self.net.program.layout.entries().len());
        for (name, tensor) in expected {
            let entry = self.net.program.layout.find(name).expect("the parameter");
            assert_eq!(entry.shape, tensor.shape, "{name}");
            let what = format!("{} {} {name}", self.net.kernels.isa(), self.case.name);
            assert_close(&what, &values[entry.range()], &tensor.values, tolerance);
        }
    }
}

/// The steps `start..end` of ids `[rows, time]`, or as many of them as there are.
fn columns<E>(case: Case<'_>, from: &str, name: &str, start: usize, end: usize) -> Tensor<E> {
    let tensor = case.tensor(from);
    let (rows, time) = (tensor.shape[0], tensor.shape[1]);
    let end = end.min(time);
    let values: Vec<f64> = tensor.values.chunks(time).flat_map(|row| &row[start..end]).copied().collect();
    ids(name, &[rows, end - start], &values)
}

fn model() -> String {
    let layers = Recurrent {
        cell: "lstm",
        layers: 2,
        input: FEATURES,
        units: UNITS,
        bias: true,
        initial: false,
        prefix: "lstm.",
    };
    let mut parameters = vec![parameter("embedding.weight", json!([VOCABULARY, FEATURES]))];
    parameters.extend(layers.parameters());
    parameters.push(parameter("dense.weight", json!([VOCABULARY, UNITS])));
    parameters.push(parameter("dense.bias", json!([VOCABULARY])));
    let embedding = json!({ "embedding": { "weight": "embedding.weight", "padding": null } });
    let dense = json!({ "linear": { "weight": "dense.weight", "bias": "dense.bias" } });
    let mut nodes = vec![
        input("tokens", json!({ "tokens": { "vocabulary": VOCABULARY } })),
        node("embedding", embedding, &["tokens"]),
    ];
    nodes.extend(layers.nodes("embedding"));
    nodes.push(node("dense", dense, &["l1:output"]));
    graph(parameters, nodes, vec![output("logits", "dense")])
}
