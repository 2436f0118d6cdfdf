//! Generation of models: the probabilities are those of the whole sequences, whichever way these end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::generate::{GenerateConfig, Generation, Hypothesis};
use unrolled_core::model::{Model, Precision};
use unrolled_core::storage::{Data, Tensor};

use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::runs::{data, ids, numbers, values};

const VOCABULARY: usize = 5;
const LENGTHS: usize = 6;

/// A language model, with a context that it adds at each step and every output that may end a sequence.
fn language(last: &str, shifted: bool) -> Builder {
    let mut b = Builder::default();
    b.parameter("table", &[VOCABULARY, 4]).parameter("out", &[VOCABULARY, 6]).parameter("in", &[6, 2]);
    b.parameter("stop", &[1, 6]).parameter("length", &[LENGTHS, 2]).parameter("left", &[6, 1]);
    b.node("context", vector(2), &[]).node("ids", tokens(VOCABULARY), &[]).node(
        "remaining",
        sequence(1),
        &[],
    );
    if shifted {
        b.node("fed", json!({ "shift": { "start": 2 } }), &["ids"]);
    }
    let fed = if shifted { "fed" } else { "ids" };
    b.node("words", json!({ "embedding": { "weight": "table" } }), &[fed]);
    b.layer("gru", "gru", 0, "words", [4, 6], true, false, &[]);
    b.node("added", json!({ "linear": { "weight": "in" } }), &["context"]);
    b.node("left", json!({ "linear": { "weight": "left" } }), &["remaining"]);
    b.node("sum", json!("add"), &["gru:output", "left"]).node("hidden", json!("add"), &["sum", "added"]);
    b.node("logits", json!({ "linear": { "weight": "out" } }), &["hidden"]);
    b.node("end", json!({ "linear": { "weight": "stop" } }), &["hidden"]);
    b.node("scores", json!({ "activation": "softmax" }), &["logits"]);
    b.node("odds", json!({ "activation": "sigmoid" }), &["end"]);
    b.node("how_long", json!({ "linear": { "weight": "length" } }), &["context"]);
    b.output("y", if last == "softmax" { "scores" } else { "logits" });
    b.output("stop", if last == "softmax" { "odds" } else { "end" }).output("length", "how_long");
    b
}

fn model(builder: &Builder) -> Arc<Model<f64>> {
    Arc::new(Model::new(builder.graph(), 9, Precision::Full).unwrap())
}

fn config(search: Value, stop: Value, more: Value) -> GenerateConfig {
    let mut all = json!({ "input": "ids", "output": "y", "maxSteps": 7, "search": search, "stop": stop });
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    GenerateConfig::from_json(&all.to_string()).unwrap()
}

fn by_length() -> Value {
    json!({ "length": { "length": "length", "remaining": "remaining" } })
}

fn run(
    model: &Arc<Model<f64>>,
    config: &GenerateConfig,
    inputs: Vec<Tensor<f64>>,
) -> unrolled_core::Result<Vec<Vec<Hypothesis<f64>>>> {
    Generation::of_model(model, &model.snapshot(), config.clone(), inputs)?.run(&AtomicBool::new(false))
}

const ROWS: usize = 9;

fn contexts(rows: std::ops::Range<usize>) -> Tensor<f64> {
    let all = numbers::<f64>(2 * ROWS, 4);
    values("context", &[rows.len(), 2], all[2 * rows.start..2 * rows.end].to_vec())
}

/// Prompts of 1, 2, 3, 1, 2, ... ids.
fn prompt(row: usize) -> Vec<i32> {
    (0..=row % 3).map(|t| ((3 * row + 2 * t + 1) % VOCABULARY) as i32).collect()
}

fn prompts(rows: std::ops::Range<usize>) -> Tensor<f64> {
    let lengths: Vec<i32> = rows.clone().map(|row| prompt(row).len() as i32).collect();
    let all = rows.clone().flat_map(prompt).collect();
    let time = lengths.iter().copied().max().unwrap_or(0) as usize;
    Tensor { lengths: Some(lengths), ..ids("ids", &[rows.len(), time], all) }
}

fn log_softmax(scores: &[f64]) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|x| x.exp()).sum();
    scores.iter().map(|x| x - sum.ln()).collect()
}

