//! Training against a plain loop of steps worked by hand: the rate of each step, its bound, and its decay.

use crate::support::graphs::{Builder, vector};
use crate::support::plain::close;
use crate::support::runs::values;
use crate::support::training::{model, step, trainer};
use serde_json::{Value, json};

const X: [[f64; 2]; 3] = [[0.5, -1.0], [2.0, 0.25], [-1.5, 1.0]];
const T: [f64; 3] = [1.0, -0.5, 2.0];
const RATE: f64 = 0.25;

/// `y = w x` with the mean of squares: the weights after each step of descent, and the norms of the gradients.
fn by_hand(factors: &[f64], bound: &dyn Fn([f64; 2]) -> [f64; 2], decay: f64) -> Vec<([f64; 2], f64)> {
    let mut w = [0.75, -0.5];
    let mut all = Vec::new();
    for factor in factors {
        let mut gradient = [0.0; 2];
        for (x, t) in X.iter().zip(T) {
            let gap = w[0] * x[0] + w[1] * x[1] - t;
            (0..2).for_each(|k| gradient[k] += 2.0 * gap * x[k] / 3.0);
        }
        let norm = gradient[0].hypot(gradient[1]);
        let bounded = bound(gradient);
        (0..2).for_each(|k| w[k] -= RATE * factor * (bounded[k] + decay * w[k]));
        all.push((w, norm));
    }
    all
}

#[track_caller]
fn check(more: &Value, factors: &[f64], bound: &dyn Fn([f64; 2]) -> [f64; 2], decay: f64) {
    let mut b = Builder::default();
    b.parameter("w", &[1, 2]).node("x", vector(2), &[]);
    b.node("out", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "out");
    let model = model::<f64>(&b);
    model.set_parameters(&[0.75, -0.5]).unwrap();
    let mut trainer = trainer(&model, more).unwrap();
    let (x, t) = (values("x", &[3, 2], X.concat()), values("y", &[3, 1], T.to_vec()));
    for (n, (w, norm)) in by_hand(factors, bound, decay).into_iter().enumerate() {
        let report = step(&mut trainer, std::slice::from_ref(&x), &t, false).unwrap();
        close(&format!("{more}, weights after step {n}"), &model.parameters().unwrap(), &w);
        close(
            &format!("{more}, report of step {n}"),
            &[report.learning_rate, report.norm],
            &[RATE * factors[n], norm],
        );
        assert_eq!(report.step, n as u64 + 1);
    }
}

#[test]
fn the_rate_of_a_step_is_that_of_its_schedule() {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let cases: [(Value, Vec<f64>); 7] = [
        (json!({ "constant": {} }), vec![1.0; 4]),
        (
            json!({ "linear": { "warmup": 3, "steps": 7, "minimum": 0.1 } }),
            vec![0.25, 0.5, 0.75, 1.0, 0.775, 0.55, 0.325, 0.1, 0.1],
        ),
        (json!({ "linear": { "warmup": 1, "steps": 3 } }), vec![0.5, 1.0, 0.5, 0.0, 0.0]),
        (json!({ "linear": { "steps": 4 } }), vec![1.0, 0.75, 0.5, 0.25, 0.0, 0.0]),
        (json!({ "step": { "size": 2, "gamma": 0.5 } }), vec![1.0, 1.0, 0.5, 0.5, 0.25]),
        (json!({ "exponential": { "gamma": 0.5 } }), vec![1.0, 0.5, 0.25, 0.125]),
        (
            json!({ "cosine": { "steps": 4, "minimum": 0.5 } }),
            vec![1.0, 0.75 + half / 4.0, 0.75, 0.75 - half / 4.0, 0.5, 0.5],
        ),
    ];
    for (schedule, factors) in cases {
        check(&json!({ "schedule": schedule }), &factors, &|g| g, 0.0);
    }
}

#[test]
fn a_gradient_is_bounded_before_its_step() {
    let norm = |g: [f64; 2]| g.map(|x| x * (0.5 / (g[0].hypot(g[1]) + 1e-6)).min(1.0));
    check(&json!({ "clip": { "norm": 0.5 } }), &[1.0; 6], &norm, 0.0);
    check(&json!({ "clip": { "value": 0.25 } }), &[1.0; 6], &|g| g.map(|x| x.clamp(-0.25, 0.25)), 0.0);
    // Neither is reached.
    for clip in [json!({ "norm": 1e3 }), json!({ "value": 1e3 })] {
        check(&json!({ "clip": clip }), &[1.0; 3], &|g| g, 0.0);
    }
}

#[test]
fn schedule_bound_and_decay_work_together() {
    let more = json!({
        "schedule": { "linear": { "warmup": 2, "steps": 5 } },
        "clip": { "value": 0.5 },
        "optimizer": { "sgd": { "weightDecay": 0.125 } },
    });
    let factors = [1.0 / 3.0, 2.0 / 3.0, 1.0, 2.0 / 3.0, 1.0 / 3.0, 0.0];
    check(&more, &factors, &|g| g.map(|x| x.clamp(-0.5, 0.5)), 0.125);
}
