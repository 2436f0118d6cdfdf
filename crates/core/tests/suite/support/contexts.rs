//! Models in which some runs once, rows for them, and their steps against the whole sequence.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::graph::Kind;
use unrolled_core::model::{Model, Precision, Session};
use unrolled_core::storage::{Data, Tensor};

use super::cells::cell_from;
use super::decoders::{additive, along, attending, dot};
use super::graphs::{Builder, sequence, tokens, vector};
use super::runs::{data, ids, numbers, values};

pub const WORDS: usize = 7;
pub const STEPS: usize = 6;

pub fn built(b: &Builder) -> Arc<Model<f32>> {
    Arc::new(Model::new(b.graph(), 5, Precision::Full).unwrap())
}

/// Target tokens, shifted by a start id, as `size` numbers: node "x".
pub fn shifted_words(b: &mut Builder, size: usize) {
    b.parameter("table", &[WORDS, size]).node("t", tokens(WORDS), &[]);
    b.node("late", json!({ "shift": { "start": 1 } }), &["t"]);
    b.node("x", json!({ "embedding": { "weight": "table" } }), &["late"]);
}

/// A bidirectional encoder of "s" along "source": nodes "m" of 8 a step and "end" of 8.
pub fn encoder(b: &mut Builder) {
    b.node("s", along(3, "source"), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]);
    b.layer("r", "gru", 0, "s", [3, 4], true, true, &[]);
    b.node("m", json!("concat"), &["e:output", "r:output"]).node("end", json!("concat"), &["e:h", "r:h"]);
}

/// Tokens from a sequence: the context is both states of an LSTM to begin with, and enters at each step.
pub fn from_context() -> Builder {
    let mut b = Builder::default();
    encoder(&mut b);
    shifted_words(&mut b, 5);
    b.parameter("bridge", &[6, 8]).parameter("out", &[WORDS, 6]);
    b.node("h0", json!({ "linear": { "weight": "bridge" } }), &["end"]);
    b.node("both", json!("concat"), &["x", "end"]);
    b.layer("d", "lstm", 1, "both", [13, 6], true, false, &["h0", "h0"]);
    b.node("logits", json!({ "linear": { "weight": "out" } }), &["d:output"]);
    b.output("logits", "logits").output("encoded", "m").output("h0", "h0").output("c", "d:c");
    b
}

/// Tokens from a sequence by attention, in the loop and behind it; the memory is read twice, as it is and projected.
pub fn by_attention(score: &Value) -> Builder {
    let mut b = Builder::default();
    encoder(&mut b);
    shifted_words(&mut b, 3);
    attending(&mut b, score, 8, "m", "end");
    b.parameter("wc", &[5]).parameter("out", &[WORDS, 8]);
    b.node("logits", json!({ "linear": { "weight": "out" } }), &["again:context"]);
    b.output("weights", "again:weights").output("logits", "logits").output("state", "d:output");
    b
}

/// Tokens from a vector, which two nodes read, and from a learned state to begin with.
pub fn from_vector() -> Builder {
    let mut b = Builder::default();
    b.node("image", vector(4), &[]);
    shifted_words(&mut b, 4);
    b.parameter("first", &[6]).node("h0", json!({ "parameter": { "weight": "first" } }), &[]);
    b.node("gain", json!({ "activation": "sigmoid" }), &["image"]);
    b.node("more", json!("multiply"), &["x", "gain"]).node("both", json!("concat"), &["more", "image"]);
    b.layer("d", "gru", 0, "both", [8, 6], true, false, &["h0"]);
    b.parameter("out", &[WORDS, 6]).parameter("bias", &[6]);
    b.node("bias", json!({ "parameter": { "weight": "bias" } }), &[]);
    b.node("raised", json!("add"), &["d:output", "bias"]);
    b.node("logits", json!({ "linear": { "weight": "out" } }), &["raised"]).output("logits", "logits");
    b
}

/// Numbers, late by a step that a vector decides: a node, a delayed state of a cell, and a row that is summed.
pub fn from_first_steps() -> Builder {
    let mut b =
        cell_from("p = W x; q = U g; s = add p q h; n = tanh s; h' = x; g' = n; out n", false, &["g", "h"]);
    b.node("first", vector(3), &[]).node("late", json!({ "shift": {} }), &["x", "first"]);
    b.node("all", json!("concat"), &["a:n", "late"]).output("all", "all").output("end", "a:h");
    b
}

