//! Several batches in one step: the bits of the one large batch.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{numbers, values};
use crate::support::tapes::bits;
use crate::support::training::{model, trainer};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::model::{Model, Report, Trainer};
use unrolled_core::storage::{Data, GivenTargets, Tensor};

const TIME: usize = 19;
const SIZE: usize = 5;
/// Rows of the batches; all but the last are whole row groups.
const PARTS: [usize; 3] = [16, 32, 5];
const ROWS: usize = 53;

/// Two layers with masks of both sorts between them, and a vector beside the sequence.
fn network() -> Arc<Model<f32>> {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]);
    b.layer("a", "lstm", 0, "x", [3, SIZE], true, false, &[]);
    b.node("loose", json!({ "dropout": { "rate": 0.4 } }), &["a:output"]);
    b.node("fixed", json!({ "dropout": { "rate": 0.3, "fixed": true } }), &["loose"]);
    b.layer("b", "gru", 1, "fixed", [SIZE, SIZE], true, true, &[]);
    b.node("mean", json!("mean"), &["b:output"]);
    b.output("y", "b:output").output("m", "mean");
    model(&b)
}

type Given = (Vec<Tensor<f32>>, Vec<GivenTargets<f32>>);

/// Rows `from..to` of the data of a step.
fn batch(step: u64, from: usize, to: usize) -> Given {
    let lengths: Vec<i32> = (0..ROWS).map(|row| (row * 29 + 5) as i32 % (TIME as i32 + 1)).collect();
    let cut = |name: &str, shape: &[usize], seed: u64| {
        let stride: usize = shape.iter().product();
        let all: Vec<f32> = numbers(ROWS * stride, seed + 100 * step);
        let mut tensor =
            values(name, &[&[to - from], shape].concat(), all[from * stride..to * stride].to_vec());
        tensor.lengths = (shape.len() == 2).then(|| lengths[from..to].to_vec());
        tensor
    };
    let weights: Vec<f32> = (0..ROWS * TIME).map(|i| (i % 5) as f32 / 2.0).collect();
    let y = GivenTargets {
        tensor: cut("y", &[TIME, SIZE], 2),
        weights: Some(weights[from * TIME..to * TIME].to_vec()),
    };
    (vec![cut("x", &[TIME, 3], 1)], vec![y, cut("m", &[SIZE], 3).into()])
}

fn options(more: Value) -> Value {
    let mut options = json!({
        "losses": [
            { "output": "y", "loss": { "huber": { "delta": 0.5 } } },
            { "output": "m", "loss": { "meanSquared": {} }, "weight": 0.5 },
        ],
        "optimizer": { "adam": {} },
        "learningRate": 0.01,
        "clip": { "norm": 0.05 },
        "seed": 9,
    });
    let Value::Object(more) = more else { panic!("expected options") };
    options.as_object_mut().unwrap().extend(more);
    options
}

fn parts() -> impl Iterator<Item = (usize, usize)> {
    PARTS.into_iter().scan(0, |from, rows| {
        *from += rows;
        Some((*from - rows, *from))
    })
}

fn accumulate(trainer: &mut Trainer<f32>, step: u64) {
    for (from, to) in parts() {
        let (inputs, targets) = batch(step, from, to);
        trainer.prepare(inputs, targets).unwrap();
    }
}

/// All but the memory held.
fn told(report: &Report) -> Report {
    Report { memory: Default::default(), ..report.clone() }
}

#[test]
fn batches_of_whole_row_groups_are_one_large_batch() {
    for more in [json!({}), json!({ "memory": "sqrt" }), json!({ "clip": { "value": 0.001 } })] {
        let (one, many) = (network(), network());
        let mut whole = trainer(&one, &options(more.clone())).unwrap();
        let mut parted = trainer(&many, &options(more.clone())).unwrap();
        for step in 0..3 {
            let (inputs, targets) = batch(step, 0, ROWS);
            let expected = told(whole.step(inputs, targets, false).unwrap());
            accumulate(&mut parted, step);
            let found = told(parted.step_prepared(false).unwrap());
            assert_eq!(found, expected, "{more}, step {step}");
            assert!(expected.norm > 0.05 && found.step == step + 1);
            assert_eq!(bits(parted.gradients_mut()), bits(whole.gradients_mut()), "{more}, step {step}");
            assert_eq!(
                bits(&many.parameters().unwrap()),
                bits(&one.parameters().unwrap()),
                "{more}, step {step}"
            );
        }
        assert!(parted.memory().tape < whole.memory().tape * 3 / 4, "{more}: one batch at a time is held");
    }
}

