//! Truncated backpropagation through time: full where it reaches far enough, one step where it does not.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{Model as Run, data, numbers, values};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::graph::Graph;
use unrolled_core::model::{Model, Precision, Trainer, TrainerConfig};
use unrolled_core::storage::Tensor;

const ROWS: usize = 5;
const TIME: usize = 12;

fn graph(cell: &str) -> Graph {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]);
    b.layer("a", cell, 0, "x", [3, 6], true, false, &[]).layer(
        "b",
        cell,
        1,
        "a:output",
        [6, 2],
        true,
        false,
        &[],
    );
    b.output("y", "b:output");
    b.graph()
}

fn config(more: &Value) -> TrainerConfig {
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "sgd": {} },
        "learningRate": 0.25,
    });
    if let (Some(config), Some(more)) = (config.as_object_mut(), more.as_object()) {
        config.extend(more.clone());
    }
    TrainerConfig::from_json(&config.to_string()).unwrap()
}

fn batch(time: usize) -> (Tensor<f64>, Tensor<f64>) {
    let mut x = values("x", &[ROWS, time, 3], numbers(ROWS * time * 3, 1));
    x.lengths = Some((0..ROWS).map(|row| (time - row) as i32).collect());
    let mut y = values("y", &[ROWS, time, 2], numbers(ROWS * time * 2, 2));
    y.lengths.clone_from(&x.lengths);
    (x, y)
}

/// The parameters after one step of plain descent with rate 1/4.
fn stepped(cell: &str, truncate: &Value) -> (f64, Vec<f64>) {
    let model = Arc::new(Model::<f64>::new(graph(cell), 1, Precision::Full).unwrap());
    let mut trainer = Trainer::new(Arc::clone(&model), config(truncate)).unwrap();
    let (x, y) = batch(TIME);
    let report = trainer.step(vec![x], vec![y], false).unwrap();
    (report.loss, model.parameters().unwrap())
}

fn bits((loss, values): &(f64, Vec<f64>)) -> Vec<u64> {
    std::iter::once(loss).chain(values).map(|x| x.to_bits()).collect()
}

#[test]
fn a_reach_of_the_whole_sequence_is_full_backpropagation_to_the_bit() {
    for cell in ["rnn_tanh", "lstm", "gru", "gru_before"] {
        let full = stepped(cell, &json!({}));
        for (k1, k2) in [(1, TIME), (3, TIME), (5, 100), (TIME, TIME)] {
            let truncated = stepped(cell, &json!({ "truncate": { "k1": k1, "k2": k2 } }));
            assert_eq!(bits(&truncated), bits(&full), "{cell}, k1 {k1}, k2 {k2}");
        }
        let short = stepped(cell, &json!({ "truncate": { "k1": 4, "k2": 4 } }));
        assert_ne!(bits(&short)[1..], bits(&full)[1..], "{cell}");
    }
}

/// The gradient by hand: each chunk by itself, from the states that a plain forward run has at its start.
fn by_chunks(cell: &str, chunks: &[(usize, usize, usize)]) -> Vec<f64> {
    let graph = graph(cell);
    let model = Model::<f64>::new(graph.clone(), 1, Precision::Full).unwrap();
    let mut run = Run::<f64>::new(&graph, 1);
    let initial = model.parameters().unwrap();
    run.weights.set(&run.program, &initial, &run.pool).unwrap();
    let (x, y) = batch(TIME);
    let lengths: Vec<usize> = x.lengths.iter().flatten().map(|&n| n as usize).collect();
    let whole = run.batch(vec![x], vec![]);
    let count = lengths.iter().sum::<usize>() * 2;
    let mut gradients = vec![0.0; initial.len()];
    for &(start, losses, end) in chunks {
        let before = run.forward(&whole.steps(&run.program, 0, start).unwrap());
        let mut chunk = whole.steps(&run.program, start, end).unwrap();
        chunk.set_states(before.states.iter().map(|state| Some(data(state).to_vec())).collect());
        let output = run.forward(&chunk).outputs.remove(0);
        // d mean((y - t)²) / dy = 2 (y - t) / n, at steps with a loss.
        let mut upstream = vec![0.0; data(&output).len()];
        for (row, &length) in lengths.iter().enumerate() {
            for (t, k) in (losses..end.min(length)).flat_map(|t| [(t, 0), (t, 1)]) {
                let at = (row * (end - start) + t - start) * 2 + k;
                upstream[at] = 2.0 * (data(&output)[at] - data(&y)[(row * TIME + t) * 2 + k]) / count as f64;
            }
        }
        run.add_gradient(&chunk, &[upstream], &mut gradients);
    }
    initial.iter().zip(&gradients).map(|(p, g)| p - 0.25 * g).collect()
}

