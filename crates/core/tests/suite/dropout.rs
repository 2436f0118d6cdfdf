//! Dropout: the gradient under its masks, the same masks for any threads, other masks in every place.

use std::sync::Arc;

use crate::support::backward::Backward;
use crate::support::graphs::{Builder, node, sequence, vector};
use crate::support::runs::{Model, data, numbers, values};
use serde_json::{Value, json};
use unrolled_core::graph::Graph;
use unrolled_core::loss::LossConfig;
use unrolled_core::program::{Mode, Program, Tape};
use unrolled_core::run::{Engine, Run, Score};
use unrolled_core::storage::{Batch, Losses, RngKey, Tensor, Weight, Weights};
use unrolled_kernels::Element;

const ROWS: usize = 19;
const TIME: usize = 6;
const SIZE: usize = 4;

/// Dropout over time, in the loop of a cell, and over rows.
fn graph(fixed: bool) -> Graph {
    let dropout = || json!({ "dropout": { "rate": 0.5, "fixed": fixed } });
    let body = json!({ "nodes": [
        node("x", json!({ "input": { "vector": { "size": SIZE } } }), &[]),
        node("h", json!({ "state": { "size": SIZE } }), &[]),
        node("kept", dropout(), &["h"]),
        node("rec", json!({ "linear": { "weight": "hh" } }), &["kept"]),
        node("sum", json!("add"), &["x", "rec"]),
        node("out", json!({ "activation": "tanh" }), &["sum"]),
    ], "outputs": [{ "name": "output", "from": "out" }, { "name": "h", "from": "out" }] });
    let mut b = Builder::default();
    b.parameter("ih", &[SIZE, 3]).parameter("hh", &[SIZE, SIZE]).parameter("out", &[2, SIZE]);
    b.node("x", sequence(3), &[]);
    b.node("in", json!({ "linear": { "weight": "ih" } }), &["x"]);
    b.node("thinned", dropout(), &["in"]);
    b.node("cell", json!({ "scan": { "body": body } }), &["thinned"]);
    b.node("last", json!("last"), &["cell:output"]).node("dropped", dropout(), &["last"]);
    b.node("y", json!({ "linear": { "weight": "out" } }), &["dropped"]).output("y", "y");
    b.graph()
}

fn input<E: Element>() -> Tensor<E> {
    let mut x = values("x", &[ROWS, TIME, 3], numbers(ROWS * TIME * 3, 5));
    x.lengths = Some((0..ROWS).map(|row| (row % (TIME + 1)) as i32).collect());
    x
}

/// The loss Σ y² in training, and its gradient.
fn train<E: Element>(model: &Model<E>, batch: &Batch<E>, weights: &Weights<E>) -> (f64, Vec<E>) {
    let program = Program::compile_with_losses(&model.graph, &[("y", &LossConfig::MeanSquared {})]).unwrap();
    let mode = Mode::Training { inputs: false, tape: Tape::Whole };
    let mut engine = Engine::new(Arc::new(program), mode, model.kernels);
    let mut batch = batch.clone();
    let target = values("y", &[ROWS, 2], vec![E::ZERO; ROWS * 2]);
    batch.bind_targets(engine.program(), &mut vec![target.into()], &mut [Weight::default()]).unwrap();
    let mut gradients = vec![E::ZERO; model.program.layout.total()];
    let rng_key = RngKey { training: true, seed: 11, step: 4, ..RngKey::default() };
    let losses = Losses { scales: &[1.0], from: 0 };
    engine.gradient(&Run { weights, batch: &batch, losses, rng_key }, &model.pool, &mut gradients).unwrap();
    let mut scores = [Score::default()];
    engine.add_scores(&mut scores);
    (scores[0].loss, gradients)
}

