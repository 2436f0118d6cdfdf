//! Gradients read out: of states and gates at each step, inputs and initial states, with the losses of each row and item.

use std::sync::Arc;

use crate::support::cells::{cell, given};
use crate::support::graphs::{Builder, node, sequence, vector};
use crate::support::runs::{data, numbers, values};
use crate::support::shapes::{DELAYS, GATES, STEPS};
use crate::support::tapes::bits;
use crate::support::training::{model, predict, trainer};
use serde_json::{Value, json};
use unrolled_core::model::{GradientReport, MeasureConfig, Model};
use unrolled_core::run::Outputs;
use unrolled_core::storage::{GivenTargets, Tensor};
use unrolled_kernels::Element;

const LENGTHS: [i32; 4] = [3, 0, 4, 1];
const TIME: usize = 4;
const STEP: f64 = 1e-6;

/// `Σ output ∘ upstream` of all outputs.
fn losses(b: &Builder) -> Value {
    let term =
        |output: &Value| json!({ "output": output["name"], "loss": { "dot": {} }, "reduction": "sum" });
    json!({ "losses": b.outputs.iter().map(term).collect::<Vec<_>>() })
}

/// Numbers in the shape of each output.
fn upstream<E: Element>(outputs: &Outputs<E>) -> Vec<Tensor<E>> {
    let of = |(i, output): (usize, &Tensor<E>)| {
        let d = numbers(output.shape.iter().product(), 100 + i as u64);
        Tensor { lengths: output.lengths.clone(), ..values(&output.name, &output.shape, d) }
    };
    outputs.outputs.iter().enumerate().map(of).collect()
}

/// `Σ output ∘ upstream` by a plain loop; padding of outputs is zero.
fn total(outputs: &Outputs<f64>, upstream: &[Tensor<f64>]) -> f64 {
    let pairs = outputs.outputs.iter().zip(upstream);
    pairs.map(|(o, d)| data(o).iter().zip(data(d)).map(|(x, y)| x * y).sum::<f64>()).sum()
}

fn gradients<E: Element>(
    model: &Model<E>,
    config: &Value,
    inputs: &[Tensor<E>],
    targets: &[Tensor<E>],
    states: &[Tensor<E>],
) -> GradientReport<E> {
    let config = MeasureConfig::from_json(&config.to_string()).unwrap();
    let snapshot = model.snapshot();
    model.gradients(&snapshot, &config, inputs.to_vec(), targets.to_vec(), states.to_vec()).unwrap()
}

fn ready<E: Element>(b: &Builder) -> Arc<Model<E>> {
    let model = model::<E>(b);
    let all: Vec<f64> = numbers(model.parameters().unwrap().len(), 7);
    model.set_parameters(&all.iter().map(|x| E::from_f64(0.6 * x)).collect::<Vec<_>>()).unwrap();
    model
}

