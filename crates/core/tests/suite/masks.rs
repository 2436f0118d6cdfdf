//! Dropout as a user sees it: off outside of training; its masks by seed, step and time.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{data, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use crate::support::training::{model, predict, step, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{MeasureConfig, Model, Report, Session};
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

const ROWS: usize = 5;
const TIME: usize = 12;
const SIZE: usize = 4;

/// Dropout over time, of the state in a loop, and of the output; or the same without the layer.
fn graph(dropout: Option<bool>) -> Builder {
    let mut b = Builder::default();
    let layer = |b: &mut Builder, name: &str, from: &'static str| -> String {
        let Some(fixed) = dropout else { return from.to_owned() };
        b.node(name, json!({ "dropout": { "rate": 0.5, "fixed": fixed } }), &[from]);
        name.to_owned()
    };
    b.parameter("ih", &[SIZE, 3]).parameter("hh", &[SIZE, SIZE]).parameter("out", &[2, SIZE]);
    b.node("x", sequence(3), &[]).node("in", json!({ "linear": { "weight": "ih" } }), &["x"]);
    let thinned = layer(&mut b, "thinned", "in");
    let mut inner = Builder::default();
    inner.node("p", json!({ "input": { "vector": { "size": SIZE } } }), &[]);
    inner.node("h", json!({ "state": { "size": SIZE } }), &[]);
    let kept = layer(&mut inner, "kept", "h");
    inner.node("rec", json!({ "linear": { "weight": "hh" } }), &[&kept]);
    inner.node("sum", json!("add"), &["p", "rec"]).node("n", json!({ "activation": "tanh" }), &["sum"]);
    inner.output("n", "n").output("h", "n");
    let body = json!({ "nodes": inner.nodes, "outputs": inner.outputs });
    b.node("a", json!({ "scan": { "body": body } }), &[&thinned]);
    let dropped = layer(&mut b, "dropped", "a:n");
    b.node("y", json!({ "linear": { "weight": "out" } }), &[&dropped]).output("y", "y");
    b
}

fn input<E: Element>() -> Tensor<E> {
    let mut x = values("x", &[ROWS, TIME, 3], numbers(ROWS * TIME * 3, 5));
    x.lengths = Some((0..ROWS).map(|row| (TIME - row) as i32).collect());
    x
}

fn target<E: Element>() -> Tensor<E> {
    let mut y = values("y", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 6));
    y.lengths = input::<E>().lengths;
    y
}

#[test]
fn dropout_is_off_where_nothing_is_trained() {
    for fixed in [false, true] {
        let [with, without]: [Arc<Model<f32>>; 2] = [Some(fixed), None].map(|dropout| model(&graph(dropout)));
        // Also after a step of training, which has masks.
        let mut trainer = trainer(&with, &json!({})).unwrap();
        let first = step(&mut trainer, &[input()], &target(), false).unwrap();
        without.set_parameters(&with.parameters().unwrap()).unwrap();
        assert_eq!(predict(&with, &[input()]), predict(&without, &[input()]));
        let at_once =
            |model: &Model<f32>| model.predict_at_once(vec![input()], vec![]).ok().unwrap().unwrap();
        assert_eq!(at_once(&with), predict(&without, &[input()]));
        let config = json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} } }] }).to_string();
        let config = MeasureConfig::from_json(&config).unwrap();
        let measured = |model: &Model<f32>| {
            model.evaluate(&model.snapshot(), &config, vec![input()], vec![target()], vec![]).unwrap()
        };
        assert_eq!(measured(&with), measured(&without));
        assert_ne!(measured(&with).0.loss, first.loss);
        let [mut one, mut other] = [&with, &without].map(|model| Session::new(Arc::clone(model), 1).unwrap());
        for x in data(&input()).chunks(3) {
            assert_eq!(one.step(x, &[]).unwrap(), other.step(x, &[]).unwrap());
        }
        assert_eq!(one.states().unwrap(), other.states().unwrap());
    }
}

/// The reports of steps with the same weights and batch: only the masks can make them differ.
fn reports(dropout: Option<bool>, more: &Value) -> Vec<Report> {
    let mut options = json!({ "learningRate": 0.0 });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let model = model::<f64>(&graph(dropout));
    let mut trainer = trainer(&model, &options).unwrap();
    (0..4).map(|_| step(&mut trainer, &[input()], &target(), false).unwrap()).collect()
}

fn all_differ(what: &str, values: &[f64]) {
    for (i, value) in values.iter().enumerate() {
        assert!(!values[..i].contains(value), "{what}: {values:?}");
    }
}

