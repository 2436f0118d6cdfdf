//! Steps that fail or are left out: their reports, and the step after them, which is as if they had not been.

use std::sync::Arc;

use crate::support::cells::cell;
use crate::support::graphs::{Builder, node, sequence, vector};
use crate::support::runs::{data, numbers, values};
use crate::support::tapes::needed;
use crate::support::training::{model, step, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{Memory, Model, Report};
use unrolled_core::storage::Tensor;
use unrolled_core::{Code, Error};

const ROWS: usize = 3;
const TIME: usize = 7;

fn graph() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[])
        .layer("a", "lstm", 0, "x", [2, 5], true, false, &[])
        .output("y", "a:output");
    b
}

fn x(seed: u64) -> Tensor<f32> {
    values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, seed))
}

fn y(seed: u64) -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, seed))
}

/// Its gradient, summed, is beyond `f32`.
fn huge() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], vec![f32::MAX; ROWS * TIME * 5])
}

fn nan(mut tensor: Tensor<f32>) -> Tensor<f32> {
    let mut numbers = data(&tensor).to_vec();
    numbers[4] = f32::NAN;
    tensor.data = unrolled_core::storage::Data::Values(numbers);
    tensor
}

/// All that a step may keep from one to the next.
fn options() -> [Value; 8] {
    let sgd = json!({ "momentum": 0.5 });
    [
        json!({}),
        json!({ "optimizer": { "adam": {} } }),
        json!({ "optimizer": { "sgd": sgd } }),
        json!({ "optimizer": { "rmsprop": { "momentum": 0.5 } } }),
        json!({ "optimizer": { "adagrad": {} } }),
        json!({ "schedule": { "linear": { "warmup": 2, "steps": 4 } }, "clip": { "norm": 0.5 } }),
        json!({ "truncate": { "k1": 2, "k2": 3 } }),
        json!({ "memory": "sqrt" }),
    ]
}

/// The report of a step and the parameters' bits, after two steps and a call of `between` with the trainer.
fn after(
    more: &Value,
    carry: bool,
    between: &[(Tensor<f32>, Tensor<f32>, Option<Code>)],
) -> (Report, Vec<u32>) {
    let model = model::<f32>(&graph());
    let losses = json!([{ "output": "y", "loss": { "meanSquared": {} }, "reduction": "sum" }]);
    let mut options = json!({ "losses": losses, "learningRate": 0.01 });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut trainer = trainer(&model, &options).unwrap();
    for seed in [1, 2] {
        step(&mut trainer, &[x(seed)], &y(seed), carry).unwrap();
    }
    let before = model.parameters().unwrap();
    for (x, y, code) in between {
        let result = step(&mut trainer, std::slice::from_ref(x), y, carry);
        match code {
            Some(code) => assert_eq!(result.unwrap_err().code, *code, "{options}"),
            None => {
                let report = result.unwrap();
                assert!(report.skipped && report.loss.is_nan() && report.norm.is_nan(), "{options}");
                assert_eq!((report.step, report.learning_rate, report.terms.len()), (2, 0.0, 0), "{options}");
            }
        }
        assert!(model.parameters().unwrap() == before, "{options}");
    }
    let mut report = step(&mut trainer, &[x(3)], &y(3), carry).unwrap();
    // The search for the node that failed may have left more storage.
    report.memory = Memory::default();
    (report, model.parameters().unwrap().iter().map(|x| x.to_bits()).collect())
}

#[test]
fn a_step_left_out_in_the_middle_is_as_if_it_had_not_been() {
    for more in options() {
        for carry in [true, false] {
            let undisturbed = after(&more, carry, &[]);
            for (policy, code) in [("skip", None), ("error", Some(Code::NonFinite))] {
                let mut more = more.clone();
                more["onNonFinite"] = json!(policy);
                let bad = (x(8), huge(), code);
                assert!(
                    after(&more, carry, std::slice::from_ref(&bad)) == undisturbed,
                    "{more}, carry {carry}"
                );
                assert!(after(&more, carry, &[bad.clone(), bad]) == undisturbed, "{more}, carry {carry}");
            }
        }
    }
}

#[test]
fn a_batch_that_does_not_fit_is_as_if_it_had_not_been() {
    let fewer = |tensor: Tensor<f32>, width: usize| {
        values(&tensor.name, &[1, TIME, width], data(&tensor)[..TIME * width].to_vec())
    };
    for more in options() {
        let undisturbed = after(&more, true, &[]);
        for policy in ["skip", "error"] {
            let mut more = more.clone();
            more["onNonFinite"] = json!(policy);
            let bad = [
                (nan(x(8)), y(8), Some(Code::NonFinite)),
                (x(8), nan(y(8)), Some(Code::NonFinite)),
                (x(8), values("other", &[1], vec![0.0]), Some(Code::Argument)),
                (x(8), fewer(y(8), 5), Some(Code::Shape)),
                (fewer(x(8), 2), fewer(y(8), 5), Some(Code::Shape)),
            ];
            assert!(after(&more, true, &bad) == undisturbed, "{more}");
        }
    }
}