#[test]
fn the_gradient_is_that_of_the_masked_network() {
    for fixed in [false, true] {
        let model = Model::<f64>::new(&graph(fixed), 2);
        let batch = model.batch(vec![input()], vec![]);
        let (_, gradients) = train(&model, &batch, &model.weights);
        for (i, gradient) in gradients.iter().enumerate() {
            let moved = |by: f64| {
                let mut values = model.weights.values().to_vec();
                values[i] += by;
                train(&model, &batch, &Weights::new(&model.program, values, &model.pool).unwrap()).0
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!(
                (gradient - slope).abs() <= 1e-7 * slope.abs().max(1.0),
                "{fixed}, {i}: {gradient} {slope}"
            );
        }
    }
}

#[test]
fn masks_do_not_depend_on_threads() {
    let bits = |threads: usize| {
        let model = Model::<f32>::new(&graph(false), threads);
        let (loss, gradients) = train(&model, &model.batch(vec![input()], vec![]), &model.weights);
        (loss.to_bits(), gradients.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
    };
    assert!(bits(1) == bits(2) && bits(1) == bits(3));
}

/// Ones through dropout in one run: the outputs are the mask.
fn masks(body: &[(&str, Value)], key: RngKey) -> Vec<Vec<f64>> {
    let mut b = Builder::default();
    b.parameter("one", &[SIZE]).parameter("zero", &[SIZE, SIZE]).node("x", sequence(SIZE), &[]);
    // A parameter on the way, so that there is something to train.
    b.node("zeroed", json!({ "linear": { "weight": "zero" } }), &["x"]);
    b.node("sum", json!("add"), &["x", "zeroed"]);
    for (name, op) in body {
        b.node(name, op.clone(), &["sum"]);
        b.output(name, if op.get("scan").is_some() { "unused" } else { name });
    }
    for (output, (name, op)) in b.outputs.iter_mut().zip(body) {
        if op.get("scan").is_some() {
            output["from"] = json!(format!("{name}:kept"));
        }
    }
    let mut model = Model::<f64>::new(&b.graph(), 1);
    let zeros = vec![0.0; model.program.layout.total()];
    model.weights = Weights::new(&model.program, zeros, &model.pool).unwrap();
    let batch = model.batch(vec![values("x", &[3, 8, SIZE], vec![1.0; 3 * 8 * SIZE])], vec![]);
    // The gradient of Σ y with respect to x is the mask.
    body.iter()
        .enumerate()
        .map(|(i, _)| {
            let name = &model.program.outputs[i].name;
            let mut backward = Backward::new(&model.graph, &[name], Tape::Whole, model.kernels);
            let mut gradients = vec![0.0; model.program.layout.total()];
            let ones = [vec![1.0; 3 * 8 * SIZE]];
            let run = backward.run(&model.weights, &batch, &ones, key, &model.pool, &mut gradients);
            data(&run.unwrap().inputs[0]).to_vec()
        })
        .collect()
}

#[test]
fn every_node_step_and_window_has_a_mask_of_its_own() {
    let key = RngKey { training: true, seed: 1, ..RngKey::default() };
    let dropout = |fixed: bool| json!({ "dropout": { "rate": 0.5, "fixed": fixed } });
    let cell = json!({ "scan": { "body": {
        "nodes": [node("x", json!({ "input": { "vector": { "size": SIZE } } }), &[]), node("kept", dropout(false), &["x"])],
        "outputs": [{ "name": "kept", "from": "kept" }],
    } } });
    let all = masks(&[("a", dropout(false)), ("b", dropout(false)), ("c", cell.clone()), ("d", cell)], key);
    for (i, mask) in all.iter().enumerate() {
        assert!(mask.iter().all(|&m| m == 0.0 || m == 2.0));
        assert!(all[..i].iter().all(|other| other != mask), "{i} has another's mask");
        assert!(mask.chunks(SIZE).any(|step| step != &mask[..SIZE]));
    }
    // A batch that begins at step 4 goes on with the masks of step 4.
    let later = masks(&[("a", dropout(false))], RngKey { time: 4, ..key }).remove(0);
    for row in 0..3 {
        let at = |mask: &[f64], t: usize| mask[(row * 8 + t) * SIZE..][..4 * SIZE].to_vec();
        assert_eq!(at(&all[0], 4), at(&later, 0));
    }
    let fixed = masks(&[("a", dropout(true))], key).remove(0);
    assert!(fixed.chunks(8 * SIZE).all(|row| row.chunks(SIZE).all(|step| step == &row[..SIZE])));
}

/// A vector beside a sequence is the same at every step of a loop, its masks are not.
#[test]
fn a_vector_in_a_loop_has_a_mask_at_every_step() {
    for fixed in [false, true] {
        let input = || json!({ "input": { "vector": { "size": SIZE } } });
        let body = json!({ "nodes": [
            node("x", input(), &[]),
            node("v", input(), &[]),
            node("kept", json!({ "dropout": { "rate": 0.5, "fixed": fixed } }), &["v"]),
            node("sum", json!("add"), &["x", "kept"]),
        ], "outputs": [{ "name": "y", "from": "sum" }] });
        let mut b = Builder::default();
        b.node("x", sequence(SIZE), &[]).node("v", vector(SIZE), &[]);
        b.node("a", json!({ "scan": { "body": body } }), &["x", "v"]).output("y", "a:y");
        let model = Model::<f64>::new(&b.graph(), 1);
        let x = values("x", &[3, 8, SIZE], vec![1.0; 3 * 8 * SIZE]);
        let batch = model.batch(vec![x, values("v", &[3, SIZE], vec![1.0; 3 * SIZE])], vec![]);
        let key = RngKey { training: true, seed: 1, ..RngKey::default() };
        let mut backward = Backward::new(&model.graph, &["y"], Tape::Whole, model.kernels);
        let ones = [vec![1.0; 3 * 8 * SIZE]];
        let found = backward.run(&model.weights, &batch, &ones, key, &model.pool, &mut []).unwrap();
        let sums = data(found.inputs.iter().find(|tensor| tensor.name == "v").unwrap());
        let all_or_none = sums.iter().filter(|&&sum| sum == 0.0 || sum == 16.0).count();
        // Eight masks are alike once in 128 times.
        assert!(if fixed { all_or_none == sums.len() } else { all_or_none < 2 }, "{fixed}: {sums:?}");
    }
}
