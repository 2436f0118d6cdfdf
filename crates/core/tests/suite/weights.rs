//! Weights of the items of targets: formulas by plain loops, and laws.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{data, ids, numbers, values};
use crate::support::training::{model, predict, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{MeasureConfig, Model, Report};
use unrolled_core::storage::{Data, GivenTargets, Tensor};
use unrolled_core::{Code, Result};

const ROWS: usize = 5;
const TIME: usize = 35;
const CLASSES: usize = 3;
const LENGTHS: [i32; ROWS] = [35, 20, 0, 7, 17];
const CLASS_WEIGHTS: [f64; CLASSES] = [0.5, 2.0, 1.5];
const SMOOTHING: f64 = 0.2;
const DELTA: f64 = 0.4;

/// Every loss with the options that meet weights.
fn losses() -> [(&'static str, Value); 5] {
    [
        (
            "classes",
            json!({ "crossEntropy": { "labelSmoothing": SMOOTHING, "classWeights": CLASS_WEIGHTS, "ignore": -100 } }),
        ),
        ("yes", json!({ "binaryCrossEntropy": {} })),
        ("squares", json!({ "meanSquared": {} })),
        ("distances", json!({ "meanAbsolute": {} })),
        ("huber", json!({ "huber": { "delta": DELTA } })),
    ]
}

/// A GRU whose output is compared at each step, or its mean over time once a row.
fn network(timed: bool) -> Arc<Model<f64>> {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]);
    b.layer("a", "gru", 0, "x", [2, CLASSES], true, false, &[]);
    b.node("mean", json!("mean"), &["a:output"]);
    b.output("y", if timed { "a:output" } else { "mean" });
    model(&b)
}

fn x() -> Tensor<f64> {
    let mut x = values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5));
    x.lengths = Some(LENGTHS.to_vec());
    x
}

fn items(timed: bool) -> usize {
    if timed { ROWS * TIME } else { ROWS }
}

fn target(kind: &str, timed: bool) -> Tensor<f64> {
    let shape: &[usize] = if timed { &[ROWS, TIME, CLASSES] } else { &[ROWS, CLASSES] };
    let count = items(timed) * CLASSES;
    let mut target = match kind {
        "classes" => {
            let class = |i: usize| if i % 7 == 3 { -100 } else { (i * 5 % CLASSES) as i32 };
            ids("y", &shape[..shape.len() - 1], (0..items(timed)).map(class).collect())
        }
        "yes" => values("y", shape, (0..count).map(|i| f64::from(u8::from(i % 3 == 1))).collect()),
        _ => values("y", shape, numbers(count, 6)),
    };
    target.lengths = timed.then(|| LENGTHS.to_vec());
    target
}

/// Weights of 0, 1/2, 1 and 3/2.
fn mixed(timed: bool) -> Vec<f64> {
    (0..items(timed)).map(|i| (i * 3 % 4) as f64 / 2.0).collect()
}

/// Puts a target that is none under each weight of 0, and weights that are none into the padding.
fn poisoned(mut target: Tensor<f64>, mut weights: Vec<f64>) -> GivenTargets<f64> {
    for (item, &weight) in weights.iter().enumerate().filter(|&(_, &weight)| weight == 0.0) {
        assert_eq!(weight, 0.0);
        match &mut target.data {
            Data::Ids(ids) => ids[item] = 99 - 200 * (item as i32 % 2),
            Data::Values(values) => values[item * CLASSES + item % CLASSES] = f64::NAN,
        }
    }
    if let (Some(lengths), Data::Ids(_) | Data::Values(_)) = (&target.lengths, &target.data) {
        for (row, &length) in lengths.iter().enumerate() {
            weights[row * TIME + length as usize..(row + 1) * TIME].fill(f64::NAN);
        }
    }
    GivenTargets { tensor: target, weights: Some(weights) }
}

fn config(loss: &Value) -> Value {
    json!({ "losses": [{ "output": "y", "loss": loss }] })
}

