//! Steps that leave frozen parameters as they are and move the others as if the frozen ones were data.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::model::{Model, Trainer, TrainerConfig};
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_core::{Code, Error};

use crate::frozen::{of_layer, stack};
use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{data, numbers, values};
use crate::support::tapes::bits;
use crate::support::training::{model, predict, step, trainer};

/// Everything that a step may meet.
fn options() -> Vec<Value> {
    let clip = json!({ "norm": 0.05 });
    vec![
        json!({ "optimizer": { "adamw": { "weightDecay": 0.1 } }, "clip": clip }),
        json!({ "optimizer": { "sgd": { "momentum": 0.9, "weightDecay": 0.1, "nesterov": true } } }),
        json!({ "optimizer": { "rmsprop": { "momentum": 0.5, "weightDecay": 0.1 } }, "memory": "sqrt" }),
        json!({ "optimizer": { "adagrad": { "weightDecay": 0.1 } }, "clip": { "value": 0.01 } }),
        json!({ "optimizer": { "adam": { "weightDecay": 0.1 } }, "truncate": { "k1": 3, "k2": 7 } }),
    ]
}

/// Trains the linear layer on what the frozen layers below have made beforehand.
#[test]
fn a_head_upon_frozen_layers_learns_as_upon_data() {
    let below = [of_layer(0), of_layer(1)].concat();
    let mut head = Builder::default();
    head.node("h", sequence(4), &[]).parameter("w", &[2, 4]).parameter("k", &[2]);
    head.node("z", json!({ "linear": { "weight": "w", "bias": "k" } }), &["h"]).output("y", "z");
    for mut more in options() {
        for carry in [false, true] {
            let mut b = stack();
            b.output("h", "b:output");
            let (whole, alone) = (model::<f64>(&b), model::<f64>(&head));
            let start = whole.parameters().unwrap();
            let own = start.len() - 10;
            alone.set_parameters(&start[own..]).unwrap();
            let mut of_head = trainer(&alone, &more).unwrap();
            more["frozen"] = json!(below);
            let mut of_whole = trainer(&whole, &more).unwrap();
            more.as_object_mut().unwrap().remove("frozen");
            let mut earlier = Vec::new();
            for seed in 1..=5 {
                let x = values("x", &[3, 11, 3], numbers(99, seed));
                let y = values("y", &[3, 11, 2], numbers(66, 10 + seed));
                // With carry the states of the frozen layers go on in time.
                if !carry {
                    earlier.clear();
                }
                earlier.push(x.clone());
                let h = outputs_after(&whole, &earlier);
                let report = step(&mut of_whole, &[x], &y, carry && seed > 1).unwrap();
                let h = values("h", &[3, 11, 4], h);
                let expected = step(&mut of_head, &[h], &y, false).unwrap();
                assert!((report.norm - expected.norm).abs() <= 1e-12 * expected.norm, "{more}");
                assert!((report.loss - expected.loss).abs() <= 1e-12, "{more}");
                assert_eq!((report.step, report.learning_rate), (seed, 0.25));
            }
            let after = whole.parameters().unwrap();
            assert!(bits(&after[..own]) == bits(&start[..own]), "{more}");
            for (found, expected) in after[own..].iter().zip(alone.parameters().unwrap()) {
                assert!((found - expected).abs() < 1e-11, "{more}, carry {carry}: {found} is not {expected}");
            }
            assert!(bits(&after[own..]) != bits(&start[own..]), "{more}");
        }
    }
}

/// The last 11 steps of "h" after batches one after another in time.
fn outputs_after(model: &Model<f64>, batches: &[Tensor<f64>]) -> Vec<f64> {
    let time = 11 * batches.len();
    let rows = (0..3).flat_map(|row| batches.iter().flat_map(move |x| &data(x)[row * 33..][..33]));
    let x = values("x", &[3, time, 3], rows.copied().collect());
    let outputs = predict(model, &[x]).outputs;
    let h = outputs.iter().find(|output| output.name == "h").unwrap();
    data(h).chunks(time * 4).flat_map(|row| row[(time - 11) * 4..].to_vec()).collect()
}

#[test]
fn gradients_written_from_outside_move_nothing_that_is_frozen() {
    let frozen = [of_layer(0), vec!["k".into()]].concat();
    let more = json!({ "optimizer": { "adamw": {} }, "clip": { "norm": 0.5 }, "frozen": frozen });
    let model = model::<f32>(&stack());
    let mut trainer: Trainer<f32> = trainer(&model, &more).unwrap();
    let start = model.parameters().unwrap();
    let entries = Program::compile(&stack().graph()).unwrap().layout;
    for seed in 1..=3 {
        let x = values("x", &[3, 5, 3], numbers(45, seed));
        trainer.prepare(vec![x], vec![values("y", &[3, 5, 2], numbers(30, seed + 9))]).unwrap();
        trainer.backward(false).unwrap();
        let own = trainer.report().norm;
        trainer.gradients_mut().iter_mut().filter(|g| **g == 0.0).for_each(|g| *g = 9.0);
        trainer.update().unwrap();
        assert!((trainer.report().norm - own).abs() < 1e-6 * own, "{} is not {own}", trainer.report().norm);
    }
    let after = model.parameters().unwrap();
    for entry in entries.entries() {
        let same = bits(&after[entry.range()]) == bits(&start[entry.range()]);
        assert_eq!(same, frozen.contains(&entry.name), "{}", entry.name);
    }
}

#[test]
fn what_cannot_be_frozen_is_refused() {
    let model = model::<f32>(&stack());
    let all = [of_layer(0), of_layer(1), vec!["w".into(), "k".into()]].concat();
    for (frozen, part) in [
        (json!(["rnn.weight_ih_l0", "rnn"]), "received \"rnn\""),
        (json!([""]), "received \"\""),
        (json!(["w "]), "received \"w \""),
        (json!(all), "left to train"),
        (json!("w"), "training options"),
        (json!([3]), "training options"),
    ] {
        let error = refusal(&model, &json!({ "frozen": frozen }));
        assert!(error.code == Code::Argument && (error.message.contains(part)), "{frozen}: {error}");
    }
}

fn refusal(model: &Arc<Model<f32>>, more: &Value) -> Error {
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "sgd": {} },
        "learningRate": 0.25,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config = TrainerConfig::from_json(&config.to_string());
    match config.and_then(|config| Trainer::new(Arc::clone(model), config)) {
        Ok(_) => panic!("{more}: expected a refusal"),
        Err(error) => error,
    }
}
