//! Models whose products have operands rounded to bf16: the same bits, and nearly the same numbers.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{Model, data, numbers, values};
use serde_json::json;
use unrolled_core::graph::Graph;
use unrolled_core::model::{self, Precision, Trainer, TrainerConfig};
use unrolled_core::storage::{Data, Tensor, Weights};
use unrolled_kernels::{Element, Kernels};

const CELLS: [&str; 5] = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"];
const ROWS: usize = 37;
const TIME: usize = 21;

fn graph(cell: &str) -> Graph {
    let mut b = Builder::default();
    b.parameter("out", &[3, 7]);
    b.layer("a", cell, 0, "x", [5, 19], true, false, &[]);
    b.nodes.insert(0, crate::support::graphs::node("x", sequence(5), &[]));
    b.layer("b", cell, 1, "a:output", [19, 7], true, true, &[]);
    b.node("out", json!({ "linear": { "weight": "out" } }), &["b:output"]);
    b.output("out", "out").output("state", "a:h");
    b.graph()
}

fn model<E: Element>(cell: &str, threads: usize, kernels: Kernels<E>, precision: Precision) -> Model<E> {
    let mut model = Model::with(&graph(cell), threads, kernels);
    let values = model.weights.values().to_vec();
    let operands = kernels.operands(precision);
    model.weights = Weights::with_operands(&model.program, values, operands, &model.pool).unwrap();
    model
}

fn rounding(cell: &str, threads: usize) -> Model<f32> {
    model(cell, threads, Kernels::detect().unwrap(), Precision::Bf16)
}

fn ragged<E: Element>() -> Tensor<E> {
    let mut x = values("x", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, 3));
    x.lengths = Some((0..ROWS).map(|row| (row * 11 % (TIME + 1)) as i32).collect());
    x
}

