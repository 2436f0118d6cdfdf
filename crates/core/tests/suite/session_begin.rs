//! Sessions of models in which some runs once: their steps have the bits of the whole sequence.

use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::graph::Kind;
use unrolled_core::model::{Model, Precision, Session};
use unrolled_core::storage::{Data, Tensor};

use crate::support::cells::cell_from;
use crate::support::decoders::{additive, along, attending, dot};
use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::runs::{data, ids, numbers, values};

const WORDS: usize = 7;
const STEPS: usize = 6;

fn built(b: &Builder) -> Arc<Model<f32>> {
    Arc::new(Model::new(b.graph(), 5, Precision::Full).unwrap())
}

/// Target tokens, shifted by a start id, as `size` numbers: node "x".
fn shifted_words(b: &mut Builder, size: usize) {
    b.parameter("table", &[WORDS, size]).node("t", tokens(WORDS), &[]);
    b.node("late", json!({ "shift": { "start": 1 } }), &["t"]);
    b.node("x", json!({ "embedding": { "weight": "table" } }), &["late"]);
}

/// A bidirectional encoder of "s" along "source": nodes "m" of 8 a step and "end" of 8.
fn encoder(b: &mut Builder) {
    b.node("s", along(3, "source"), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]);
    b.layer("r", "gru", 0, "s", [3, 4], true, true, &[]);
    b.node("m", json!("concat"), &["e:output", "r:output"]).node("end", json!("concat"), &["e:h", "r:h"]);
}

/// Tokens from a sequence: the context is both states of an LSTM to begin with, and enters at each step.
fn from_context() -> Builder {
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
fn by_attention(score: &Value) -> Builder {
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
fn from_vector() -> Builder {
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
fn from_first_steps() -> Builder {
    let mut b =
        cell_from("p = W x; q = U g; s = add p q h; n = tanh s; h' = x; g' = n; out n", false, &["g", "h"]);
    b.node("first", vector(3), &[]).node("late", json!({ "shift": {} }), &["x", "first"]);
    b.node("all", json!("concat"), &["a:n", "late"]).output("all", "all").output("end", "a:h");
    b
}

/// Only a state that begins with parameters runs once.
fn from_learned() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]).parameter("first", &[6]);
    b.node("h0", json!({ "parameter": { "weight": "first" } }), &[]);
    b.layer("d", "lstm", 0, "x", [3, 6], true, false, &["h0", "h0"]);
    b.output("y", "d:output").output("h0", "h0");
    b
}

