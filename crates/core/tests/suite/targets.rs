//! Targets that do not fit, that do not count, and a step's report of those that do.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{data, ids, numbers, values};
use crate::support::training::{model, predict, step, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{MeasureConfig, Model, Report};
use unrolled_core::storage::{Data, GivenTargets, Tensor};
use unrolled_core::{Code, Error};

const ROWS: usize = 4;
const TIME: usize = 9;
const CLASSES: usize = 3;
const LENGTHS: [i32; ROWS] = [9, 4, 0, 7];

fn network(b: Builder) -> Arc<Model<f64>> {
    let mut b = b;
    b.node("x", sequence(2), &[]);
    b.layer("a", "gru", 0, "x", [2, CLASSES], true, false, &[]).output("y", "a:output");
    model(&b)
}

fn x() -> Tensor<f64> {
    let mut x = values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5));
    x.lengths = Some(LENGTHS.to_vec());
    x
}

fn ragged(mut target: Tensor<f64>) -> Tensor<f64> {
    target.lengths = Some(LENGTHS.to_vec());
    target
}

/// Classes, of which -100 does not count.
fn classes() -> Tensor<f64> {
    let class = |i: usize| if i % 5 == 3 { -100 } else { (i * 7 % CLASSES) as i32 };
    ragged(ids("y", &[ROWS, TIME], (0..ROWS * TIME).map(class).collect()))
}

fn real() -> Tensor<f64> {
    ragged(values("y", &[ROWS, TIME, CLASSES], numbers(ROWS * TIME * CLASSES, 6)))
}

fn yes_and_no() -> Tensor<f64> {
    let all = (0..ROWS * TIME * CLASSES).map(|i| f64::from(u8::from(i % 3 == 1))).collect();
    ragged(values("y", &[ROWS, TIME, CLASSES], all))
}

fn losses(loss: &Value) -> Value {
    json!([{ "output": "y", "loss": loss }])
}

fn ignoring() -> Value {
    json!({ "crossEntropy": { "ignore": -100 } })
}

fn evaluate(model: &Model<f64>, loss: &Value, target: &Tensor<f64>) -> Result<Report, Error> {
    let config = MeasureConfig::from_json(&json!({ "losses": losses(loss) }).to_string()).unwrap();
    let (inputs, targets) = (vec![x()], vec![target.clone()]);
    model.evaluate(&model.snapshot(), &config, inputs, targets, Vec::new()).map(|(report, _)| report)
}

fn train(loss: &Value, target: &Tensor<f64>, more: &Value) -> (Result<Report, Error>, bool) {
    let model = network(Builder::default());
    let before = model.parameters().unwrap();
    let mut options = json!({ "losses": losses(loss) });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let report = step(&mut trainer(&model, &options).unwrap(), &[x()], target, false);
    (report, model.parameters().unwrap() == before)
}

/// Both a step and a measurement refuse it.
#[track_caller]
fn refused(loss: &Value, target: &Tensor<f64>, code: Code, words: &[&str]) {
    let (trained, unchanged) = train(loss, target, &json!({}));
    assert!(unchanged);
    for error in [trained.unwrap_err(), evaluate(&network(Builder::default()), loss, target).unwrap_err()] {
        assert_eq!(error.code, code, "{error}");
        assert!(words.iter().all(|word| error.message.contains(word)), "expected {words:?} in: {error}");
    }
}

#[test]
fn a_target_has_the_steps_and_lengths_of_its_output() {
    for (loss, good) in [(json!({ "meanSquared": {} }), real()), (ignoring(), classes())] {
        for lengths in [[9, 4, 0, 6], [9, 5, 0, 7], [9, 4, 1, 7], [8, 4, 0, 7]] {
            let other = Tensor { lengths: Some(lengths.to_vec()), ..good.clone() };
            refused(&loss, &other, Code::Shape, &["'y'", "lengths"]);
        }
        // Without lengths, all steps of the output are meant.
        assert!(train(&loss, &Tensor { lengths: None, ..good.clone() }, &json!({})).0.is_ok());
        for time in [TIME - 1, TIME + 1] {
            let shape = [&[ROWS, time], &good.shape[2..]].concat();
            let count = shape.iter().product::<usize>();
            let data = match &good.data {
                Data::Ids(_) => Data::Ids(vec![0; count]),
                Data::Values(_) => Data::Values(vec![0.5; count]),
            };
            let other = Tensor { shape, data, lengths: None, ..good.clone() };
            refused(&loss, &other, Code::Shape, &["'y'", &format!("{TIME} steps"), &format!("{time} steps")]);
        }
    }
}