fn assert_close(actual: &[f64], expected: &[f64], what: &str) {
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= 1e-12 * e.abs().max(1.0), "{what}, parameter {i}: {a} is not {e}");
    }
}

#[test]
fn a_reach_of_one_is_each_step_alone() {
    let steps: Vec<_> = (0..TIME).map(|t| (t, t, t + 1)).collect();
    for cell in ["rnn_tanh", "lstm", "gru"] {
        let (_, parameters) = stepped(cell, &json!({ "truncate": { "k1": 1, "k2": 1 } }));
        assert_close(&parameters, &by_chunks(cell, &steps), cell);
    }
}

#[test]
fn windows_that_overlap_replay_the_steps_before_them() {
    for (k1, k2, chunks) in [
        (4, 4, vec![(0, 0, 4), (4, 4, 8), (8, 8, 12)]),
        (2, 5, vec![(0, 0, 4), (1, 4, 6), (3, 6, 8), (5, 8, 10), (7, 10, 12)]),
    ] {
        let (_, parameters) = stepped("lstm", &json!({ "truncate": { "k1": k1, "k2": k2 } }));
        assert_close(&parameters, &by_chunks("lstm", &chunks), &format!("k1 {k1}, k2 {k2}"));
    }
}

/// Chunks as batches with the state carried have the same states as the whole sequence.
#[test]
fn carried_states_go_on_where_the_batch_before_ended() {
    let model = Arc::new(Model::<f64>::new(graph("gru"), 1, Precision::Full).unwrap());
    let mut trainer = Trainer::new(Arc::clone(&model), config(&json!({ "learningRate": 0.0 }))).unwrap();
    let full: (Vec<f64>, Vec<f64>) = (numbers(ROWS * TIME * 3, 1), numbers(ROWS * TIME * 2, 2));
    let chunk = |all: &[f64], width: usize, from: usize, to: usize| -> Vec<f64> {
        (0..ROWS).flat_map(|r| all[(r * TIME + from) * width..(r * TIME + to) * width].to_vec()).collect()
    };
    let mut sum = 0.0;
    for (from, to) in [(0, 4), (4, 8), (8, 12)] {
        let x = values("x", &[ROWS, to - from, 3], chunk(&full.0, 3, from, to));
        let y = values("y", &[ROWS, to - from, 2], chunk(&full.1, 2, from, to));
        sum += trainer.step(vec![x], vec![y], from > 0).unwrap().loss / 3.0;
    }
    let x = values("x", &[ROWS, TIME, 3], full.0);
    let y = values("y", &[ROWS, TIME, 2], full.1);
    let whole = trainer.step(vec![x], vec![y], false).unwrap().loss;
    assert!((sum - whole).abs() < 1e-14, "{sum} is not {whole}");
}

/// Chunks would be of the first axis only.
#[test]
fn two_axes_of_time_are_not_cut() {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]);
    b.node("z", json!({ "input": { "sequence": { "size": 3, "axis": "other" } } }), &[]);
    b.layer("a", "gru", 0, "x", [3, 2], true, false, &[]).layer("b", "gru", 1, "z", [3, 2], true, false, &[]);
    b.output("y", "a:output").output("late", "b:output");
    let model = Arc::new(Model::<f64>::new(b.graph(), 1, Precision::Full).unwrap());
    for losses in [&["y"][..], &["late"], &["y", "late"]] {
        let losses: Vec<Value> =
            losses.iter().map(|output| json!({ "output": output, "loss": { "meanSquared": {} } })).collect();
        let refused = |more: Value| Trainer::new(Arc::clone(&model), config(&more)).err();
        assert!(refused(json!({ "losses": losses })).is_none());
        let error = refused(json!({ "losses": losses, "truncate": { "k1": 2, "k2": 4 } })).unwrap();
        assert_eq!(error.code, Code::Argument);
        assert!(["truncate", "time", "other"].iter().all(|word| error.message.contains(word)), "{error}");
    }
}
