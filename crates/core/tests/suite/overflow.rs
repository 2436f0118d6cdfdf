//! Updates that would leave the range of numbers: seen in their own step, and nothing of them stays.

use crate::support::graphs::{Builder, vector};
use crate::support::runs::values;
use crate::support::training::{model, step, trainer};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::storage::Tensor;

/// `y = w x`.
fn graph() -> Builder {
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]).node("x", vector(1), &[]);
    b.node("y", json!({ "linear": { "weight": "w", "bias": null } }), &["x"]).output("y", "y");
    b
}

fn number(name: &str, value: f32) -> Tensor<f32> {
    values(name, &[1, 1], vec![value])
}

fn options(optimizer: Value, rate: f64, policy: &str) -> Value {
    json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": optimizer, "learningRate": rate, "onNonFinite": policy,
    })
}

/// The optimizer, the learning rate, the target, and words of the error: a slot that overflows is named as well.
fn cases() -> [(Value, f64, f32, &'static str); 9] {
    [
        (json!({ "sgd": {} }), 1e38, -1e20, "step 0: parameter 'w'"),
        (json!({ "sgd": { "momentum": 0.9 } }), 1e38, -1e20, "step 0: parameter 'w'"),
        (json!({ "sgd": { "weightDecay": 3e38 } }), 3e38, 0.5, "step 0: parameter 'w'"),
        (json!({ "rmsprop": {} }), 3e38, 0.1, "step 0: parameter 'w'"),
        (json!({ "rmsprop": {} }), 1e-3, 1e21, "step 0: square_avg of parameter 'w'"),
        (json!({ "adagrad": {} }), 1e-3, 1e21, "step 0: sum of parameter 'w'"),
        (json!({ "adam": {} }), 3e38, 0.1, "step 0: parameter 'w'"),
        (json!({ "adam": {} }), 1e-3, 1e22, "step 0: exp_avg_sq of parameter 'w'"),
        (json!({ "adamw": { "weightDecay": 3e38 } }), 3e38, 0.1, "step 0: parameter 'w'"),
    ]
}

#[test]
fn an_update_beyond_all_numbers_is_an_error_or_left_out() {
    for (optimizer, rate, target, words) in cases() {
        let model = model::<f32>(&graph());
        let before = model.parameters().unwrap();
        let (x, y) = ([number("x", 1.0)], number("y", target));

        let mut strict = trainer(&model, &options(optimizer.clone(), rate, "error")).unwrap();
        let error = step(&mut strict, &x, &y, false).unwrap_err();
        assert!(error.code == Code::NonFinite && error.message.contains(words), "{optimizer}: {error}");
        assert_eq!(model.parameters().unwrap(), before, "{optimizer}");

        let mut lenient = trainer(&model, &options(optimizer.clone(), rate, "skip")).unwrap();
        for _ in 0..2 {
            let report = step(&mut lenient, &x, &y, false).unwrap();
            assert!(report.skipped && report.loss.is_nan() && report.step == 0, "{optimizer}");
        }
        assert_eq!(model.parameters().unwrap(), before, "{optimizer}");
    }
}

/// The slots stay as they were too: the step after one left out is the step without it.
#[test]
fn a_step_after_one_that_would_overflow_is_as_if_it_had_not_been() {
    for optimizer in [
        json!({ "sgd": { "momentum": 0.5 } }),
        json!({ "rmsprop": { "momentum": 0.5 } }),
        json!({ "adagrad": {} }),
        json!({ "adam": {} }),
        json!({ "adamw": {} }),
    ] {
        let run = |between: &[f32]| {
            let model = model::<f32>(&graph());
            let mut trainer = trainer(&model, &options(optimizer.clone(), 0.01, "skip")).unwrap();
            for &target in [3.0, -2.0].iter().chain(between).chain(&[0.7]) {
                step(&mut trainer, &[number("x", 1.5)], &number("y", target), false).unwrap();
            }
            (model.parameters().unwrap(), trainer.report().step)
        };
        let huge = if optimizer.get("sgd").is_some() { 2e38 } else { 1e22 };
        let (parameters, steps) = run(&[huge]);
        assert_eq!((parameters, steps), run(&[]), "{optimizer}");
    }
}

/// Near the end of the range an update is the same, though its bounds do not tell that it is safe.
#[test]
fn an_update_near_the_end_of_the_range_is_made() {
    let model = model::<f32>(&graph());
    model.set_parameters(&[0.5]).unwrap();
    let mut trainer = trainer(&model, &options(json!({ "sgd": {} }), 4e37, "error")).unwrap();
    let (x, y) = ([number("x", 1.0)], number("y", -0.5));
    step(&mut trainer, &x, &y, false).unwrap();
    // 0.5 - 4e37 · 2 (0.5 + 0.5)
    assert_eq!(model.parameters().unwrap(), [-8e37]);
    assert!(step(&mut trainer, &x, &y, false).is_err());
    assert_eq!(model.parameters().unwrap(), [-8e37]);
    // Parameters set meanwhile are looked at as well.
    model.set_parameters(&[3e38]).unwrap();
    let error = step(&mut trainer, &x, &number("y", 2.9e38), false).unwrap_err();
    assert_eq!(error.code, Code::NonFinite);
    assert_eq!(model.parameters().unwrap(), [3e38]);
}