/// The model's own choices of ids, the first given for the row; an id chosen of a vector enters each step too.
fn from_id() -> Builder {
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

fn coverage() -> Value {
    json!({ "attention": { "score": { "additive": { "weight": "v", "coverage": "wc" } } } })
}

fn all() -> Vec<(&'static str, Builder)> {
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
fn lengths_of_source(row: usize) -> usize {
    [3, 5, 0, 2, 1, 4, 5][row % 7]
}

fn lengths_of_steps(row: usize) -> usize {
    [STEPS, 1, 4, 0, 2][row % 5]
}

/// The inputs of these rows, each row's its own.
fn given(model: &Model<f32>, rows: &[usize]) -> Vec<Tensor<f32>> {
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

fn is_stepped(tensor: &Tensor<f32>) -> bool {
    ["x", "t"].contains(&tensor.name.as_str())
}

/// A session of these rows, and the inputs of its steps.
fn begun(model: &Arc<Model<f32>>, rows: &[usize]) -> (Session<f32>, Vec<Tensor<f32>>) {
    let (each, once): (Vec<_>, Vec<_>) = given(model, rows).into_iter().partition(is_stepped);
    let session = match once.is_empty() {
        true => Session::new(Arc::clone(model), rows.len()).unwrap(),
        false => Session::begin(Arc::clone(model), None, once).unwrap(),
    };
    (session, each)
}

/// Feeds step `t` of the rows, and gives the bits of each output, row by row.
fn step(session: &mut Session<f32>, each: &[Tensor<f32>], t: usize) -> Vec<Vec<Vec<u32>>> {
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

fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|x| x.to_bits()).collect()
}

/// Compares every step, and the outputs of the start, with a prediction.
fn check(what: &str, model: &Arc<Model<f32>>, rows: &[usize]) {
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

#[test]
fn steps_have_the_bits_of_the_whole_sequence() {
    for (what, b) in all() {
        let model = built(&b);
        for count in [1, 2, 17, 40] {
            check(what, &model, &(0..count).collect::<Vec<_>>());
        }
    }
}

/// More rows than a single thread takes, in another order too.
#[test]
fn threads_share_the_rows_of_a_step() {
    let model = built(&by_attention(&additive()));
    let rows: Vec<usize> = (0..1500).collect();
    check("many rows", &model, &rows);
    let (mut session, each) = begun(&model, &rows);
    step(&mut session, &each, 0);
    let order: Vec<usize> = (0..1300).map(|i| i * 7 % 1500).collect();
    session.reorder(&order).unwrap();
    let (mut alone, each) = begun(&model, &order);
    step(&mut alone, &each, 0);
    assert_eq!(step(&mut session, &each, 1), step(&mut alone, &each, 1));
}

/// Rows that are kept, doubled and left out keep their own memory, one of them empty; rows of one source may change places,
/// and are more than those that look at a memory together.
#[test]
fn reordered_rows_keep_what_ran_once() {
    for (what, b) in all() {
        let model = built(&b);
        let (mut session, each) = begun(&model, &[0, 1, 2]);
        step(&mut session, &each, 0);
        let mut origin = vec![0, 1, 2];
        let beams = (0..40).map(|i| i / 18).collect();
        for order in [
            vec![2, 0, 0, 2, 1],
            vec![0, 2, 1, 3, 4],
            vec![4, 0],
            vec![1, 0],
            vec![0, 1],
            vec![1, 1, 0, 1],
            beams,
        ] {
            session.reorder(&order).unwrap();
            origin = order.iter().map(|&row| origin[row]).collect();
            let sources: Vec<usize> = origin.iter().map(|&row| [0, 1, 2][row]).collect();
            let states = session.states().unwrap();
            let (mut alone, each) = begun(&model, &sources);
            for (first, own) in session.first_states().unwrap().iter().zip(alone.states().unwrap()) {
                assert_eq!(data(first), data(&own), "{what}");
            }
            alone.set_states(states).unwrap();
            let t = 1 + session.rows() % 4;
            assert_eq!(step(&mut session, &each, t), step(&mut alone, &each, t), "{what}, {order:?}");
        }
    }
}

/// Beyond the memory of a row its coverage is 0 after each step, whatever was set there.
#[test]
fn a_coverage_ends_with_the_memory_of_its_row() {
    let model = built(&by_attention(&coverage()));
    let (mut session, each) = begun(&model, &[0, 1, 2]);
    let mut states = session.states().unwrap();
    let covered = states.iter_mut().find(|state| state.name == "d.a:coverage").unwrap();
    assert_eq!(covered.shape, [3, 5]);
    covered.data = Data::Values(vec![1.0; 15]);
    session.set_states(states).unwrap();
    for t in 0..3 {
        step(&mut session, &each, t);
        let states = session.states().unwrap();
        let covered = states.iter().find(|state| state.name == "d.a:coverage").unwrap();
        for (row, own) in data(covered).chunks(5).enumerate() {
            let (looked_at, beyond) = own.split_at(lengths_of_source(row));
            assert!(looked_at.iter().all(|&c| c > 1.0) && beyond.iter().all(|&c| c == 0.0), "{own:?}");
        }
    }
}

#[test]
fn a_fork_goes_on_alone() {
    for (what, b) in all() {
        let model = built(&b);
        let (mut session, each) = begun(&model, &[0, 1, 5]);
        step(&mut session, &each, 0);
        let mut fork = session.fork().unwrap();
        let ahead: Vec<_> = (1..STEPS).map(|t| step(&mut session, &each, t)).collect();
        fork.reorder(&[2, 0, 1]).unwrap();
        fork.reorder(&[1, 2, 0]).unwrap();
        assert_eq!((1..STEPS).map(|t| step(&mut fork, &each, t)).collect::<Vec<_>>(), ahead, "{what}");
        session.set_states(session.first_states().unwrap()).unwrap();
        let (mut anew, _) = begun(&model, &[0, 1, 5]);
        assert_eq!(step(&mut session, &each, 0), step(&mut anew, &each, 0), "{what}");
    }
}

fn refusal(b: &Builder, axis: Option<&str>, inputs: Vec<Tensor<f32>>) -> (Code, String) {
    let error = Session::begin(built(b), axis, inputs).err().unwrap();
    (error.code, error.message)
}

/// Without outputs or shifts that decide, an option names the axis.
#[test]
fn the_axis_is_found_or_named() {
    let mut b = Builder::default();
    for (name, axis) in [("x", "here"), ("z", "there")] {
        b.node(name, along(2, axis), &[]).output(name, name);
    }
    let (code, message) = refusal(&b, None, Vec::new());
    assert_eq!(code, Code::Argument);
    assert_eq!(
        message,
        r#"session: expected one axis to step along, received ["here", "there"]; name one of them as axis"#
    );
    let (code, message) = refusal(&b, Some("time"), Vec::new());
    assert_eq!(code, Code::Argument);
    assert_eq!(
        message,
        r#"session: expected one of the axes ["here", "there"] to step along, received 'time'"#
    );
    let x = values("x", &[1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]);
    let mut session = Session::begin(built(&b), Some("there"), vec![x.clone()]).unwrap();
    assert_eq!(session.fixed(), [x]);
    assert_eq!(session.step(&[5.0, 6.0], &[]).unwrap(), [5.0, 6.0]);
    // Shifted: the steps that are fed back.
    b.node("late", json!({ "shift": {} }), &["z"]).output("late", "late");
    let session = Session::begin(built(&b), None, vec![values("x", &[1, 1, 2], vec![1.0, 2.0])]).unwrap();
    assert_eq!(
        session.program().outputs.iter().map(|port| &port.name[..]).collect::<Vec<_>>(),
        ["z", "late"]
    );
}

#[test]
fn what_cannot_be_stepped_is_refused_by_node() {
    let twice = |again: Value, reader: &[&str]| {
        let mut b = from_vector();
        b.node("more words", again, reader).parameter("other", &[WORDS, 4]);
        b.node("y", json!({ "embedding": { "weight": "other" } }), &["more words"]).output("y", "y");
        b
    };
    let mut direct = from_vector();
    direct.node("y", json!({ "embedding": { "weight": "table" } }), &["t"]).output("y", "y");
    let mut backwards = from_context();
    backwards.layer("back", "gru", 2, "x", [5, 3], true, true, &[]).output("back", "back:output");
    let mut nested = from_context();
    nested.parameter("small", &[4, 6]).node("g0", json!({ "linear": { "weight": "small" } }), &["d:h"]);
    nested.layer("late encoder", "gru", 2, "s", [3, 4], true, false, &["g0"]).output("y", "late encoder:h");
    let mut decided = from_context();
    decided.parameter("gate", &[8, 6]).node("g", json!({ "linear": { "weight": "gate" } }), &["d:h"]);
    decided.node("gated", json!("add"), &["m", "g"]).output("gated", "gated");
    let mut own = from_context();
    own.layer("second", "gru", 2, "x", [5, 6], true, false, &["d:h"]).output("y", "second:output");
    for (b, message) in [
        (twice(json!({ "shift": { "start": 2 } }), &["t"]), "shifts with another start id"),
        (direct, "received input 't', which node 'late' shifts and node 'y' reads as it is"),
        (backwards, "one whose node 'back' reads backwards in time"),
        (nested, "steps along 'time', received one whose node 'late encoder' runs along 'source'"),
        (decided, "one whose output 'gated' runs along 'source' and depends on them"),
        (own, "node 'second' begins each chunk with an initial state from the graph"),
    ] {
        let (code, found) = refusal(&b, Some("time"), Vec::new());
        assert!(code == Code::Argument && found.contains(message), "{found}");
    }
}

#[test]
fn inputs_of_the_start_are_checked_by_name() {
    let b = from_context();
    let model = built(&b);
    let s = values("s", &[2, 1, 3], vec![0.5; 6]);
    let t = ids("t", &[2, 1], vec![1, 2]);
    for (inputs, code, message) in [
        (vec![], Code::Argument, "session: expected values for input 's' at the start, received none"),
        (
            vec![s.clone(), t],
            Code::Argument,
            "session: expected input 't' step by step, received it at the start",
        ),
        (
            vec![s.clone(), values("z", &[1, 1, 1], vec![0.0])],
            Code::Argument,
            r#"session: unknown input 'z' at the start; known: ["s"]"#,
        ),
        (vec![s.clone(), s], Code::Argument, "input 's': expected once, received twice"),
        (
            vec![values("s", &[2, 1, 2], vec![0.5; 4])],
            Code::Shape,
            "input 's': expected shape [rows, time, 3]",
        ),
        (
            vec![values("s", &[0, 1, 3], vec![])],
            Code::Argument,
            "session: expected at least 1 row, received 0",
        ),
        (vec![values("s", &[1, 1, 3], vec![f32::NAN; 3])], Code::NonFinite, "input 's'"),
    ] {
        let (found, words) = refusal(&b, None, inputs);
        assert!(found == code && words.contains(message), "{words}");
    }
    let error = Session::new(model, 2).err().unwrap();
    assert_eq!(error.message, "session: expected values for input 's' at the start, received none");
    let learned = built(&from_learned());
    let error = Session::begin(learned, None, Vec::new()).err().unwrap();
    assert_eq!(error.code, Code::Argument);
    assert!(error.message.starts_with("session: expected the number of rows"), "{error}");
}

/// A state of an id that begins with an id of the row is an id afterwards.
#[test]
fn the_state_of_an_id_is_an_id() {
    let (mut session, _) = begun(&built(&from_id()), &[0, 1]);
    for bad in [7.0, -1.0, 0.5] {
        let error = session.set_states(vec![values("d:y", &[2, 1], vec![1.0, bad])]).unwrap_err();
        assert_eq!(error.code, Code::Value, "{error}");
    }
    session.set_states(vec![values("d:y", &[2, 1], vec![1.0, 6.0])]).unwrap();
}

/// A state that leaves the numbers there are is refused before the first step.
#[test]
fn a_start_out_of_range_is_refused() {
    let mut b = Builder::default();
    b.node("v", vector(1), &[]).node("x", sequence(1), &[]);
    let square = json!("multiply");
    b.node("w", square.clone(), &["v", "v"]).node("h0", square, &["w", "w"]);
    b.layer("d", "rnn_tanh", 0, "x", [1, 1], false, false, &["h0"]).output("y", "d:output");
    let (code, message) = refusal(&b, None, vec![values("v", &[1, 1], vec![1e30])]);
    assert_eq!(code, Code::NonFinite);
    assert_eq!(message, "state 'd:h': expected finite numbers, received a NaN or infinity");
}