#[test]
fn a_target_that_is_no_number_is_named_with_its_row_and_step() {
    let all = [
        ("meanSquared", real()),
        ("meanAbsolute", real()),
        ("huber", real()),
        ("binaryCrossEntropy", yes_and_no()),
    ];
    for (loss, good) in all {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let with = |row: usize, step: usize| {
                let mut numbers = data(&good).to_vec();
                numbers[(row * TIME + step) * CLASSES + 1] = bad;
                Tensor { data: Data::Values(numbers), ..good.clone() }
            };
            let loss = json!({ loss: {} });
            refused(&loss, &with(3, 6), Code::NonFinite, &["'y'", "row 3, step 6"]);
            refused(&loss, &with(0, 0), Code::NonFinite, &["'y'", "row 0, step 0"]);
            assert!(train(&loss, &with(3, 7), &json!({})).0.is_ok(), "the padding of row 3");
        }
    }
}

#[test]
fn a_batch_without_a_target_that_counts_changes_nothing_and_says_so() {
    let nothing = ragged(ids("y", &[ROWS, TIME], vec![-100; ROWS * TIME]));
    for more in [
        json!({}),
        json!({ "truncate": { "k1": 2, "k2": 3 } }),
        json!({ "memory": "sqrt" }),
        json!({ "optimizer": { "sgd": { "weightDecay": 0.5 } } }),
        json!({ "optimizer": { "adam": {} } }),
    ] {
        let (report, unchanged) = train(&ignoring(), &nothing, &more);
        let report = report.unwrap();
        assert!(unchanged && report.skipped, "{more}");
        assert!(report.loss.is_nan() && report.norm.is_nan(), "{more}");
        assert_eq!((report.step, report.terms.len()), (0, 0), "{more}");
    }
    let report = evaluate(&network(Builder::default()), &ignoring(), &nothing).unwrap();
    assert!(report.loss.is_nan());
    assert_eq!((report.terms[0].sum, report.terms[0].weight, report.terms[0].valid), (0.0, 0.0, 0));
    // The sum over nothing is none.
    let summed = json!({ "losses": [{ "output": "y", "loss": ignoring(), "reduction": "sum" }] });
    let (model, config) =
        (network(Builder::default()), MeasureConfig::from_json(&summed.to_string()).unwrap());
    let (report, _) =
        model.evaluate(&model.snapshot(), &config, vec![x()], vec![nothing], Vec::new()).unwrap();
    assert_eq!(report.loss, 0.0);
}

/// The targets met and the summed loss, by hand from the predictions.
fn by_hand(kind: &str, target: &Tensor<f64>) -> (f64, u64, u64) {
    let run = predict(&network(Builder::default()), &[x()]);
    let (mut sum, mut correct, mut valid) = (0.0, 0, 0);
    for (row, &length) in LENGTHS.iter().enumerate() {
        for place in (0..length as usize).map(|t| row * TIME + t) {
            let y = &data(&run.outputs[0])[place * CLASSES..][..CLASSES];
            match &target.data {
                Data::Ids(ids) if ids[place] >= 0 => {
                    let class = ids[place] as usize;
                    sum += y.iter().map(|y| y.exp()).sum::<f64>().ln() - y[class];
                    correct += u64::from(y.iter().all(|&other| other <= y[class]));
                    valid += 1;
                }
                Data::Ids(_) => {}
                Data::Values(all) => {
                    for (&y, &t) in y.iter().zip(&all[place * CLASSES..]) {
                        sum += match kind {
                            "binaryCrossEntropy" => (1.0 + y.exp()).ln() - t * y,
                            _ => (y - t).powi(2),
                        };
                        correct += u64::from((y > 0.0) == (t > 0.5));
                        valid += 1;
                    }
                }
            }
        }
    }
    (sum, correct, valid)
}