/// `ln P` of a sequence after what the model was fed first, from one run over the whole.
fn whole(model: &Model<f64>, row: usize, fed: &[i32], one: &Hypothesis<f64>, stop: &Value) -> f64 {
    let items = one.ids.len();
    let all = [fed, &one.ids].concat();
    let time = all.len() - 1;
    let length = by_length() == *stop;
    let left = (0..time).map(|t| if length { (time - t) as f64 } else { 0.0 }).collect();
    let inputs = vec![
        contexts(row..row + 1),
        ids("ids", &[1, time], all[..time].to_vec()),
        values("remaining", &[1, time, 1], left),
    ];
    let outputs = model.predict(&model.snapshot(), inputs, Vec::new()).unwrap().outputs;
    let mut sum = 0.0;
    for (t, &id) in one.ids.iter().enumerate() {
        let at = time - items + t;
        sum += log_softmax(&data(&outputs[0])[at * VOCABULARY..][..VOCABULARY])[id as usize];
        if stop.get("output").is_some() {
            let s = 1.0 / (1.0 + (-data(&outputs[1])[at]).exp());
            sum += if one.finished && t + 1 == items { s.ln() } else { (1.0 - s).ln() };
        }
    }
    sum + if length { log_softmax(data(&outputs[2]))[time] } else { 0.0 }
}

fn searches() -> [Value; 3] {
    [
        json!({ "greedy": {} }),
        json!({ "sample": { "seed": 5, "temperature": 1.5, "topK": 4 } }),
        json!({ "beam": { "width": 4, "nBest": 3 } }),
    ]
}

#[test]
fn scores_are_those_of_the_whole_sequences() {
    // Without a predicted length nobody feeds the rest of it: the input is left out.
    let mut plain = language("logits", false);
    plain.nodes.retain(|node| !["remaining", "left", "sum"].contains(&node["name"].as_str().unwrap()));
    let hidden = plain.nodes.iter_mut().find(|node| node["name"] == "hidden").unwrap();
    hidden["inputs"] = json!(["gru:output", "added"]);
    let plain = model(&plain);
    let lengthy = model(&language("logits", false));
    for search in searches() {
        for stop in [json!({ "endToken": 3 }), json!({ "output": "stop" }), by_length(), json!("never")] {
            let model = if stop == by_length() { &lengthy } else { &plain };
            let config = config(search.clone(), stop.clone(), json!({}));
            let found = run(model, &config, vec![prompts(0..ROWS), contexts(0..ROWS)]).unwrap();
            for (row, sequences) in found.iter().enumerate() {
                for one in sequences {
                    let expected = if one.finished || stop != by_length() {
                        whole_of(model, row, one, &stop)
                    } else {
                        continue;
                    };
                    assert!(
                        (one.score - expected).abs() < 1e-10,
                        "{search} {stop} {row}: {one:?}, {expected}"
                    );
                }
                let alone = vec![prompts(row..row + 1), contexts(row..row + 1)];
                let alone =
                    run(model, &GenerateConfig { first_row: row as u64, ..config.clone() }, alone).unwrap();
                assert_eq!(alone[0], *sequences, "{search} {stop} row {row}");
            }
        }
    }
}

fn whole_of(model: &Model<f64>, row: usize, one: &Hypothesis<f64>, stop: &Value) -> f64 {
    if stop.get("length").is_some() {
        return whole(model, row, &prompt(row), one, stop);
    }
    // The plain model has no such input.
    let fed = prompt(row);
    let (items, all) = (one.ids.len(), [&fed[..], &one.ids].concat());
    let time = all.len() - 1;
    let inputs = vec![contexts(row..row + 1), ids("ids", &[1, time], all[..time].to_vec())];
    let outputs = model.predict(&model.snapshot(), inputs, Vec::new()).unwrap().outputs;
    (0..items)
        .map(|t| {
            let at = time - items + t;
            let log = log_softmax(&data(&outputs[0])[at * VOCABULARY..][..VOCABULARY])[one.ids[t] as usize];
            let s = 1.0 / (1.0 + (-data(&outputs[1])[at]).exp());
            let end = match (stop.get("output"), one.finished && t + 1 == items) {
                (None, _) => 0.0,
                (_, true) => s.ln(),
                (_, false) => (1.0 - s).ln(),
            };
            log + end
        })
        .sum()
}

#[test]
fn outputs_that_end_in_probabilities_generate_what_their_logits_do() {
    for search in searches() {
        for shifted in [false, true] {
            let config = config(search.clone(), by_length(), json!({}));
            let inputs = || match shifted {
                true => vec![contexts(0..ROWS)],
                false => vec![contexts(0..ROWS), prompts(0..ROWS)],
            };
            let logits = run(&model(&language("logits", shifted)), &config, inputs()).unwrap();
            let scores = run(&model(&language("softmax", shifted)), &config, inputs()).unwrap();
            for (one, other) in logits.iter().flatten().zip(scores.iter().flatten()) {
                assert_eq!((&one.ids, one.finished), (&other.ids, other.finished));
                assert!((one.score - other.score).abs() < 1e-10);
            }
        }
    }
}

