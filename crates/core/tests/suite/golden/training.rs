//! Whole trainings: an embedding, two LSTM layers and a linear layer under a cross-entropy.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::graph::Graph;
use unrolled_core::model::{Model, Precision, Trainer, TrainerConfig};
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use super::archive::{Case, Golden, assert_close, from_f64, to_f64};
use super::models::written;
use super::net::ids;

#[test]
fn trainings_are_pytorchs_in_f64() {
    run_all::<f64>(1e-10);
}

#[test]
fn trainings_are_pytorchs_in_f32() {
    run_all::<f32>(5e-6);
}

fn run_all<E: Element>(tolerance: f64) {
    let golden = Golden::read("training");
    assert_eq!(golden.cases().count(), 11);
    for case in golden.cases() {
        run::<E>(case, tolerance);
    }
}

fn run<E: Element>(case: Case<'_>, tolerance: f64) {
    let json = written("training", "language");
    let program = Program::compile(&Graph::from_json(&json).expect("a graph")).expect("a program");
    let entries = program.layout.entries();
    let initial = entries.iter().flat_map(|entry| &case.tensor(&format!("initial/{}", entry.name)).values);
    let model =
        Arc::new(Model::new(Graph::from_json(&json).expect("a graph"), 0, Precision::Full).expect("a model"));
    model.set_parameters(&from_f64::<E>(&initial.copied().collect::<Vec<_>>())).expect("parameters");

    let phases = phases(case);
    let (losses, norms) = (&case.tensor("losses").values, &case.tensor("norms").values);
    let count = losses.len() / phases.len();
    let reports: Vec<_> = losses.iter().zip(norms).enumerate().collect();
    for (frozen, reports) in phases.iter().zip(reports.chunks(count)) {
        let mut trainer = Trainer::new(Arc::clone(&model), config(case, frozen)).expect("a trainer");
        let before = to_f64(&model.parameters().unwrap());
        for &(step, (loss, norm)) in reports {
            let (tokens, targets, carry) = batch(case, step);
            let report = trainer.step(vec![tokens], vec![targets], carry).expect("a step");
            assert_close(&format!("{} loss {step}", case.name), &[report.loss], &[*loss], tolerance);
            assert_close(&format!("{} norm {step}", case.name), &[report.norm], &[*norm], tolerance);
            assert_eq!(report.step, (step % count) as u64 + 1);
        }
        let after = to_f64(&model.parameters().unwrap());
        for entry in entries {
            let same = before[entry.range()] == after[entry.range()];
            assert_eq!(same, frozen.contains(&entry.name), "{} {}", case.name, entry.name);
        }
    }

    let trained = to_f64(&model.parameters().unwrap());
    assert_eq!(case.under("final/").len(), entries.len());
    for entry in entries {
        let expected = case.tensor(&format!("final/{}", entry.name));
        assert_eq!(entry.shape, expected.shape, "{}", entry.name);
        let what = format!("{} {}", case.name, entry.name);
        assert_close(&what, &trained[entry.range()], &expected.values, tolerance);
    }
}

/// The names of the frozen parameters in each phase, which has an optimizer of its own.
fn phases(case: Case<'_>) -> Vec<Vec<String>> {
    let names = |list: &Value| serde_json::from_value(list.clone()).expect("names");
    match (case.facts.get("phases"), case.facts.get("frozen")) {
        (Some(phases), _) => phases.as_array().expect("phases").iter().map(names).collect(),
        (None, frozen) => vec![frozen.map(names).unwrap_or_default()],
    }
}

fn config(case: Case<'_>, frozen: &[String]) -> TrainerConfig {
    let losses = json!([{ "output": "logits", "loss": { "crossEntropy": {} } }]);
    let mut config = json!({ "losses": losses, "frozen": frozen });
    let facts = ["optimizer", "rate", "clip", "truncate"];
    for (fact, key) in facts.into_iter().zip(["optimizer", "learningRate", "clip", "truncate"]) {
        if let Some(value) = case.facts.get(fact) {
            config[key] = value.clone();
        }
    }
    TrainerConfig::from_json(&config.to_string()).expect("a configuration")
}

/// Ids and targets of an update, and true if the update goes on from the states of the last.
fn batch<E>(case: Case<'_>, step: usize) -> (Tensor<E>, Tensor<E>, bool) {
    let time = case.tensor("ids").shape[1];
    let chunk = case.facts.get("window").and_then(Value::as_u64).map_or(time, |steps| steps as usize);
    let start = step * chunk % time;
    let mut tokens = columns(case, "ids", "tokens", start, start + chunk);
    let targets = columns(case, "targets", "logits", start, start + chunk);
    tokens.lengths =
        case.find("lengths").map(|lengths| lengths.values.iter().map(|&length| length as i32).collect());
    (tokens, targets, start > 0)
}

/// The steps `start..end` of ids `[rows, time]`.
fn columns<E>(case: Case<'_>, from: &str, name: &str, start: usize, end: usize) -> Tensor<E> {
    let tensor = case.tensor(from);
    let (rows, time) = (tensor.shape[0], tensor.shape[1]);
    let values: Vec<f64> = tensor.values.chunks(time).flat_map(|row| &row[start..end]).copied().collect();
    ids(name, &[rows, end - start], &values)
}
