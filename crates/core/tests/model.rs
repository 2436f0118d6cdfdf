//! A model as a whole: saved and loaded, streamed, and left alone by steps that fail.
#![allow(missing_docs, clippy::allow_attributes, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::graphs::{Builder, sequence};
use support::runs::{data, numbers, values};
use unrolled_core::Code;
use unrolled_core::format;
use unrolled_core::graph::Graph;
use unrolled_core::model::{MeasureConfig, Model, Stream, Trainer, TrainerConfig};
use unrolled_core::run::Tensor;

const ROWS: usize = 3;
const TIME: usize = 7;

fn graph(reverse: bool) -> Graph {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).layer("a", "lstm", 0, "x", [2, 5], true, reverse, &[]);
    b.node("last", json!("last"), &["a:output"]);
    b.output("y", "a:output").output("z", "last");
    b.graph()
}

fn model() -> Arc<Model<f32>> {
    Arc::new(Model::new(graph(false), 3).unwrap())
}

fn trainer(model: &Arc<Model<f32>>, output: &str, more: &Value) -> unrolled_core::Result<Trainer<f32>> {
    let mut config = json!({
        "losses": [{ "output": output, "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "rate": 0.1,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string()).unwrap())
}

fn input() -> Tensor<f32> {
    values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5))
}

fn target() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, 6))
}

/// Losses whose gradient at [`huge`] is beyond `f32`.
fn summed() -> Value {
    json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} }, "reduction": "sum" }] })
}

fn huge() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], vec![f32::MAX; ROWS * TIME * 5])
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn a_saved_model_gives_the_same_bits_and_is_four_bytes_a_parameter() {
    let model = model();
    trainer(&model, "y", &json!({})).unwrap().step(vec![input()], vec![target()], false).unwrap();
    let bytes = model.to_bytes().unwrap();
    let again = Model::from_bytes(&bytes).unwrap();
    assert_eq!(bits(&again.parameters()), bits(&model.parameters()));
    assert_eq!(again.predict(vec![input()], vec![]), model.predict(vec![input()], vec![]));
    assert_eq!(again.to_bytes().unwrap(), bytes);
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!(bytes.len(), 8 + header + 4 * model.describe().count);
}

#[test]
fn files_that_are_no_models_are_refused() {
    let bytes = model().to_bytes().unwrap();
    let code = |bytes: &[u8]| Model::from_bytes(bytes).err().unwrap().code;
    for end in [0, 7, 8, 100, bytes.len() - 1] {
        assert_eq!(code(&bytes[..end]), Code::Format, "{end} bytes");
    }
    let file = format::read(&bytes).unwrap();
    let tensors: Vec<_> =
        file.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    assert_eq!(code(&format::write([].into(), &tensors).unwrap()), Code::Format);
    let write = |tensors: &[_]| format::write(file.metadata.clone(), tensors).unwrap();
    assert_eq!(code(&write(&tensors[1..])), Code::Format);
    let more = [&tensors[..], &[("more", &[1][..], &[0.0][..])]].concat();
    assert_eq!(code(&write(&more)), Code::Format);
    let mut reshaped = tensors.clone();
    let shape = [reshaped[0].2.len()];
    reshaped[0].1 = &shape;
    assert_eq!(code(&write(&reshaped)), Code::Format);
    assert_eq!(write(&tensors), bytes);
}

#[test]
fn a_stream_gives_the_bits_of_the_whole_sequence() {
    let model = model();
    let x = values("x", &[1, TIME, 2], numbers(TIME * 2, 5));
    let whole = model.predict(vec![x.clone()], vec![]).unwrap();
    let mut stream = Stream::new(Arc::clone(&model)).unwrap();
    let mut steps = Vec::new();
    for step in data(&x).chunks(2) {
        let outputs = stream.push(vec![values("x", &[1, 1, 2], step.to_vec())]).unwrap();
        steps.extend_from_slice(data(&outputs[0]));
    }
    assert_eq!(bits(&steps), bits(data(&whole.outputs[0])));
    assert_eq!(stream.states(), whole.states);
}