#[test]
fn a_model_that_shifts_its_tokens_begins_with_their_start() {
    let config = config(json!({ "greedy": {} }), by_length(), json!({}));
    let shifted = run(&model(&language("logits", true)), &config, vec![contexts(0..ROWS)]).unwrap();
    let started = GenerateConfig { start: Some(2), ..config.clone() };
    let plain = run(&model(&language("logits", false)), &started, vec![contexts(0..ROWS)]).unwrap();
    assert_eq!(shifted, plain);
    let again = run(&model(&language("logits", true)), &started, vec![contexts(0..ROWS)]).unwrap();
    assert_eq!(shifted, again);
    let other = GenerateConfig { start: Some(1), ..config };
    let error = run(&model(&language("logits", true)), &other, vec![contexts(0..ROWS)]).unwrap_err();
    assert_eq!(error.code, Code::Argument);
}

/// Numbers whose next item is the model's output, until an output ends them.
#[test]
fn numbers_are_fed_back_until_they_end() {
    let mut b = Builder::default();
    b.parameter("out", &[2, 4]).parameter("end", &[1, 4]);
    b.node("x", sequence(2), &[]).layer("rnn", "rnn_tanh", 0, "x", [2, 4], true, false, &[]);
    b.node("y", json!({ "linear": { "weight": "out" } }), &["rnn:output"]);
    b.node("s", json!({ "linear": { "weight": "end" } }), &["rnn:output"])
        .output("y", "y")
        .output("stop", "s");
    let model = model(&b);
    let options = json!({ "input": "x", "maxSteps": 3 });
    let config = config(json!({ "sample": { "seed": 3 } }), json!({ "output": "stop" }), options);
    let start: Vec<f64> = numbers(2 * 30 * 2, 8);
    let x = values("x", &[30, 2, 2], start.clone());
    let found = run(&model, &config, vec![x]).unwrap();
    let lengths: Vec<usize> = found.iter().map(|row| row[0].log_probabilities.len()).collect();
    assert!(lengths.contains(&1) && found.iter().any(|row| !row[0].finished), "{lengths:?}");
    for (row, one) in found.iter().map(|row| &row[0]).enumerate() {
        let items = one.log_probabilities.len();
        assert_eq!((one.values.len(), one.ids.len()), (2 * items, 0));
        let all = [&start[4 * row..][..4], &one.values].concat();
        let x = values("x", &[1, items + 1, 2], all[..2 * items + 2].to_vec());
        let outputs = model.predict(&model.snapshot(), vec![x], Vec::new()).unwrap().outputs;
        // Each item is what the whole gives after those before, to the bit.
        assert_eq!(data(&outputs[0])[2..], one.values);
        let logs: f64 = (1..=items)
            .map(|t| {
                let s = 1.0 / (1.0 + (-data(&outputs[1])[t]).exp());
                if one.finished && t == items { s.ln() } else { (1.0 - s).ln() }
            })
            .sum();
        assert!((one.score - logs).abs() < 1e-10);
    }
    for (bad, words) in [
        (json!({ "beam": { "width": 2 } }), "generate search: expected none where the items are numbers"),
        (json!({ "greedy": {} }), "generate endToken"),
    ] {
        let stop = if bad.get("beam").is_some() { json!("never") } else { json!({ "endToken": 1 }) };
        let config = self::config(bad, stop, json!({ "input": "x" }));
        let error = run(&model, &config, vec![values("x", &[1, 1, 2], vec![0.0; 2])]).unwrap_err();
        assert!(error.code == Code::Argument && error.message.contains(words), "{error}");
    }
}

#[test]
fn names_and_sizes_that_do_not_fit_are_refused() {
    let model = model(&language("logits", false));
    let inputs = || vec![prompts(0..2), contexts(0..2)];
    let greedy = || json!({ "greedy": {} });
    for (stop, more, words) in [
        (by_length(), json!({ "input": "idz" }), "generate: unknown input 'idz'"),
        (by_length(), json!({ "output": "z" }), "generate: unknown output at each step 'z'"),
        (by_length(), json!({ "output": "length" }), "generate: unknown output at each step 'length'"),
        (
            by_length(),
            json!({ "output": "stop" }),
            "output 'stop': expected 5 scores, one for each id of input 'ids'",
        ),
        (json!("never"), json!({}), "needs 'remaining' as well"),
        (
            json!({ "length": { "length": "y", "remaining": "remaining" } }),
            json!({}),
            "known before the first step, received 'y'",
        ),
        (
            json!({ "length": { "length": "length", "remaining": "z" } }),
            json!({}),
            "needs 'remaining' as well",
        ),
        (by_length(), json!({ "alignment": "y" }), "output 'y': expected an alignment"),
    ] {
        let error = run(&model, &config(greedy(), stop, more), inputs()).unwrap_err();
        assert!(error.message.contains(words), "{error}");
    }
    let error =
        run(&model, &config(greedy(), by_length(), json!({ "input": "context" })), inputs()).unwrap_err();
    assert_eq!(error.code, Code::Kind);
    let good = config(greedy(), by_length(), json!({}));
    let three = vec![prompts(0..2), contexts(0..3)];
    assert_eq!(run(&model, &good, three).unwrap_err().code, Code::Shape);
    let outside = vec![ids("ids", &[1, 1], vec![VOCABULARY as i32]), contexts(0..1)];
    assert_eq!(run(&model, &good, outside).unwrap_err().code, Code::Value);
    let none = run(&model, &good, vec![contexts(0..1)]).unwrap_err();
    assert!(none.code == Code::Value && none.message.contains("row 0"), "{none}");
    let unknown = vec![prompts(0..2), contexts(0..2), values("z", &[2, 1], vec![0.0; 2])];
    assert_eq!(run(&model, &good, unknown).unwrap_err().code, Code::Argument);
    assert!(matches!(prompts(0..2).data, Data::Ids(_)));
}