#[test]
fn a_report_is_that_of_the_whole_however_it_is_cut() {
    let cases = [
        ("crossEntropy", ignoring(), classes()),
        ("binaryCrossEntropy", json!({ "binaryCrossEntropy": {} }), yes_and_no()),
        ("meanSquared", json!({ "meanSquared": {} }), real()),
    ];
    let cuts = [(1, 1), (2, 5), (4, 4), (3, 8)].map(|(k1, k2)| json!({ "truncate": { "k1": k1, "k2": k2 } }));
    for (kind, loss, target) in cases {
        let (sum, correct, valid) = by_hand(kind, &target);
        let hold = |report: &Report, what: &Value| {
            let term = &report.terms[0];
            assert!((term.sum - sum).abs() < 1e-12 * sum, "{kind}, {what}: {} is not {sum}", term.sum);
            assert!((report.loss - sum / term.weight).abs() < 1e-12, "{kind}, {what}");
            let met = (kind != "meanSquared").then_some(correct);
            assert_eq!((term.correct, term.valid, term.weight), (met, valid, valid as f64), "{kind}, {what}");
        };
        assert!(correct > 0 && correct < valid);
        hold(&evaluate(&network(Builder::default()), &loss, &target).unwrap(), &json!("evaluate"));
        for more in cuts.iter().chain(&[json!({}), json!({ "memory": "sqrt" })]) {
            hold(&train(&loss, &target, more).0.unwrap(), more);
        }
    }
}

/// By hand, `y = W x` with items of weights 0.5, 0, 2 in a row and 3 in another; those in padding do not count.
#[test]
fn items_count_by_their_weights() {
    let mut b = Builder::default();
    b.parameter("w", &[2, 2]).node("x", sequence(2), &[]);
    let model: Arc<Model<f64>> =
        model(b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "y"));
    let weights = [0.5, 0.0, 2.0, 3.0, 9.0, 9.0];
    let given = |name: &str, seed: u64| Tensor {
        lengths: Some(vec![3, 1]),
        ..values(name, &[2, 3, 2], numbers::<f64>(12, seed))
    };
    let (x, t, w) = (given("x", 5), given("y", 6), model.parameters().unwrap());
    let (mut sum, mut total, mut slopes) = (0.0, 0.0, [0.0; 4]);
    for (i, weight) in weights.into_iter().enumerate().take(4) {
        let (x, t) = (&data(&x)[2 * i..][..2], &data(&t)[2 * i..][..2]);
        total += 2.0 * weight;
        for k in 0..2 {
            let error = w[2 * k] * x[0] + w[2 * k + 1] * x[1] - t[k];
            sum += weight * error * error;
            (0..2).for_each(|j| slopes[2 * k + j] += weight * 2.0 * error * x[j]);
        }
    }
    let close = |what: &str, found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-12, "{what}: {found} is not {expected}");
    };
    let target = || GivenTargets { tensor: t.clone(), weights: Some(weights.to_vec()) };
    let loss = json!({ "meanSquared": {} });
    let config = MeasureConfig::from_json(&json!({ "losses": losses(&loss) }).to_string()).unwrap();
    let found = model.gradients(&model.snapshot(), &config, vec![x.clone()], vec![target()], vec![]).unwrap();
    close("loss", found.report.loss, sum / total);
    let term = &found.report.terms[0];
    close("sum", term.sum, sum);
    assert_eq!((term.weight, term.valid), (total, 6));
    for (found, slope) in found.parameters.iter().zip(slopes) {
        close("slope", *found, slope / total);
    }
    let norm = slopes.iter().map(|slope| (slope / total).powi(2)).sum::<f64>().sqrt();
    for more in [json!({}), json!({ "truncate": { "k1": 1, "k2": 2 } })] {
        let mut options = json!({ "learningRate": 0.0 });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut trainer = trainer(&model, &options).unwrap();
        let report = trainer.step(vec![x.clone()], vec![target()], false).unwrap();
        close(&format!("loss, {more}"), report.loss, sum / total);
        close(&format!("norm, {more}"), report.norm, norm);
    }
}
