//! Nothing is allocated, on any thread, by a step of training or of a stream after a first one of the same sizes.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "suite/support/mod.rs"]
mod support;

use std::alloc::System;
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::graphs::{Builder, sequence, tokens};
use support::runs::{ids, numbers, values};
use unrolled_core::graph::Graph;
use unrolled_core::model::{Model, Precision, Session, Trainer, TrainerConfig};
use unrolled_core::parallel::pool;
use unrolled_core::storage::Tensor;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROWS: usize = 40;
const TIME: usize = 21;
const VOCABULARY: usize = 9;

/// The model of a step: a table, an LSTM, a GRU, masks, a product of gates, a projection; two losses.
fn graph() -> Graph {
    let mut b = Builder::default();
    b.node("ids", tokens(VOCABULARY), &[]).node("x", sequence(3), &[]).parameter("table", &[VOCABULARY, 5]);
    b.node("embedded", json!({ "embedding": { "weight": "table" } }), &["ids"]);
    b.node("both", json!("concat"), &["embedded", "x"]);
    b.layer("a", "lstm", 0, "both", [8, 12], true, false, &[]);
    b.node("masked", json!({ "dropout": { "rate": 0.3, "fixed": false } }), &["a:output"]);
    b.layer("b", "gru", 1, "masked", [12, 12], true, false, &[]);
    b.node("gated", json!("multiply"), &["a:output", "b:output"]);
    b.parameter("weight", &[VOCABULARY, 12]).parameter("bias", &[VOCABULARY]);
    b.node("logits", json!({ "linear": { "weight": "weight", "bias": "bias", "rows": null } }), &["gated"]);
    b.output("logits", "logits").output("gated", "gated");
    b.graph()
}

fn trainer(model: &Arc<Model<f32>>) -> Trainer<f32> {
    let config = json!({
        "losses": [
            { "output": "logits", "loss": { "crossEntropy": { "ignore": -1 } } },
            { "output": "gated", "loss": { "meanSquared": {} }, "weight": 0.5 },
        ],
        "optimizer": { "adam": {} },
        "learningRate": 0.01,
        "clip": { "norm": 1e-3 },
    });
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap()
}

type Batch = (Vec<Tensor<f32>>, Vec<Tensor<f32>>);

/// Rows of `lengths(row)` steps.
fn batch(seed: usize, lengths: impl Fn(usize) -> usize) -> Batch {
    let lengths: Vec<i32> = (0..ROWS).map(|row| lengths(row) as i32).collect();
    let ragged = |tensor: Tensor<f32>| Tensor { lengths: Some(lengths.clone()), ..tensor };
    let words = |by: usize| (0..ROWS * TIME).map(|i| ((i * by + seed) % VOCABULARY) as i32).collect();
    let ids = |name, by| ragged(ids(name, &[ROWS, TIME], words(by)));
    let numbers =
        |name, size| ragged(values(name, &[ROWS, TIME, size], numbers(ROWS * TIME * size, seed as u64)));
    (vec![ids("ids", 7), numbers("x", 3)], vec![numbers("gated", 12), ids("logits", 5)])
}

/// Steps that are counted.
const STEPS: usize = 64;

/// The most allocations of all threads in [`STEPS`] steps. One thread: none. Several: a chunk of the queue through
/// which a step goes to the pool, for every 63 steps, and the buffer in which each thread gathers a weight gradient,
/// which grows when the thread first runs a larger task, at any time.
fn budget(threads: usize) -> usize {
    if threads == 1 { 0 } else { STEPS / 63 + 1 + 4 * threads }
}

fn count(what: &str, budget: usize, steps: impl FnOnce()) {
    let region = Region::new(ALLOCATOR);
    steps();
    let counted = region.change();
    let allocations = counted.allocations + counted.reallocations;
    assert!(allocations <= budget, "{what}: {allocations} allocations, {counted:?}");
    println!("{STEPS} steps of {what}: {allocations} allocations, at most {budget}");
}

/// Counts in this process, and with one thread in another.
fn main() {
    let threads = pool().unwrap().threads();
    for precision in [Precision::Full, Precision::Bf16] {
        count_steps(threads, precision);
    }
    if threads > 1 {
        let alone = Command::new(std::env::current_exe().unwrap()).env("UNROLLED_THREADS", "1").status();
        assert!(alone.unwrap().success(), "on one thread");
        println!("test result: ok. 1 passed; 0 failed");
    }
}

fn count_steps(threads: usize, precision: Precision) {
    let model = Arc::new(Model::<f32>::new(graph(), 3, precision).unwrap());
    let mut trainer = trainer(&model);
    let (inputs, targets) = batch(0, |_| TIME);
    trainer.step(inputs, targets, true).unwrap();
    let batches: Vec<Batch> = (1..=STEPS).map(|n| batch(n, |row| (row * 5 + n) % (TIME + 1))).collect();
    count(&format!("training on {threads} threads in {precision:?}"), budget(threads), || {
        for (step, (inputs, targets)) in (2..).zip(batches) {
            let report = trainer.step(inputs, targets, true).unwrap();
            assert!(report.step == step && report.norm > 1e-3 && report.terms.len() == 2);
        }
    });

    count_fold(threads, precision);
    count_attention(precision);
    let mut stream = Session::new(model, 1).unwrap();
    stream.step(&[0.5, -0.5, 1.0], &[3]).unwrap();
    count("a stream", 0, || {
        for n in 0..STEPS {
            let outputs = stream.step(&[0.5, -0.5, 1.0], &[(n % VOCABULARY) as i32]).unwrap();
            assert_eq!(outputs.len(), VOCABULARY + 12);
        }
    });
}