/// Only a state that begins with parameters runs once.
pub fn from_learned() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]).parameter("first", &[6]);
    b.node("h0", json!({ "parameter": { "weight": "first" } }), &[]);
    b.layer("d", "lstm", 0, "x", [3, 6], true, false, &["h0", "h0"]);
    b.output("y", "d:output").output("h0", "h0");
    b
}

/// The model's own choices of ids, the first given for the row; an id chosen of a vector enters each step too.
pub fn from_id() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]).node("w", json!({ "input": { "token": { "vocabulary": WORDS } } }), &[]);
    let choose = json!({ "choose": { "by": "argmax", "ratio": 0.0, "evaluation": "free" } });
    b.node("topic", vector(WORDS), &[]).node("subject", choose.clone(), &["topic", "w"]);
    b.parameter("table", &[WORDS, 3]).parameter("out", &[WORDS, 3]);
    let embedding = json!({ "embedding": { "weight": "table" } });
    let body = json!([
        { "name": "x", "op": vector(3), "inputs": [] },
        { "name": "z", "op": { "input": { "token": { "vocabulary": WORDS } } }, "inputs": [] },
        { "name": "y", "op": { "tokenState": { "vocabulary": WORDS, "start": 0 } }, "inputs": [] },
        { "name": "e", "op": embedding, "inputs": ["y"] },
        { "name": "t", "op": embedding, "inputs": ["z"] },
        { "name": "both", "op": "add", "inputs": ["x", "e", "t"] },
        { "name": "scores", "op": { "linear": { "weight": "out" } }, "inputs": ["both"] },
        { "name": "chosen", "op": choose, "inputs": ["scores", "z"] },
    ]);
    let ports =
        [("y", "chosen"), ("output", "scores")].map(|(name, from)| json!({ "name": name, "from": from }));
    let scan = json!({ "scan": { "initial": ["y"], "body": { "nodes": body, "outputs": ports } } });
    b.node("d", scan, &["x", "subject", "w"]).output("scores", "d:output");
    b
}

pub fn coverage() -> Value {
    json!({ "attention": { "score": { "additive": { "weight": "v", "coverage": "wc" } } } })
}

pub fn all() -> Vec<(&'static str, Builder)> {
    vec![
        ("context", from_context()),
        ("dot", by_attention(&dot())),
        ("additive", by_attention(&additive())),
        ("coverage", by_attention(&coverage())),
        ("vector", from_vector()),
        ("first steps", from_first_steps()),
        ("learned", from_learned()),
        ("id", from_id()),
    ]
}

/// The numbers of a row of a source, and those of a row's step.
pub fn lengths_of_source(row: usize) -> usize {
    [3, 5, 0, 2, 1, 4, 5][row % 7]
}

pub fn lengths_of_steps(row: usize) -> usize {
    [STEPS, 1, 4, 0, 2][row % 5]
}

/// The inputs of these rows, each row's its own.
pub fn given(model: &Model<f32>, rows: &[usize]) -> Vec<Tensor<f32>> {
    let tensor = |(name, kind): (&str, &Kind)| {
        let ragged = |tensor: Tensor<f32>, length: &dyn Fn(usize) -> usize| {
            let lengths = rows.iter().map(|&row| length(row) as i32).collect();
            Tensor { lengths: Some(lengths), ..tensor }
        };
        let many = |count: usize, seed: usize| -> Vec<f32> {
            rows.iter().flat_map(|&row| numbers::<f32>(count, (31 * row + seed) as u64)).collect()
        };
        match kind {
            Kind::Vector { size } => values(name, &[rows.len(), *size], many(*size, name.len())),
            Kind::Sequence { size, axis } if axis == "source" => {
                let tensor = values(name, &[rows.len(), 5, *size], many(5 * size, 1));
                ragged(tensor, &lengths_of_source)
            }
            Kind::Sequence { size, .. } => {
                let tensor = values(name, &[rows.len(), STEPS, *size], many(STEPS * size, 2));
                ragged(tensor, &lengths_of_steps)
            }
            Kind::Tokens { vocabulary, .. } => {
                let word = |row: usize, t: usize| ((row * 5 + t * 3 + 2) % vocabulary) as i32;
                let words = rows.iter().flat_map(|&row| (0..STEPS).map(move |t| word(row, t)));
                ragged(ids(name, &[rows.len(), STEPS], words.collect()), &lengths_of_steps)
            }
            Kind::Token { vocabulary } => {
                let id = |&row: &usize| ((row * 3 + 1) % vocabulary) as i32;
                ids(name, &[rows.len()], rows.iter().map(id).collect())
            }
            other => panic!("no input of {other}"),
        }
    };
    let inputs = model.describe().inputs;
    inputs.iter().map(|port| tensor((&port.name, &port.kind))).collect()
}