#[test]
fn every_step_and_seed_has_masks_of_its_own() {
    for fixed in [false, true] {
        let all: Vec<Report> =
            [0, 1, 2, 77].iter().flat_map(|seed| reports(Some(fixed), &json!({ "seed": seed }))).collect();
        all_differ("losses", &all.iter().map(|report| report.loss).collect::<Vec<_>>());
        all_differ("norms", &all.iter().map(|report| report.norm).collect::<Vec<_>>());
        assert_eq!(
            all[4..8],
            reports(Some(fixed), &json!({ "seed": 1 }))[..],
            "the same seed, the same masks"
        );
    }
    let plain = reports(None, &json!({}));
    assert!(plain.iter().all(|report| report.loss == plain[0].loss && report.norm == plain[0].norm));
}

#[test]
fn two_seeds_train_other_weights() {
    let trained = |seed: u64| {
        let model = model::<f64>(&graph(Some(false)));
        let mut trainer = trainer(&model, &json!({ "seed": seed })).unwrap();
        (0..3).for_each(|_| drop(step(&mut trainer, &[input()], &target(), false).unwrap()));
        model.parameters().unwrap()
    };
    assert_eq!(trained(5), trained(5));
    assert_ne!(trained(5), trained(6));
}

/// A chunk, and the steps that it replays, have the masks of their own steps of time.
#[test]
fn truncation_has_the_masks_of_the_whole() {
    for fixed in [false, true] {
        let whole = reports(Some(fixed), &json!({ "seed": 9 }));
        for (k1, k2) in [(1, 1), (4, 4), (2, 5), (5, 7), (3, 11)] {
            let cut = reports(Some(fixed), &json!({ "seed": 9, "truncate": { "k1": k1, "k2": k2 } }));
            for (step, (cut, whole)) in cut.iter().zip(&whole).enumerate() {
                let gap = (cut.loss - whole.loss).abs();
                assert!(gap < 1e-13, "k1 {k1}, k2 {k2}, step {step}: {} is not {}", cut.loss, whole.loss);
            }
        }
    }
}

#[test]
fn windows_of_memory_have_the_masks_of_the_whole() {
    for fixed in [false, true] {
        let b = graph(Some(fixed));
        let mut x = values("x", &[19, 40, 3], numbers(19 * 40 * 3, 1));
        x.lengths = Some((0..19).map(|row| (row * 29 + 5) % 41).collect());
        check_tapes(&format!("fixed {fixed}"), &b, &[x]);
        let whole = reports(Some(fixed), &json!({ "seed": 9 }));
        for (cut, whole) in reports(Some(fixed), &json!({ "seed": 9, "memory": "sqrt" })).iter().zip(&whole) {
            assert_eq!((cut.loss, cut.norm), (whole.loss, whole.norm));
        }
    }
}

/// A step that is left out is no step: its masks are those of the next.
#[test]
fn a_skipped_step_uses_up_no_masks() {
    let run = |skip: bool| {
        let model = model::<f32>(&graph(Some(false)));
        let losses = json!([{ "output": "y", "loss": { "meanSquared": {} }, "reduction": "sum" }]);
        let options = json!({ "onNonFinite": "skip", "losses": losses, "learningRate": 0.01 });
        let mut trainer = trainer(&model, &options).unwrap();
        step(&mut trainer, &[input()], &target(), false).unwrap();
        if skip {
            let huge = Tensor { data: values("y", &[], vec![f32::MAX; ROWS * TIME * 2]).data, ..target() };
            assert!(step(&mut trainer, &[input()], &huge, false).unwrap().skipped);
        }
        (step(&mut trainer, &[input()], &target(), false).unwrap(), model.parameters().unwrap())
    };
    assert_eq!(run(true), run(false));
}

/// Batches of one step are rows of one large batch, also to the masks.
#[test]
fn batches_of_a_step_have_the_masks_of_their_rows() {
    for fixed in [false, true] {
        let run = |cuts: &[std::ops::Range<usize>]| {
            let model = model::<f32>(&graph(Some(fixed)));
            let mut trainer = trainer(&model, &json!({ "seed": 4 })).unwrap();
            for rows in cuts {
                let part = |name: &str, size: usize, seed: u64| {
                    let all: Vec<f32> = numbers(21 * TIME * size, seed);
                    let part = all[rows.start * TIME * size..rows.end * TIME * size].to_vec();
                    values(name, &[rows.len(), TIME, size], part)
                };
                trainer.prepare(vec![part("x", 3, 5)], vec![part("y", 2, 6)]).unwrap();
            }
            trainer.backward(false).unwrap();
            let gradients = bits(trainer.gradients_mut());
            (gradients, trainer.report().loss.to_bits())
        };
        assert_eq!(run(&[0..16, 16..21]), run(std::slice::from_ref(&(0..21))), "fixed {fixed}");
    }
}