/// Steps of trees of other shapes each time, after the deepest and the widest.
fn count_fold(threads: usize, precision: Precision) {
    let mut b = Builder::default();
    b.node("tree", json!({ "input": { "forest": { "axis": "tree" } } }), &[]);
    b.node("x", json!({ "input": { "sequence": { "size": 3, "axis": "tree" } } }), &[]);
    b.parameter("w", &[3, 3]);
    let body = json!({
        "nodes": [
            { "name": "x", "op": { "input": { "vector": { "size": 3 } } }, "inputs": [] },
            { "name": "h", "op": { "state": { "size": 3 } }, "inputs": [] },
            { "name": "told", "op": { "linear": { "weight": "w" } }, "inputs": ["h"] },
            { "name": "gated", "op": "multiply", "inputs": ["told", "x"] },
            { "name": "below", "op": "sumOfChildren", "inputs": ["gated"] },
            { "name": "both", "op": "add", "inputs": ["x", "below"] },
            { "name": "next", "op": { "activation": "tanh" }, "inputs": ["both"] },
        ],
        "outputs": [{ "name": "h", "from": "next" }],
    });
    b.node("fold", json!({ "fold": { "body": body } }), &["x"]).output("y", "fold:h");
    let model = Arc::new(Model::<f32>::new(b.graph(), 3, precision).unwrap());
    let config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 1e-3,
    });
    let config = TrainerConfig::from_json(&config.to_string()).unwrap();
    let mut trainer = Trainer::new(model, config).unwrap();
    let batch = |parent: &dyn Fn(usize) -> usize| -> Batch {
        let own = (0..TIME).map(|node| if node + 1 == TIME { -1 } else { parent(node) as i32 });
        let own: Vec<i32> = own.collect();
        let given = |name, seed| values(name, &[ROWS, TIME, 3], numbers(ROWS * TIME * 3, seed));
        (vec![ids("tree", &[ROWS, TIME], own.repeat(ROWS)), given("x", 4)], vec![given("y", 5)])
    };
    let step = |trainer: &mut Trainer<f32>, (inputs, targets): Batch| {
        assert!(trainer.step(inputs, targets, false).unwrap().norm > 1e-3);
    };
    step(&mut trainer, batch(&|node| node + 1));
    step(&mut trainer, batch(&|_| TIME - 1));
    let mixed = |n: usize| batch(&|node| node + 1 + (node * 7 + n * 3) % (TIME - 1 - node));
    let batches: Vec<Batch> = (1..=STEPS).map(mixed).collect();
    count(&format!("trees on {threads} threads in {precision:?}"), budget(threads), || {
        batches.into_iter().for_each(|batch| step(&mut trainer, batch));
    });
}

/// Steps of several rows that attend to what ran once, each with the rows in another order: two for each source.
fn count_attention(precision: Precision) {
    let mut b = Builder::default();
    let source = json!({ "input": { "sequence": { "size": 3, "axis": "source" } } });
    b.node("s", source, &[]).node("x", sequence(3), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]);
    b.layer("d", "gru", 1, "x", [3, 4], true, false, &["e:h"]);
    b.node("a", json!({ "attention": { "score": { "dot": { "scale": 1.0 } } } }), &["d:output", "e:output"]);
    b.output("y", "a:context").output("w", "a:weights");
    let covering = json!({ "additive": { "weight": "v", "coverage": "wc" } });
    let body = json!([
        { "name": "x", "op": { "input": { "vector": { "size": 4 } } }, "inputs": [] },
        { "name": "m", "op": { "input": { "sequence": { "size": 4, "axis": "source" } } }, "inputs": [] },
        { "name": "h", "op": { "state": { "size": 4 } }, "inputs": [] },
        { "name": "a", "op": { "attention": { "score": covering } }, "inputs": ["h", "m"] },
        { "name": "s", "op": "add", "inputs": ["x", "a:context"] },
        { "name": "n", "op": { "activation": "tanh" }, "inputs": ["s"] },
    ]);
    let outputs = [("h", "n"), ("output", "n")].map(|(name, from)| json!({ "name": name, "from": from }));
    b.parameter("v", &[4]).parameter("wc", &[4]);
    let scan = json!({ "scan": { "body": { "nodes": body, "outputs": outputs } } });
    b.node("c", scan, &["d:output", "e:output"]).output("z", "c:output");
    let model = Arc::new(Model::<f32>::new(b.graph(), 3, precision).unwrap());
    let sources = values("s", &[2, 5, 3], numbers(30, 1));
    let mut session = Session::begin(model, None, vec![sources]).unwrap();
    session.reorder(&[0, 0, 1, 1]).unwrap();
    let x: Vec<f32> = numbers(12, 2);
    session.step(&x, &[]).unwrap();
    session.reorder(&[0, 1, 2, 3]).unwrap();
    count("a session with attention", 0, || {
        for n in 0..STEPS {
            let (other, same) = (n % 2, 1 - n % 2);
            assert_eq!(session.step(&x, &[]).unwrap().len(), 4 * (4 + 5 + 4));
            session.reorder(&[other, same, 2 + same, 2 + other]).unwrap();
        }
    });
}