/// Adds to each next state of scan "a" a sequence of its own, zeros to be moved, in the place of all its readers. Gives
/// the states by sequence.
fn shaken(b: &Builder) -> (Builder, Vec<(String, Vec<String>)>) {
    let mut b = b.clone();
    let at = b.nodes.iter().position(|node| node["name"] == "a").unwrap();
    let mut scan = b.nodes[at].clone();
    let body = &mut scan["op"]["scan"]["body"];
    let nodes = body["nodes"].as_array().unwrap().clone();
    let size = |name: &str| {
        nodes.iter().find(|node| node["name"] == name).and_then(|node| node["op"]["state"]["size"].as_u64())
    };
    let mut shaken: Vec<(String, String, usize, Vec<String>)> = Vec::new();
    for output in body["outputs"].as_array().unwrap() {
        let (name, from) = (output["name"].as_str().unwrap(), output["from"].as_str().unwrap());
        let Some(size) = size(name) else { continue };
        // A next state that enters from outside or is another state is no value of a step.
        let own = from.split(':').next().unwrap();
        let outside = |node: &&Value| {
            node["name"] == own && (node["op"].get("input").is_some() || node["op"].get("state").is_some())
        };
        if nodes.iter().any(|node| outside(&node)) {
            continue;
        }
        match shaken.iter_mut().find(|(other, ..)| other == from) {
            Some((.., states)) => states.push(name.to_owned()),
            None => {
                let new = format!("e{}", shaken.len());
                shaken.push((from.to_owned(), new, size as usize, vec![name.to_owned()]));
            }
        }
    }
    for (from, e, size, _) in &shaken {
        let moved = format!("moved_{e}");
        for node in body["nodes"].as_array_mut().unwrap() {
            for input in node["inputs"].as_array_mut().unwrap().iter_mut().filter(|i| *i == from) {
                *input = json!(moved);
            }
        }
        for output in body["outputs"].as_array_mut().unwrap().iter_mut().filter(|o| o["from"] == *from) {
            output["from"] = json!(moved);
        }
        let nodes = body["nodes"].as_array_mut().unwrap();
        nodes.push(node(e, json!({ "input": { "vector": { "size": size } } }), &[]));
        nodes.push(node(&moved, json!("add"), &[from, e]));
    }
    for (_, e, size, _) in &shaken {
        scan["inputs"].as_array_mut().unwrap().push(json!(e));
        b.nodes.insert(0, node(e, sequence(*size), &[]));
    }
    let at = at + shaken.len();
    b.nodes[at] = scan;
    (b, shaken.into_iter().map(|(_, e, _, states)| (e, states)).collect())
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-7 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

fn check_states(b: &Builder, what: &str) -> usize {
    let model = ready::<f64>(b);
    let inputs = given(b, &LENGTHS, TIME);
    let targets = upstream(&predict(&model, &inputs));
    let report = gradients(&model, &losses(b), &inputs, &targets, &[]);
    let (moving, moved) = shaken(b);
    let other = ready::<f64>(&moving);
    other.set_parameters(&model.parameters().unwrap()).unwrap();
    let mut checked = 0;
    for (e, states) in &moved {
        let names: Vec<String> = states.iter().map(|state| format!("a:{state}")).collect();
        let Some(found) = report.gradients.states.iter().find(|found| names.contains(&found.name)) else {
            continue;
        };
        assert_eq!(found.shape[..2], [LENGTHS.len(), TIME], "{what}");
        let size = found.shape[2];
        for at in 0..data(found).len() {
            let (row, t) = (at / size / TIME, at / size % TIME);
            let d = data(found)[at];
            if t >= LENGTHS[row] as usize {
                assert_eq!(d, 0.0, "{what}: padding");
                continue;
            }
            let slope = |by: f64| {
                let mut inputs = inputs.clone();
                for (other, _) in &moved {
                    let width = if other == e { size } else { width(&moving, other) };
                    let mut zeros = vec![0.0; LENGTHS.len() * TIME * width];
                    if other == e {
                        zeros[at] = by;
                    }
                    let mut tensor = values(other, &[LENGTHS.len(), TIME, width], zeros);
                    tensor.lengths = Some(LENGTHS.to_vec());
                    inputs.push(tensor);
                }
                total(&predict(&other, &inputs), &targets)
            };
            let expected = (slope(STEP) - slope(-STEP)) / (2.0 * STEP);
            close(d, expected, &format!("{what}: {} at row {row}, step {t}", found.name));
            checked += 1;
        }
    }
    checked
}

fn width(b: &Builder, input: &str) -> usize {
    let node = b.nodes.iter().find(|node| node["name"] == input).unwrap();
    node["op"]["input"]["sequence"]["size"].as_u64().unwrap() as usize
}

#[test]
fn the_gradient_of_a_state_is_the_slope_of_the_loss_by_it() {
    for text in STEPS.into_iter().chain(GATES).chain(DELAYS.map(|(text, _)| text)) {
        for reverse in [false, true] {
            let checked = check_states(&cell(text, reverse), &format!("{text}, reverse {reverse}"));
            assert!(checked > 0 || DELAYS.iter().any(|(delay, _)| *delay == text), "{text}");
        }
    }
}

#[test]
fn layers_give_the_gradients_of_their_states_and_gates() {
    for (kind, states, gates) in [
        ("lstm", 2, &[12][..]),
        ("gru", 1, &[9]),
        ("rnn_tanh", 1, &[3]),
        ("rnn_relu", 1, &[3]),
        ("gru_before", 1, &[6, 3]),
    ] {
        for reverse in [false, true] {
            let what = format!("{kind}, reverse {reverse}");
            let mut b = Builder::default();
            b.node("x", sequence(2), &[]);
            b.layer("a", kind, 0, "x", [2, 3], true, reverse, &[]).output("y", "a:output");
            assert_eq!(check_states(&b, &what), 8 * 3 * states, "{what}");
            let model = ready::<f64>(&b);
            let inputs = given(&b, &LENGTHS, TIME);
            let targets = upstream(&predict(&model, &inputs));
            let report = gradients(&model, &losses(&b), &inputs, &targets, &[]);
            let sizes: Vec<usize> = report.gradients.gates.iter().map(|gate| gate.shape[2]).collect();
            assert_eq!(sizes, gates, "{what}");
            // Σ over rows and steps of the gradients of pre-activations is the gradient of the bias.
            let description = serde_json::to_value(model.describe()).unwrap();
            let parameters = description["parameters"].as_array().unwrap();
            let bias = parameters.iter().find(|p| p["name"].as_str().unwrap().contains("bias_ih")).unwrap();
            let offset = bias["offset"].as_u64().unwrap() as usize;
            let mut sums = Vec::new();
            for gate in &report.gradients.gates {
                assert!(gate.name.starts_with("a."), "{}", gate.name);
                let size = gate.shape[2];
                let sum = |unit: usize| data(gate).iter().skip(unit).step_by(size).sum::<f64>();
                sums.extend((0..size).map(sum));
            }
            for (unit, sum) in sums.iter().enumerate() {
                close(*sum, report.parameters[offset + unit], &format!("{what}, gate {unit}"));
            }
        }
    }
}

#[test]
fn reading_out_changes_no_bit_of_the_gradient() {
    let lengths: Vec<i32> = (0..19).map(|row| (row * 29 + 5) % 38).collect();
    for text in STEPS.into_iter().chain(GATES).chain(DELAYS.map(|(text, _)| text)) {
        for reverse in [false, true] {
            let b = cell(text, reverse);
            let model = ready::<f32>(&b);
            let inputs = given(&b, &lengths, 37);
            let targets = upstream(&predict(&model, &inputs));
            let report = gradients(&model, &losses(&b), &inputs, &targets, &[]);
            let mut trainer = trainer(&model, &losses(&b)).unwrap();
            trainer.prepare(inputs, targets).unwrap();
            trainer.backward(false).unwrap();
            let what = format!("{text}, reverse {reverse}");
            assert_eq!(bits(&report.parameters), bits(trainer.gradients_mut()), "{what}");
            assert_eq!(report.report.terms, trainer.report().terms, "{what}");
        }
    }
}

/// An LSTM, of which one state begins with a vector of the graph, a mean beside it, and dropout that is off.
fn network() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).node("v", vector(3), &[]);
    b.layer("a", "lstm", 0, "x", [2, 3], true, false, &[]);
    b.node("drop", json!({ "dropout": { "rate": 0.5 } }), &["a:output"]);
    b.layer("b", "gru", 1, "drop", [3, 3], true, false, &["v"]);
    b.node("mean", json!("mean"), &["b:output"]);
    b.output("y", "b:output").output("m", "mean");
    b
}