#[test]
fn a_streams_state_is_a_value() {
    let model = model();
    let step = || vec![values("x", &[1, 1, 2], vec![0.5, -1.0])];
    let mut stream = Stream::new(Arc::clone(&model)).unwrap();
    let zero = stream.states().to_vec();
    let first = stream.push(step()).unwrap();
    let after = stream.states().to_vec();
    assert_ne!(stream.push(step()).unwrap(), first);
    stream.set_states(zero.iter().rev().cloned().collect()).unwrap();
    assert_eq!(stream.push(step()).unwrap(), first);

    let code =
        |states: Vec<Tensor<f32>>, stream: &mut Stream<f32>| stream.set_states(states).unwrap_err().code;
    let wrong = values(&zero[0].name, &[1, 4], vec![0.0; 4]);
    let infinite = values(&zero[0].name, &[1, 5], vec![f32::INFINITY; 5]);
    assert_eq!(code(zero[..1].to_vec(), &mut stream), Code::Argument);
    assert_eq!(code(vec![zero[0].clone(), zero[0].clone()], &mut stream), Code::Argument);
    assert_eq!(
        code([&zero[..], &[values("none", &[1, 1], vec![0.0])]].concat(), &mut stream),
        Code::Argument
    );
    assert_eq!(code(vec![wrong, zero[1].clone()], &mut stream), Code::Shape);
    assert_eq!(code(vec![infinite, zero[1].clone()], &mut stream), Code::NonFinite);
    assert!(stream.push(vec![values("x", &[1, 1, 3], vec![0.0; 3])]).is_err());
    assert_eq!(stream.states(), after);
}

#[test]
fn a_measurement_is_told_apart_by_output() {
    let model = model();
    let config = json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} }, "weight": 3.0 }] });
    let config = MeasureConfig::from_json(&config.to_string()).unwrap();
    let (report, _) = model.evaluate(&config, vec![input()], vec![target()], Vec::new()).unwrap();
    let output = &model.predict(vec![input()], Vec::new()).unwrap().outputs[0];
    let target = target();
    let squares = data(output).iter().zip(data(&target)).map(|(y, t)| f64::from(y - t).powi(2));
    let (sum, count) = (squares.sum::<f64>(), (ROWS * TIME * 5) as u64);
    let [term] = &report.terms[..] else { panic!("one term, got {:?}", report.terms) };
    assert!((term.sum - sum).abs() < 1e-6 * sum && (report.loss - 3.0 * sum / count as f64).abs() < 1e-5);
    assert_eq!((term.output.as_str(), term.weight), ("y", count as f64));
    assert_eq!((term.correct, term.valid), (None, count));
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let model = model();
    let mut trainer = trainer(&model, "y", &summed()).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    let before = bits(&model.parameters());
    let error = trainer.step(vec![input()], vec![huge()], true).unwrap_err();
    assert_eq!(error.code, Code::NonFinite);
    for targets in
        [vec![], vec![target(), target()], vec![values("y", &[ROWS, TIME, 4], vec![0.0; ROWS * TIME * 4])]]
    {
        assert!(trainer.step(vec![input()], targets, true).is_err());
    }
    assert_eq!(bits(&model.parameters()), before);
    assert_eq!(trainer.step(vec![input()], vec![target()], true).unwrap().step, 2);
}

#[test]
fn a_step_may_be_skipped_instead() {
    let model = model();
    let mut config = summed();
    config["onNonFinite"] = json!("skip");
    let mut trainer = trainer(&model, "y", &config).unwrap();
    let before = bits(&model.parameters());
    let report = trainer.step(vec![input()], vec![huge()], false).unwrap();
    assert!(report.skipped && report.loss.is_nan() && report.norm.is_nan());
    assert_eq!((report.step, report.terms), (0, Vec::new()));
    assert_eq!(bits(&model.parameters()), before);
    let report = trainer.step(vec![input()], vec![target()], true).unwrap();
    assert!(!report.skipped && report.step == 1 && report.loss > 0.0);
}

#[test]
fn time_that_cannot_be_cut_is_refused() {
    let truncate = json!({ "truncate": { "k1": 2, "k2": 2 } });
    let backward = Arc::new(Model::new(graph(true), 3).unwrap());
    let code = |result: unrolled_core::Result<Trainer<f32>>| result.err().unwrap().code;
    assert_eq!(code(trainer(&backward, "y", &truncate)), Code::Argument);
    assert_eq!(code(trainer(&model(), "z", &truncate)), Code::Argument);
    assert_eq!(Stream::new(Arc::clone(&backward)).err().unwrap().code, Code::Argument);
    let mut trainer = trainer(&backward, "y", &json!({})).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    assert_eq!(trainer.step(vec![input()], vec![target()], true).unwrap_err().code, Code::Argument);
}
