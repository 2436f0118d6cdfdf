//! The phases of a training step, in and out of their order.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::model::{Model, Precision, Trainer, TrainerConfig};
use unrolled_core::storage::Tensor;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{numbers, values};

fn model(body_factor: f64) -> Arc<Model<f64>> {
    let mut b = Builder::default();
    b.parameter("w", &[2, 2]).node("x", sequence(2), &[]);
    let node = crate::support::graphs::node;
    let body = json!({ "nodes": [
        node("x", json!({ "input": { "vector": { "size": 2 } } }), &[]),
        node("h", json!({ "state": { "size": 2 } }), &[]),
        node("p", json!({ "linear": { "weight": "w" } }), &["x"]),
        node("grown", json!({ "affine": { "scale": body_factor, "shift": 0.0 } }), &["h"]),
        node("more", json!({ "affine": { "scale": body_factor, "shift": 0.0 } }), &["grown"]),
        node("most", json!({ "affine": { "scale": body_factor, "shift": 0.0 } }), &["more"]),
        node("n", json!("add"), &["p", "most"]),
    ], "outputs": [{ "name": "h", "from": "n" }] });
    b.node("a", json!({ "scan": { "body": body } }), &["x"]);
    // The loss sees the product alone, so that a state may grow beyond all numbers with a finite loss.
    b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "y");
    Arc::new(Model::new(b.graph(), 3, Precision::Full).unwrap())
}

fn trainer(model: &Arc<Model<f64>>, more: &Value) -> Trainer<f64> {
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "sgd": { "momentum": 0.5 } },
        "learningRate": 0.1,
        "clip": { "norm": 0.25 },
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap()
}

fn batch(seed: u64) -> (Vec<Tensor<f64>>, Vec<Tensor<f64>>) {
    let of = |name: &str, seed| vec![values(name, &[3, 4, 2], numbers(24, seed))];
    (of("x", seed), of("y", seed + 50))
}

#[test]
fn the_phases_are_the_step() {
    let (whole, parts) = (model(0.5), model(0.5));
    let (mut one, mut other) = (trainer(&whole, &json!({})), trainer(&parts, &json!({})));
    for (seed, carry) in [(1, false), (2, true), (3, true)] {
        let (x, y) = batch(seed);
        let report = one.step(x.clone(), y.clone(), carry).unwrap().clone();
        other.prepare(x, y).unwrap();
        other.backward(carry).unwrap();
        other.update().unwrap();
        assert_eq!((report.loss, report.norm), (other.report().loss, other.report().norm));
        assert_eq!(whole.parameters().unwrap(), parts.parameters().unwrap());
    }
}

#[test]
fn a_phase_out_of_order_is_refused_and_changes_nothing() {
    let model = model(0.5);
    let mut trainer = trainer(&model, &json!({}));
    let before = model.parameters().unwrap();
    assert_eq!(trainer.update().unwrap_err().code, Code::State);
    assert_eq!(trainer.backward(true).unwrap_err().code, Code::Argument);
    assert_eq!(trainer.update().unwrap_err().code, Code::State);
    assert_eq!(model.parameters().unwrap(), before);
    let (x, y) = batch(1);
    trainer.prepare(x, y).unwrap();
    trainer.backward(false).unwrap();
    trainer.update().unwrap();
    let after = model.parameters().unwrap();
    assert_ne!(after, before);
    assert_eq!(trainer.update().unwrap_err().code, Code::State, "gradients update once");
    assert_eq!(model.parameters().unwrap(), after);
}

/// The next batch may be prepared before the update; the states and their rows are those of the batch that ran.
#[test]
fn a_batch_prepared_before_the_update_belongs_to_the_next_step() {
    let (model, reference) = (model(0.5), model(0.5));
    let (mut early, mut plain) = (trainer(&model, &json!({})), trainer(&reference, &json!({})));
    let ((x1, y1), (x2, y2)) = (batch(1), batch(2));
    plain.step(x1.clone(), y1.clone(), false).unwrap();
    plain.step(x2.clone(), y2.clone(), true).unwrap();
    early.prepare(x1, y1).unwrap();
    early.backward(false).unwrap();
    early.prepare(x2, y2).unwrap();
    early.update().unwrap();
    early.backward(true).unwrap();
    early.update().unwrap();
    assert_eq!(model.parameters().unwrap(), reference.parameters().unwrap());
}

#[test]
fn gradients_that_were_changed_are_measured_again() {
    let (model, reference) = (model(0.5), model(0.5));
    let (mut changed, mut plain) = (trainer(&model, &json!({})), trainer(&reference, &json!({})));
    let (x, y) = batch(1);
    plain.step(x.clone(), y.clone(), false).unwrap();
    // Scaled by 8, the clipped gradient is the same, if its norm is the new one.
    changed.prepare(x.clone(), y.clone()).unwrap();
    changed.backward(false).unwrap();
    let norm = changed.report().norm;
    assert!(norm > 0.25, "{norm} would not be clipped");
    changed.gradients_mut().iter_mut().for_each(|g| *g *= 8.0);
    changed.update().unwrap();
    assert!((changed.report().norm - 8.0 * norm).abs() < 1e-12 * norm);
    for (a, b) in model.parameters().unwrap().iter().zip(reference.parameters().unwrap()) {
        assert!((a - b).abs() < 1e-6 * b.abs(), "{a} is not {b}");
    }
    let before = model.parameters().unwrap();
    changed.prepare(x, y).unwrap();
    changed.backward(false).unwrap();
    changed.gradients_mut()[0] = f64::NAN;
    assert_eq!(changed.update().unwrap_err().code, Code::NonFinite);
    assert_eq!(model.parameters().unwrap(), before);
}

#[test]
fn a_skipped_backward_updates_nothing() {
    let model = model(0.5);
    let mut trainer = trainer(&model, &json!({ "onNonFinite": "skip" }));
    let before = model.parameters().unwrap();
    let x = vec![values("x", &[3, 4, 2], vec![1e200; 24])];
    trainer.prepare(x, batch(1).1).unwrap();
    trainer.backward(false).unwrap();
    trainer.update().unwrap();
    assert!(trainer.report().skipped);
    assert_eq!(model.parameters().unwrap(), before);
}

/// Otherwise every later step would be skipped as well, and nobody would know.
#[test]
fn a_carried_state_that_is_infinite_is_an_error_even_where_steps_are_skipped() {
    for policy in ["error", "skip"] {
        let model = model(3e38);
        let mut trainer = trainer(&model, &json!({ "onNonFinite": policy }));
        let (x, y) = batch(1);
        trainer.step(x.clone(), y.clone(), false).unwrap();
        let error = trainer.step(x, y, true).unwrap_err();
        assert!(error.code == Code::NonFinite && error.message.contains("state"), "{policy}: {error}");
    }
}