#[test]
fn inputs_and_initial_states_have_the_slopes_of_the_loss() {
    let b = network();
    let model = ready::<f64>(&b);
    let inputs = given(&b, &LENGTHS, TIME);
    let states: Vec<Tensor<f64>> =
        ["a:h", "a:c"].map(|name| values(name, &[LENGTHS.len(), 3], numbers(12, 4))).to_vec();
    let run = |inputs: &[Tensor<f64>], states: &[Tensor<f64>]| {
        model.predict(&model.snapshot(), inputs.to_vec(), states.to_vec()).unwrap()
    };
    let targets = upstream(&run(&inputs, &states));
    let before = model.parameters().unwrap();
    let report = gradients(&model, &losses(&b), &inputs, &targets, &states);
    assert_eq!(model.parameters().unwrap(), before);
    close(report.report.loss, total(&run(&inputs, &states), &targets), "loss without dropout");
    let names: Vec<&str> = report.gradients.inputs.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["x", "v", "a:h", "a:c"]);
    for found in &report.gradients.inputs {
        for (at, &d) in data(found).iter().enumerate() {
            let slope = |by: f64| {
                let moved = |list: &[Tensor<f64>]| {
                    let mut list = list.to_vec();
                    for tensor in list.iter_mut().filter(|tensor| tensor.name == found.name) {
                        let mut all = data(tensor).to_vec();
                        all[at] += by;
                        *tensor = Tensor {
                            lengths: tensor.lengths.clone(),
                            ..values(&found.name, &tensor.shape, all)
                        };
                    }
                    list
                };
                total(&run(&moved(&inputs), &moved(&states)), &targets)
            };
            close(d, (slope(STEP) - slope(-STEP)) / (2.0 * STEP), &format!("{}[{at}]", found.name));
        }
    }
}