#[test]
fn a_batch_that_is_refused_leaves_nothing_half_done() {
    let (one, other) = (network(), network());
    // A factor by which the largest slopes overflow.
    let losses = json!([
        { "output": "y", "loss": { "huber": { "delta": 0.5 } } },
        { "output": "m", "loss": { "meanSquared": {} }, "weight": 1e6 },
    ]);
    let options = |policy: &str| options(json!({ "losses": losses, "onNonFinite": policy }));
    let mut trained = trainer(&one, &options("error")).unwrap();
    let mut fresh = trainer(&other, &options("error")).unwrap();
    let before = one.parameters().unwrap();
    let (inputs, targets) = batch(0, 0, 16);
    trained.prepare(inputs, targets).unwrap();
    let (inputs, _) = batch(0, 16, 48);
    let (_, targets) = batch(0, 16, 47);
    assert_eq!(trained.prepare(inputs, targets).unwrap_err().code, Code::Shape);
    assert_eq!(trained.step_prepared(false).unwrap_err().code, Code::Argument, "no batch is left");
    // Numbers that overflow in the second batch alone.
    let huge = |trainer: &mut Trainer<f32>| {
        let (inputs, targets) = batch(0, 0, 16);
        trainer.prepare(inputs, targets).unwrap();
        let (inputs, mut targets) = batch(0, 16, 48);
        let Data::Values(values) = &mut targets[1].tensor.data else { panic!("expected numbers") };
        values[7] = 3e38;
        trainer.prepare(inputs, targets).unwrap();
    };
    huge(&mut trained);
    assert_eq!(trained.step_prepared(false).unwrap_err().code, Code::NonFinite);
    assert_eq!(one.parameters().unwrap(), before);
    accumulate(&mut trained, 0);
    accumulate(&mut fresh, 0);
    let found = told(trained.step_prepared(false).unwrap());
    assert_eq!(found, told(fresh.step_prepared(false).unwrap()));
    assert_eq!(bits(&one.parameters().unwrap()), bits(&other.parameters().unwrap()));

    let mut skipping = trainer(&one, &options("skip")).unwrap();
    let before = one.parameters().unwrap();
    huge(&mut skipping);
    assert!(skipping.step_prepared(false).unwrap().skipped);
    assert_eq!(one.parameters().unwrap(), before);
}

#[test]
fn states_are_carried_from_one_batch_alone() {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]);
    b.layer("a", "gru", 0, "x", [3, SIZE], true, false, &[]);
    b.output("y", "a:output");
    let losses = json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} } }], "clip": null });
    let given = |from: usize| {
        let (inputs, targets) = batch(0, from, from + 16);
        (inputs, targets.into_iter().take(1).collect::<Vec<_>>())
    };
    let (model, other) = (model::<f32>(&b), model::<f32>(&b));
    let mut trainer_ = trainer(&model, &options(losses.clone())).unwrap();
    let mut fresh = trainer(&other, &options(losses)).unwrap();
    for trainer in [&mut trainer_, &mut fresh] {
        for from in [0, 16] {
            let (inputs, targets) = given(from);
            trainer.prepare(inputs, targets).unwrap();
        }
        trainer.step_prepared(false).unwrap();
    }
    // After several batches there is nothing to go on from.
    let ((inputs, targets), (again, same)) = (given(32), given(32));
    let found = told(trainer_.step(inputs, targets, true).unwrap());
    assert_eq!(found, told(fresh.step(again, same, false).unwrap()));
    for from in [0, 16] {
        let (inputs, targets) = given(from);
        trainer_.prepare(inputs, targets).unwrap();
    }
    let error = trainer_.step_prepared(true).unwrap_err();
    assert_eq!(error.code, Code::Argument, "{error}");
}