pub fn is_stepped(tensor: &Tensor<f32>) -> bool {
    ["x", "t"].contains(&tensor.name.as_str())
}

/// A session of these rows, and the inputs of its steps.
pub fn begun(model: &Arc<Model<f32>>, rows: &[usize]) -> (Session<f32>, Vec<Tensor<f32>>) {
    let (each, once): (Vec<_>, Vec<_>) = given(model, rows).into_iter().partition(is_stepped);
    let session = match once.is_empty() {
        true => Session::new(Arc::clone(model), rows.len()).unwrap(),
        false => Session::begin(Arc::clone(model), None, once).unwrap(),
    };
    (session, each)
}

/// Feeds step `t` of the rows, and gives the bits of each output, row by row.
pub fn step(session: &mut Session<f32>, each: &[Tensor<f32>], t: usize) -> Vec<Vec<Vec<u32>>> {
    let (mut numbers, mut words) = (Vec::new(), Vec::new());
    for (tensor, start) in each.iter().zip(session.starts()) {
        match (&tensor.data, start) {
            (Data::Values(all), _) => {
                let size = tensor.shape[2];
                all.chunks(STEPS * size).for_each(|row| numbers.extend_from_slice(&row[t * size..][..size]));
            }
            (Data::Ids(_), Some(start)) if t == 0 => {
                words.extend(vec![start.id().unwrap().cast_signed(); tensor.shape[0]])
            }
            (Data::Ids(all), start) => {
                words.extend(all.chunks(STEPS).map(|row| row[t - usize::from(start.is_some())]));
            }
        }
    }
    let (rows, widths): (_, Vec<usize>) = (session.rows(), session.widths().collect());
    let mut rest = session.step(&numbers, &words).unwrap();
    let mut outputs = Vec::new();
    for width in widths {
        let (output, more) = rest.split_at(rows * width);
        outputs.push(output.chunks(width).map(bits).collect());
        rest = more;
    }
    assert!(rest.is_empty());
    outputs
}

pub fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|x| x.to_bits()).collect()
}

/// Compares every step, and the outputs of the start, with a prediction.
pub fn check(what: &str, model: &Arc<Model<f32>>, rows: &[usize]) {
    let whole = model.predict(&model.snapshot(), given(model, rows), Vec::new()).unwrap().outputs;
    let find = |name: &str| whole.iter().find(|output| output.name == name).unwrap();
    let (mut session, each) = begun(model, rows);
    for fixed in session.fixed() {
        assert_eq!(fixed, find(&fixed.name), "{what}");
    }
    let names: Vec<String> = session.program().outputs.iter().map(|port| port.name.clone()).collect();
    assert_eq!(names.len() + session.fixed().len(), whole.len(), "{what}");
    for t in 0..STEPS {
        for (name, output) in names.iter().zip(step(&mut session, &each, t)) {
            let expected = find(name);
            let width = *expected.shape.last().unwrap();
            for (row, found) in output.iter().enumerate() {
                let place = match expected.shape.len() {
                    // A vector is that of the last step.
                    2 if t + 1 == lengths_of_steps(rows[row]) => row,
                    3 if t < lengths_of_steps(rows[row]) => row * expected.shape[1] + t,
                    _ => continue,
                };
                let expected = bits(&data(expected)[place * width..][..width]);
                assert_eq!(*found, expected, "{what}, output {name}, row {row} of {}, step {t}", rows.len());
            }
        }
    }
}