#[test]
fn losses_are_told_by_row_and_item() {
    let b = network();
    let model = ready::<f64>(&b);
    let inputs = given(&b, &LENGTHS, TIME);
    let y = predict(&model, &inputs);
    let targets = upstream(&y);
    let weights: Vec<f64> = (0..LENGTHS.len() * TIME).map(|i| (i % 3) as f64).collect();
    let config = json!({ "losses": [
        { "output": "y", "loss": { "meanSquared": {} }, "weight": 3.0 },
        { "output": "m", "loss": { "meanAbsolute": {} }, "reduction": "sum" },
    ] });
    let given = vec![
        GivenTargets { tensor: targets[0].clone(), weights: Some(weights.clone()) },
        targets[1].clone().into(),
    ];
    let config = MeasureConfig::from_json(&config.to_string()).unwrap();
    let report = model.gradients(&model.snapshot(), &config, inputs, given, Vec::new()).unwrap();
    let [rows, items] = &report.losses[0];
    assert_eq!((rows.name.as_str(), &rows.shape[..]), ("y", &[LENGTHS.len()][..]));
    assert_eq!(
        (items.shape.as_slice(), &items.lengths),
        (&[LENGTHS.len(), TIME][..], &Some(LENGTHS.to_vec()))
    );
    let mut sum = 0.0;
    for (row, &length) in LENGTHS.iter().enumerate() {
        let mut of_row = 0.0;
        for t in 0..TIME {
            let item = row * TIME + t;
            let square =
                |k: usize| (data(&y.outputs[0])[item * 3 + k] - data(&targets[0])[item * 3 + k]).powi(2);
            let loss =
                if t < length as usize { weights[item] * (0..3).map(square).sum::<f64>() } else { 0.0 };
            close(data(items)[item], loss, "item");
            of_row += loss;
        }
        close(data(rows)[row], of_row, "row");
        sum += of_row;
    }
    close(report.report.terms[0].sum, sum, "sum");
    let [rows, items] = &report.losses[1];
    assert_eq!((rows.shape.as_slice(), data(rows)), (items.shape.as_slice(), data(items)));
    for row in 0..LENGTHS.len() {
        let distance = |k: usize| (data(&y.outputs[1])[row * 3 + k] - data(&targets[1])[row * 3 + k]).abs();
        close(data(rows)[row], (0..3).map(distance).sum(), "row without steps");
    }
    let term = &report.report.terms[0];
    let whole = 3.0 * term.sum / term.weight + report.report.terms[1].sum;
    close(report.report.loss, whole, "the weighted sum of both");
}