/// `y = w x` of one feature, and a loss whose slope stays finite where `y` does not.
fn overflowing(loss: &Value, policy: &str) -> (Arc<Model<f32>>, Result<Report, Error>, Report) {
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]).node("x", vector(1), &[]);
    b.node("out", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "out");
    let model = model::<f32>(&b);
    model.set_parameters(&[1e30]).unwrap();
    let losses = json!([{ "output": "y", "loss": loss }]);
    let mut trainer =
        trainer(&model, &json!({ "losses": losses, "onNonFinite": policy, "learningRate": 0.5 })).unwrap();
    let one = |name: &str, x: f32| values(name, &[1, 1], vec![x]);
    let failed = step(&mut trainer, &[one("x", 1e30)], &one("y", 0.0), false);
    assert_eq!(model.parameters().unwrap(), [1e30]);
    let next = step(&mut trainer, &[one("x", 2.0)], &one("y", 0.0), false).unwrap();
    (model, failed, next)
}

#[test]
fn an_infinite_loss_is_refused_though_its_gradient_is_finite() {
    for loss in [json!({ "meanAbsolute": {} }), json!({ "huber": { "delta": 2.0 } })] {
        let (_, failed, next) = overflowing(&loss, "error");
        let error = failed.unwrap_err();
        assert_eq!(error.code, Code::NonFinite);
        assert!(error.message.contains("'out'"), "{error}");
        assert!(next.loss.is_finite() && next.step == 1 && !next.skipped);
        let (_, skipped, again) = overflowing(&loss, "skip");
        assert!(skipped.unwrap().skipped);
        assert_eq!(again, next);
    }
}

/// `h = h² + x` reaches no loss, so nothing but the state says that it is infinite.
#[test]
fn a_carried_state_that_became_infinite_is_refused() {
    let body = json!({ "nodes": [
        node("x", json!({ "input": { "vector": { "size": 1 } } }), &[]),
        node("h", json!({ "state": { "size": 1 } }), &[]),
        node("square", json!("multiply"), &["h", "h"]),
        node("next", json!("add"), &["square", "x"]),
    ], "outputs": [{ "name": "h", "from": "next" }] });
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]).node("x", sequence(1), &[]).node(
        "a",
        json!({ "scan": { "body": body } }),
        &["x"],
    );
    b.node("out", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "out");
    let model = model::<f32>(&b);
    model.set_parameters(&[1.0]).unwrap();
    let mut trainer = trainer(&model, &json!({})).unwrap();
    let row = |name: &str, x: f32| values(name, &[1, 1, 1], vec![x]);
    // h is 1e15, then 1e30, then infinite.
    for _ in 0..3 {
        step(&mut trainer, &[row("x", 1e15)], &row("y", 1e15), true).unwrap();
    }
    let before = model.parameters().unwrap();
    for _ in 0..2 {
        let error = step(&mut trainer, &[row("x", 1.0)], &row("y", 1.0), true).unwrap_err();
        assert_eq!((error.code, error.message.contains("state 'a:h'")), (Code::NonFinite, true), "{error}");
    }
    assert_eq!(model.parameters().unwrap(), before);
    assert_eq!(step(&mut trainer, &[row("x", 1.0)], &row("y", 1.0), false).unwrap().step, 4);
    step(&mut trainer, &[row("x", 1.0)], &row("y", 1.0), true).unwrap();
}

/// The square of a number at step 37 is beyond all numbers, in a loop that runs whole or in segments of time.
#[test]
fn what_is_not_finite_is_named_by_its_step() {
    let (rows, time, at) = (20, 100, 37);
    for reverse in [false, true] {
        let b = cell("s = add x h; q = multiply s s; n = tanh q; h' = n; out q", reverse);
        let mut numbers: Vec<f32> = numbers(rows * time * 3, 3);
        let y = values("q", &[rows, time, 3], numbers.clone());
        let fits = values("x", &[rows, time, 3], numbers.clone());
        numbers[(7 * time + at) * 3 + 1] = 3e30;
        let x = values("x", &[rows, time, 3], numbers);
        let losses = json!([{ "output": "q", "loss": { "meanSquared": {} } }]);
        let begin = |memory: &Value| {
            let mut options = json!({ "losses": losses });
            options.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
            trainer(&model::<f32>(&b), &options).unwrap()
        };
        let least = needed(&step(&mut begin(&json!({ "memory": 1 })), &[fits], &y, false).unwrap_err());
        for memory in [json!({}), json!({ "memory": least })] {
            let error = step(&mut begin(&memory), std::slice::from_ref(&x), &y, false).unwrap_err();
            assert_eq!(error.code, Code::NonFinite);
            assert!(error.message.contains("node 'a.q'"), "{memory}: {error}");
            assert!(error.message.ends_with("at step 37"), "{memory}: {error}");
        }
    }
}