fn evaluate(model: &Model<f64>, loss: &Value, x: Tensor<f64>, target: GivenTargets<f64>) -> Result<Report> {
    let config = MeasureConfig::from_json(&config(loss).to_string()).unwrap();
    let run = model.evaluate(&model.snapshot(), &config, vec![x], vec![target], Vec::new());
    run.map(|(report, _)| report)
}

/// The report and the gradient of a batch.
fn backward(
    model: &Arc<Model<f64>>,
    loss: &Value,
    more: &Value,
    x: Tensor<f64>,
    target: GivenTargets<f64>,
) -> Result<(Report, Vec<f64>)> {
    let mut options = config(loss);
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut trainer = trainer(model, &options).unwrap();
    trainer.prepare(vec![x], vec![target])?;
    trainer.backward(false)?;
    Ok((trainer.report().clone(), trainer.gradients_mut().to_vec()))
}

/// The loss of an item, the divisor it adds to a mean, and its targets that are met and that count.
fn by_hand(kind: &str, y: &[f64], target: &Tensor<f64>, item: usize) -> (f64, f64, u64, u64) {
    let all = match &target.data {
        Data::Ids(ids) if ids[item] == -100 => return (0.0, 0.0, 0, 0),
        Data::Ids(ids) => {
            let class = ids[item] as usize;
            let log_sum = y.iter().map(|y| y.exp()).sum::<f64>().ln();
            let smooth: f64 = (0..CLASSES).map(|k| CLASS_WEIGHTS[k] * (log_sum - y[k])).sum();
            let sharp = CLASS_WEIGHTS[class] * (log_sum - y[class]);
            let loss = (1.0 - SMOOTHING) * sharp + SMOOTHING / CLASSES as f64 * smooth;
            // The first of the largest.
            let met = (0..CLASSES).all(|k| y[k] < y[class] || (k >= class && y[k] == y[class]));
            return (loss, CLASS_WEIGHTS[class], met.into(), 1);
        }
        Data::Values(values) => &values[item * CLASSES..][..CLASSES],
    };
    let mut sums = (0.0, CLASSES as f64, 0, CLASSES as u64);
    for (&y, &t) in y.iter().zip(all) {
        let distance = (y - t).abs();
        sums.0 += match kind {
            "yes" => (1.0 + y.exp()).ln() - t * y,
            "squares" => distance * distance,
            "distances" => distance,
            _ if distance <= DELTA => distance * distance / 2.0,
            _ => DELTA * (distance - DELTA / 2.0),
        };
        sums.2 += u64::from((y > 0.0) == (t > 0.5));
    }
    sums
}

