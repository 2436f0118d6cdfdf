//! Storage is kept from run to run: a run on used storage has the bits of one on fresh storage.

use std::sync::Arc;

use crate::support::cells::{cell, given};
use crate::support::graphs::{Builder, tokens};
use crate::support::operations::{inputs, operations};
use crate::support::runs::{ids, numbers, values};
use crate::support::shapes::{DELAYS, GATES, STEPS};
use crate::support::training::{model, predict, step, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{MeasureConfig, Memory, Model, Report, Trainer};
use unrolled_core::storage::{Data, Tensor};

const TIME: usize = 5;

/// Full rows, empty ones in their place, fewer, more, and all empty.
const BATCHES: [&[i32]; 7] = [
    &[5, 5, 5, 5, 5],
    &[0, 3, 0, 5, 1],
    &[2, 0],
    &[5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5],
    &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 1, 0, 2, 0, 3, 0, 4, 0],
    &[0, 0, 0, 0, 0],
    &[4, 4, 4, 4, 4],
];

/// Every operation, and cells of every shape in both directions.
fn graphs() -> Vec<(String, Builder)> {
    let cells = STEPS.into_iter().chain(GATES).chain(DELAYS.map(|(text, _)| text));
    let cells = cells
        .flat_map(|text| [false, true].map(|reverse| (format!("{text}, {reverse}"), cell(text, reverse))));
    operations().into_iter().chain(cells).collect()
}

/// A batch's inputs; each batch has numbers of its own.
fn batch(b: &Builder, which: usize) -> Vec<Tensor<f32>> {
    let lengths = BATCHES[which];
    if b.outputs[0]["name"] == "y" && b.nodes.iter().all(|node| node["op"].get("scan").is_none()) {
        return inputs(b, lengths, TIME, 3 + which as u64);
    }
    let mut all = given(b, lengths, TIME);
    for (i, tensor) in all.iter_mut().enumerate() {
        let count = tensor.shape.iter().product();
        tensor.data = Data::Values(numbers(count, 70 + (10 * which + i) as u64));
    }
    all
}

#[test]
fn predictions_do_not_depend_on_those_before() {
    for (what, b) in graphs() {
        let used = model::<f32>(&b);
        for which in 0..BATCHES.len() {
            let fresh = model::<f32>(&b);
            let given = batch(&b, which);
            assert!(predict(&used, &given) == predict(&fresh, &given), "{what}, batch {which}");
        }
    }
}

/// Targets in the shape of the last output.
fn target(b: &Builder, model: &Model<f32>, given: &[Tensor<f32>]) -> Tensor<f32> {
    let output = predict(model, given).outputs.pop().unwrap();
    let numbers = numbers(output.shape.iter().product(), 90);
    let lengths = output.lengths.clone();
    Tensor { lengths, ..values(b.outputs.last().unwrap()["name"].as_str().unwrap(), &output.shape, numbers) }
}

fn losses(b: &Builder) -> Value {
    json!({ "losses": [{ "output": b.outputs.last().unwrap()["name"], "loss": { "meanSquared": {} }, "reduction": "sum" }] })
}

#[test]
fn measurements_do_not_depend_on_those_before() {
    for (what, b) in graphs() {
        let used = model::<f32>(&b);
        let config = MeasureConfig::from_json(&losses(&b).to_string()).unwrap();
        for which in 0..BATCHES.len() {
            let given = batch(&b, which);
            let target = target(&b, &model(&b), &given);
            let measured = |model: &Model<f32>| {
                model
                    .evaluate(&model.snapshot(), &config, given.clone(), vec![target.clone()], vec![])
                    .unwrap()
            };
            assert!(measured(&used) == measured(&model(&b)), "{what}, batch {which}");
        }
    }
}

/// A step from the first parameters: its report, but for the bytes held, and the parameters it leads to.
fn trained(
    (trainer, model): &mut (Trainer<f32>, Arc<Model<f32>>),
    first: &[f32],
    given: &[Tensor<f32>],
    target: &Tensor<f32>,
) -> (Report, Vec<f32>) {
    model.set_parameters(first).unwrap();
    let report = step(trainer, given, target, false).unwrap();
    // The loss and the norm of a step without a target are NaN, which equals nothing.
    let number = |x: f64| if x.is_nan() { -1.0 } else { x };
    let (loss, norm) = (number(report.loss), number(report.norm));
    (Report { loss, norm, step: 0, memory: Memory::default(), ..report }, model.parameters().unwrap())
}

#[test]
fn steps_of_training_do_not_depend_on_those_before() {
    // The noise of a step is drawn for its number, which differs here.
    for (what, b) in graphs().into_iter().filter(|(what, _)| !what.contains("gumbelNoise")) {
        for more in [json!({}), json!({ "memory": "sqrt" })] {
            let mut options = losses(&b);
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let begin = || {
                let model = model::<f32>(&b);
                (trainer(&model, &options).unwrap(), model)
            };
            let mut used = begin();
            let first = used.1.parameters().unwrap();
            for which in 0..BATCHES.len() {
                let given = batch(&b, which);
                let target = target(&b, &begin().1, &given);
                let again = trained(&mut used, &first, &given, &target);
                assert!(
                    again == trained(&mut begin(), &first, &given, &target),
                    "{what}, {more}, batch {which}"
                );
            }
        }
    }
}

/// Steps at a rate of zero, long enough for segments of time: sums of weights and of a table begin anew with each.
#[test]
fn windows_add_to_nothing_of_the_step_before() {
    let (rows, time) = (19, 80);
    let mut b = Builder::default();
    b.parameter("table", &[11, 3]).node("t", tokens(11), &[]);
    b.node("e", json!({ "embedding": { "weight": "table", "padding": 2 } }), &["t"]);
    b.layer("a", "lstm", 0, "e", [3, 6], true, false, &[]).output("y", "a:output");
    let named = |by: i32| ids("t", &[rows, time], (0..(rows * time) as i32).map(|i| i * by % 11).collect());
    let y = values("y", &[rows, time, 6], numbers(rows * time * 6, 2));
    let run = |memory: &Value| {
        let mut options = json!({ "learningRate": 0.0 });
        options.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
        let mut trainer = trainer(&model::<f32>(&b), &options).unwrap();
        let reports = [3, 5, 5, 3].map(|by| step(&mut trainer, &[named(by)], &y, false).unwrap());
        (reports.each_ref().map(|report| (report.loss, report.norm)), reports[0].memory.tape)
    };
    let (whole, most) = run(&json!({}));
    let (segmented, tape) = run(&json!({ "memory": "sqrt" }));
    assert!(tape < most, "{tape} of {most}");
    assert_eq!(segmented, whole);
    assert!(whole[0] == whole[3] && whole[1] == whole[2] && whole[0] != whole[1]);
}