/// A model of numbers that reads each of its items one step late.
fn late(shift: &[&str]) -> Builder {
    let mut b = Builder::default();
    b.parameter("out", &[2, 4]).node("x", sequence(2), &[]);
    if shift.contains(&"first") {
        b.node("first", vector(2), &[]);
    }
    b.node("late", json!({ "shift": {} }), shift);
    b.layer("rnn", "rnn_tanh", 0, "late", [2, 4], true, false, &[]);
    b.node("y", json!({ "linear": { "weight": "out" } }), &["rnn:output"]).output("y", "y");
    b
}

/// Numbers that the model shifts begin with zeros, before a prompt or without one.
#[test]
fn numbers_that_the_model_shifts_are_fed_one_step_late() {
    const STEPS: usize = 5;
    let model = model(&late(&["x"]));
    let config = config(json!({ "greedy": {} }), json!("never"), json!({ "input": "x", "maxSteps": STEPS }));
    for prompt in [0, 1, 3] {
        let given: Vec<f64> = numbers(3 * prompt * 2, 8);
        let inputs = vec![values("x", &[3, prompt, 2], given.clone())];
        let found = run(&model, &config, inputs).unwrap();
        for (row, one) in found.iter().map(|row| &row[0]).enumerate() {
            assert_eq!(one.values.len(), 2 * STEPS);
            let own = &given[2 * prompt * row..][..2 * prompt];
            let all = values("x", &[1, prompt + STEPS, 2], [own, &one.values].concat());
            let outputs = model.predict(&model.snapshot(), vec![all], Vec::new()).unwrap().outputs;
            // Each item is what the whole gives after those before, to the bit.
            assert_eq!(data(&outputs[0])[2 * prompt..], one.values);
        }
    }
}

#[test]
fn numbers_that_enter_in_two_ways_are_refused() {
    let refused = |b: &Builder, words: &str| {
        let config = config(json!({ "greedy": {} }), json!("never"), json!({ "input": "x" }));
        let first = b.graph().nodes.iter().any(|node| node.inputs.iter().any(|input| input == "first"));
        let mut inputs = vec![values("x", &[1, 1, 2], vec![0.0; 2])];
        inputs.extend(first.then(|| values("first", &[1, 2], vec![0.0; 2])));
        let error = run(&model(b), &config, inputs).unwrap_err();
        assert!(error.code == Code::Argument && error.message.contains(words), "{error}");
    };
    let mut both = late(&["x"]);
    both.node("sum", json!("add"), &["x", "y"]).output("sum", "sum");
    refused(&both, "which node 'late' shifts and node 'sum' reads as it is");
    refused(&late(&["x", "first"]), "and node 'late' begins with a vector of the graph");
}

#[test]
fn a_generation_keeps_the_weights_that_it_began_with() {
    let model = model(&language("logits", false));
    let config = config(json!({ "greedy": {} }), by_length(), json!({}));
    let inputs = || vec![prompts(0..ROWS), contexts(0..ROWS)];
    let before = run(&model, &config, inputs()).unwrap();
    let snapshot = model.snapshot();
    let mut begun = Generation::of_model(&model, &snapshot, config.clone(), inputs()).unwrap();
    let changed: Vec<f64> = model.parameters().unwrap().iter().map(|x| -2.0 * x).collect();
    model.set_parameters(&changed).unwrap();
    let later = Generation::of_model(&model, &snapshot, config.clone(), inputs()).unwrap();
    for generation in [&mut begun, &mut { later }] {
        assert_eq!(generation.run(&AtomicBool::new(false)).unwrap(), before);
    }
    assert_ne!(run(&model, &config, inputs()).unwrap(), before);
}