/// Sums by plain loops over the items that count: of losses, divisors, targets met, targets.
fn sums(
    model: &Model<f64>,
    kind: &str,
    timed: bool,
    target: &Tensor<f64>,
    weights: &[f64],
) -> (f64, f64, u64, u64) {
    let outputs = predict(model, &[x()]).outputs;
    let y = data(&outputs[0]);
    let valid = |item: &usize| !timed || (item % TIME) < LENGTHS[item / TIME] as usize;
    let mut sums = (0.0, 0.0, 0, 0);
    for item in (0..items(timed)).filter(valid).filter(|&item| weights[item] != 0.0) {
        let (loss, divisor, met, count) = by_hand(kind, &y[item * CLASSES..][..CLASSES], target, item);
        sums.0 += weights[item] * loss;
        sums.1 += weights[item] * divisor;
        sums.2 += met;
        sums.3 += count;
    }
    sums
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-7 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

#[test]
fn a_mean_is_the_sum_of_weighted_losses_over_the_sum_of_weights() {
    for (kind, loss) in losses() {
        for timed in [true, false] {
            let what = format!("{kind}, timed {timed}");
            let (model, target, weights) = (network(timed), target(kind, timed), mixed(timed));
            let given = poisoned(target.clone(), weights.clone());
            let (sum, weight, met, count) = sums(&model, kind, timed, &target, &weights);
            assert!(count > 0 && met < count, "{what}");
            let hold = |report: &Report, what: &str| {
                let term = &report.terms[0];
                close(term.sum, sum, what);
                close(term.weight, weight, what);
                close(report.loss, sum / weight, what);
                let met = ["classes", "yes"].contains(&kind).then_some(met);
                assert_eq!((term.correct, term.valid), (met, count), "{what}");
            };
            hold(&evaluate(&model, &loss, x(), given.clone()).unwrap(), &what);
            let (report, gradient) = backward(&model, &loss, &json!({}), x(), given.clone()).unwrap();
            hold(&report, &what);
            for more in [
                json!({ "memory": "sqrt" }),
                json!({ "truncate": { "k1": 3, "k2": TIME } }),
                json!({ "truncate": { "k1": 4, "k2": 9 } }),
            ] {
                if !timed && more.get("truncate").is_some() {
                    continue;
                }
                let (report, cut) = backward(&model, &loss, &more, x(), given.clone()).unwrap();
                hold(&report, &format!("{what}, {more}"));
                let full = more["truncate"]["k2"] != 9;
                assert_eq!(cut == gradient, full, "{what}, {more}");
            }
            let parameters = model.parameters().unwrap();
            for at in 0..parameters.len() {
                let moved = |by: f64| {
                    let mut parameters = parameters.clone();
                    parameters[at] += by;
                    model.set_parameters(&parameters).unwrap();
                    let (sum, weight, ..) = sums(&model, kind, timed, &target, &weights);
                    sum / weight
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                close(gradient[at], slope, &format!("{what}, parameter {at}"));
            }
        }
    }
}

#[test]
fn weights_of_one_change_no_bit() {
    for (kind, loss) in losses() {
        for timed in [true, false] {
            let (model, target) = (network(timed), target(kind, timed));
            let ones = GivenTargets { tensor: target.clone(), weights: Some(vec![1.0; items(timed)]) };
            for more in [json!({}), json!({ "memory": "sqrt" })] {
                let plain = backward(&model, &loss, &more, x(), target.clone().into()).unwrap();
                assert_eq!(backward(&model, &loss, &more, x(), ones.clone()).unwrap(), plain, "{kind}");
            }
            assert_eq!(
                evaluate(&model, &loss, x(), ones).unwrap(),
                evaluate(&model, &loss, x(), target.into()).unwrap()
            );
        }
    }
}

/// The batch of these rows.
fn rows_of(tensor: &Tensor<f64>, rows: &[usize]) -> Tensor<f64> {
    let stride: usize = tensor.shape[1..].iter().product();
    let of = |row: &usize| row * stride..(row + 1) * stride;
    Tensor {
        name: tensor.name.clone(),
        shape: [&[rows.len()], &tensor.shape[1..]].concat(),
        data: match &tensor.data {
            Data::Ids(all) => Data::Ids(rows.iter().flat_map(|row| all[of(row)].to_vec()).collect()),
            Data::Values(all) => Data::Values(rows.iter().flat_map(|row| all[of(row)].to_vec()).collect()),
        },
        lengths: tensor.lengths.as_ref().map(|all| rows.iter().map(|&row| all[row]).collect()),
    }
}

#[test]
fn a_weight_of_zero_leaves_a_row_out_and_one_of_two_takes_it_twice() {
    for (kind, loss) in losses() {
        for timed in [true, false] {
            let what = format!("{kind}, timed {timed}");
            let (model, target) = (network(timed), target(kind, timed));
            let by_row = |weights: [f64; ROWS]| {
                let each = items(timed) / ROWS;
                let weights = weights.iter().flat_map(|&weight| vec![weight; each]).collect();
                GivenTargets { tensor: target.clone(), weights: Some(weights) }
            };
            let weighted = by_row([2.0, 0.0, 1.0, 1.0, 2.0]);
            let rows = [0, 0, 2, 3, 4, 4];
            let (few, d_few) = backward(&model, &loss, &json!({}), x(), weighted).unwrap();
            let rest = rows_of(&target, &rows).into();
            let (all, d_all) = backward(&model, &loss, &json!({}), rows_of(&x(), &rows), rest).unwrap();
            close(few.loss, all.loss, &what);
            close(few.terms[0].sum, all.terms[0].sum, &what);
            assert_eq!(few.terms[0].weight, all.terms[0].weight, "{what}");
            d_few.iter().zip(&d_all).for_each(|(&few, &all)| close(few, all, &what));
            let left = rows_of(&target, &[0, 2, 3, 4]).into();
            let (without, _) =
                backward(&model, &loss, &json!({}), rows_of(&x(), &[0, 2, 3, 4]), left).unwrap();
            let (zero, _) =
                backward(&model, &loss, &json!({}), x(), by_row([1.0, 0.0, 1.0, 1.0, 1.0])).unwrap();
            assert_eq!(zero.terms, without.terms, "{what}");
        }
    }
}

/// Weights of some steps only, where chunks of truncation begin and end.
#[test]
fn truncation_cuts_weights_where_it_cuts_steps() {
    let (model, target, loss) = (network(true), target("squares", true), json!({ "meanSquared": {} }));
    let only = |steps: std::ops::Range<usize>| {
        let weight = |i: usize| if steps.contains(&(i % TIME)) { 1.0 + (i % 3) as f64 } else { 0.0 };
        poisoned(target.clone(), (0..items(true)).map(weight).collect())
    };
    let run = |more: Value, steps| backward(&model, &loss, &more, x(), only(steps)).unwrap();
    let truncated = |k1: usize, k2: usize, steps| run(json!({ "truncate": { "k1": k1, "k2": k2 } }), steps);
    // The first chunk is the beginning of the whole, and so is a chunk that reaches back to it.
    for (k1, k2, steps) in [(4, 4, 0..4), (4, 8, 4..8), (5, 15, 10..15)] {
        let (whole, found) = (run(json!({}), steps.clone()), truncated(k1, k2, steps.clone()));
        close(found.0.loss, whole.0.loss, "loss");
        found.1.iter().zip(&whole.1).for_each(|(&found, &whole)| close(found, whole, "gradient"));
        assert!(whole.0.norm > 1e-3);
    }
    let (short, whole) = (truncated(4, 4, 4..8), run(json!({}), 4..8));
    assert_eq!(short.0.terms, whole.0.terms);
    assert!((short.0.norm - whole.0.norm).abs() > 1e-6, "four steps do not reach the first four");
}

#[test]
fn without_an_item_that_counts_there_is_no_gradient() {
    let (model, target) = (network(true), target("squares", true));
    let none = poisoned(target, vec![0.0; items(true)]);
    let loss = json!({ "meanSquared": {} });
    let (report, gradient) = backward(&model, &loss, &json!({}), x(), none).unwrap();
    assert!(report.skipped && report.loss.is_nan() && report.terms.is_empty());
    assert!(gradient.iter().all(|&d| d == 0.0));
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    for timed in [true, false] {
        let (model, target) = (network(timed), target("squares", timed));
        let loss = json!({ "meanSquared": {} });
        let refused = |weights: Vec<f64>, code: Code, words: &[&str]| {
            let given = || GivenTargets { tensor: target.clone(), weights: Some(weights.clone()) };
            let trained = backward(&model, &loss, &json!({}), x(), given()).unwrap_err();
            for error in [trained, evaluate(&model, &loss, x(), given()).unwrap_err()] {
                assert_eq!(error.code, code, "{error}");
                assert!(words.iter().all(|word| error.message.contains(word)), "{words:?} in: {error}");
            }
        };
        for count in [0, items(timed) - 1, items(timed) + 1] {
            let expected = items(timed).to_string();
            refused(vec![1.0; count], Code::Shape, &["'y'", &expected, &count.to_string()]);
        }
        let item = if timed { 3 * TIME + 6 } else { 3 };
        let at = if timed { "row 3, step 6" } else { "row 3" };
        let with = |weight: f64| {
            let mut weights = vec![1.0; items(timed)];
            weights[item] = weight;
            weights
        };
        refused(with(-0.5), Code::Value, &["'y'", "-0.5", at]);
        refused(with(f64::NAN), Code::NonFinite, &["'y'", "NaN", at]);
        refused(with(f64::INFINITY), Code::NonFinite, &["'y'", "inf", at]);
    }
}