/// Some rows of a tensor.
fn part(x: &Tensor<f32>, rows: std::ops::Range<usize>) -> Tensor<f32> {
    let width: usize = x.shape[1..].iter().product();
    let mut shape = x.shape.clone();
    shape[0] = rows.len();
    Tensor {
        name: x.name.clone(),
        shape,
        data: Data::Values(data(x)[rows.start * width..rows.end * width].to_vec()),
        lengths: x.lengths.as_ref().map(|lengths| lengths[rows].to_vec()),
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Outputs, states and gradients of a ragged batch, one after the other.
fn everything<E: Element>(model: &Model<E>) -> Vec<E> {
    let batch = model.batch(vec![ragged()], vec![]);
    let run = model.forward(&batch);
    let (parameters, inputs) = model.gradient(&batch, &model.upstream(&batch));
    let tensors = run.outputs.iter().chain(&run.states).chain(&inputs);
    tensors.flat_map(|tensor| data(tensor).to_vec()).chain(parameters).collect()
}

#[test]
fn any_number_of_threads() {
    for cell in CELLS {
        let one = everything(&rounding(cell, 1));
        for threads in [2, 3, 4] {
            assert!(bits(&one) == bits(&everything(&rounding(cell, threads))), "{cell}, {threads} threads");
        }
    }
}

#[test]
fn a_row_alone_or_in_any_batch() {
    for cell in CELLS {
        let (model, x) = (rounding(cell, 2), ragged());
        let whole = model.forward(&model.batch(vec![x.clone()], vec![]));
        for row in 0..ROWS {
            let alone = model.forward(&model.batch(vec![part(&x, row..row + 1)], vec![]));
            let pairs =
                alone.outputs.iter().zip(&whole.outputs).chain(alone.states.iter().zip(&whole.states));
            for (alone, whole) in pairs {
                assert!(bits(data(alone)) == bits(data(&part(whole, row..row + 1))), "{cell}, row {row}");
            }
        }
    }
}

#[test]
fn micro_batches_of_whole_granules_add_up() {
    for cell in CELLS {
        let (model, x) = (rounding(cell, 2), ragged());
        let batch = model.batch(vec![x.clone()], vec![]);
        let upstream = model.upstream(&batch);
        let (whole, _) = model.gradient(&batch, &upstream);
        let mut sum = vec![0.0; whole.len()];
        for rows in [0..16, 16..ROWS] {
            let pick = |d: &Vec<f32>| d[rows.start * d.len() / ROWS..rows.end * d.len() / ROWS].to_vec();
            let upstream: Vec<_> = upstream.iter().map(pick).collect();
            model.add_gradient(&model.batch(vec![part(&x, rows)], vec![]), &upstream, &mut sum);
        }
        assert!(bits(&whole) == bits(&sum), "{cell}");
    }
}

/// Of every output, state and gradient: within 5 % of the largest of full precision, and not the same.
#[test]
fn close_to_full_precision() {
    for cell in CELLS {
        let kernels = Kernels::<f32>::detect().unwrap();
        let full = everything(&model(cell, 2, kernels, Precision::Full));
        let rounded = everything(&rounding(cell, 2));
        let largest = full.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let furthest = full.iter().zip(&rounded).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(furthest > 1e-6 && furthest < 0.05 * largest, "{cell}: {furthest} of {largest}");
    }
}

/// With sums in `f64` the operands are rounded all the same.
#[test]
fn the_operands_of_f64_are_rounded_as_well() {
    for cell in CELLS {
        let kernels = Kernels::<f64>::detect().unwrap();
        let precise = everything(&model(cell, 2, kernels, Precision::Bf16));
        let full = everything(&model(cell, 2, kernels, Precision::Full));
        let rounded = everything(&rounding(cell, 2));
        let distance =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let rounded: Vec<f64> = rounded.into_iter().map(f64::from).collect();
        let (near, far) = (distance(&precise, &rounded), distance(&precise, &full));
        // Rounding an activation that differs in its last place may go the other way.
        assert!(near < 0.5 * far, "{cell}: {near} against {far}");
    }
}

fn train(precision: Precision, steps: usize) -> Vec<f64> {
    let config = json!({
        "losses": [{ "output": "out", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.01,
    });
    let model = Arc::new(model::Model::<f32>::new(graph("lstm"), 5, precision).unwrap());
    let mut trainer = Trainer::new(model, TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap();
    let x = || values("x", &[20, 12, 5], numbers(20 * 12 * 5, 8));
    let y = || values("out", &[20, 12, 3], numbers::<f32>(20 * 12 * 3, 9).iter().map(|x| x.abs()).collect());
    (0..steps).map(|_| trainer.step(vec![x()], vec![y()], false).unwrap().loss).collect()
}

#[test]
fn training_goes_as_in_full_precision() {
    let (full, rounded) = (train(Precision::Full, 60), train(Precision::Bf16, 60));
    assert!(full[59] < 0.6 * full[0], "{} after {}", full[59], full[0]);
    for (step, (full, rounded)) in full.iter().zip(&rounded).enumerate() {
        assert!((full - rounded).abs() < 0.01 * full, "step {step}: {rounded} against {full}");
    }
    assert_ne!(full, rounded);
}

#[test]
fn a_file_holds_full_precision() {
    let model = model::Model::<f32>::new(graph("gru"), 5, Precision::Bf16).unwrap();
    let again =
        model::Model::from_bytes(&model.to_bytes(&model.snapshot(), None).unwrap(), Precision::Full).unwrap();
    assert_eq!(bits(&model.parameters().unwrap()), bits(&again.parameters().unwrap()));
    let run = |model: &model::Model<f32>| {
        let outputs = model.predict(&model.snapshot(), vec![ragged()], vec![]).unwrap().outputs;
        bits(data(&outputs[0]))
    };
    let rounding =
        model::Model::from_bytes(&again.to_bytes(&again.snapshot(), None).unwrap(), Precision::Bf16).unwrap();
    assert_eq!(run(&model), run(&rounding));
    assert_ne!(run(&model), run(&again));
}
