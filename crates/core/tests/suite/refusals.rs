//! Bad graphs and bad batches: a typed error that names the mistake, and nothing else.

use crate::support::graphs::{Builder, node, sequence, tokens, vector};
use crate::support::runs::{ids, values};
use serde_json::{Value, json};
use unrolled_core::graph::Graph;
use unrolled_core::program::Program;
use unrolled_core::storage::{Batch, Tensor};
use unrolled_core::{Code, Error};

fn refused(json: &Value) -> Error {
    Graph::from_json(&json.to_string()).and_then(|graph| Program::compile(&graph)).unwrap_err()
}

fn linear() -> Builder {
    let mut b = Builder::default();
    b.parameter("w", &[2, 3]).node("x", sequence(3), &[]);
    b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "y");
    b
}

#[track_caller]
fn expect(error: &Error, code: Code, words: &[&str]) {
    assert_eq!(error.code, code, "{error}");
    for word in words {
        assert!(error.message.contains(word), "expected '{word}' in: {error}");
    }
}

#[test]
fn malformed_or_foreign_json() {
    for text in ["", "{", "[]", "null", "1e999", "{\"version\":1}", "\u{0}", &"[".repeat(100_000)] {
        expect(&Graph::from_json(text).unwrap_err(), Code::Graph, &["graph"]);
    }
    for version in [json!(0), json!(2), json!("1"), json!(1.5), json!(-1)] {
        let mut json = linear().json();
        json["version"] = version;
        expect(&refused(&json), Code::Graph, &["version"]);
    }
    for (place, field) in [("", "extra"), ("nodes", "color"), ("outputs", "to"), ("parameters", "frozen")] {
        let mut json = linear().json();
        let target = if place.is_empty() { &mut json } else { &mut json[place][0] };
        target[field] = json!(1);
        expect(&refused(&json), Code::Graph, &[field]);
    }
    let mut json = linear().json();
    json["nodes"][1]["op"] = json!({ "convolution": {} });
    expect(&refused(&json), Code::Graph, &["convolution"]);
    json["nodes"][1]["op"] = json!({ "linear": { "weight": "w", "wieght": "w" } });
    expect(&refused(&json), Code::Graph, &["wieght"]);
}

#[test]
fn settings_that_the_numbers_of_a_model_cannot_hold() {
    let cases = [
        (json!({ "affine": { "scale": 1e39, "shift": 0.0 } }), "scale"),
        (json!({ "affine": { "scale": 1.0, "shift": -1e300 } }), "shift"),
        (json!({ "layerNorm": { "gain": "g", "bias": "b", "epsilon": 1e-320 } }), "epsilon"),
        (json!({ "layerNorm": { "gain": "g", "bias": "b", "epsilon": 0.0 } }), "epsilon"),
    ];
    for (op, name) in cases {
        let mut b = linear();
        b.parameter("g", &[2]).parameter("b", &[2]).node("z", op, &["y"]).output("z", "z");
        expect(&refused(&b.json()), Code::Argument, &["node 'z'", name, "from"]);
    }
}

#[test]
fn wires_that_lead_nowhere_or_round_in_circles() {
    let mut b = linear();
    b.node("z", json!("add"), &["y", "nowhere"]);
    expect(&refused(&b.json()), Code::Graph, &["'z'", "nowhere"]);
    let mut b = linear();
    b.node("z", json!("last"), &["y:port"]);
    expect(&refused(&b.json()), Code::Graph, &["y:port"]);
    let mut b = linear();
    b.node("a", json!("add"), &["y", "b"]).node("b", json!({ "activation": "tanh" }), &["a"]);
    expect(&refused(&b.json()), Code::Graph, &["cycle"]);
    let mut b = linear();
    b.node("y", json!("last"), &["x"]);
    expect(&refused(&b.json()), Code::Graph, &["one node 'y'", "received two"]);
    let mut b = linear();
    b.node("a:b", json!("last"), &["x"]);
    expect(&refused(&b.json()), Code::Graph, &["':'"]);
    let mut b = linear();
    b.output("y", "x");
    expect(&refused(&b.json()), Code::Graph, &["one output 'y'", "received two"]);
    let mut b = linear();
    b.outputs.clear();
    expect(&refused(&b.json()), Code::Graph, &["output"]);
    expect(
        &refused(&json!({ "version": 1, "parameters": [], "nodes": [], "outputs": [] })),
        Code::Graph,
        &["input"],
    );
}

#[test]
fn a_cycle_within_a_step_is_refused_and_one_with_a_delay_is_not() {
    let graph = |from: &str| {
        let body = json!({ "nodes": [
            node("x", json!({ "input": { "vector": { "size": 3 } } }), &[]),
            node("h", json!({ "state": { "size": 3 } }), &[]),
            node("a", json!("add"), &["x", from]),
            node("b", json!({ "activation": "tanh" }), &["a"]),
        ], "outputs": [{ "name": "h", "from": "b" }] });
        let mut b = linear();
        b.node("s", json!({ "scan": { "body": body } }), &["x"]);
        b.json()
    };
    expect(&refused(&graph("b")), Code::Graph, &["'s'", "cycle"]);
    let delayed = Graph::from_json(&graph("h").to_string()).unwrap();
    assert!(Program::compile(&delayed).is_ok());
}

#[test]
fn sizes_and_kinds_that_contradict() {
    let mut cases: Vec<(Builder, Code, &[&str])> = Vec::new();
    let mut case =
        |edit: &dyn Fn(&mut Builder) -> &mut Builder, code: Code, words: &'static [&'static str]| {
            let mut b = linear();
            edit(&mut b);
            cases.push((b, code, words));
        };
    case(
        &|b| {
            b.parameter("wide", &[2, 4]);
            b.node("z", json!({ "linear": { "weight": "wide" } }), &["x"])
        },
        Code::Shape,
        &["'z'", "wide", "[2, 3]", "[2, 4]"],
    );
    case(&|b| b.node("z", json!("add"), &["x", "y"]), Code::Shape, &["'z'", "3", "2"]);
    case(
        &|b| b.node("z", json!({ "slice": { "start": 2, "size": 2 } }), &["x"]),
        Code::Shape,
        &["'z': slice 2..4", "3"],
    );
    case(
        &|b| b.node("z", json!({ "slice": { "start": usize::MAX, "size": 2 } }), &["x"]),
        Code::Shape,
        &["'z'"],
    );
    case(&|b| b.node("t", tokens(4), &[]).node("z", json!("last"), &["t"]), Code::Kind, &["'z'", "tokens"]);
    case(&|b| b.node("v", vector(3), &[]).node("z", json!("mean"), &["v"]), Code::Kind, &["'z'"]);
    case(
        &|b| {
            b.parameter("table", &[5, 2]).node("t", tokens(4), &[]);
            b.node("z", json!({ "embedding": { "weight": "table" } }), &["t"])
        },
        Code::Shape,
        &["'z'", "table", "4", "5"],
    );
    case(&|b| b.node("z", json!("lstmGates"), &["x", "y"]), Code::Shape, &["'z'", "8"]);
    case(&|b| b.node("z", json!({ "dropout": { "rate": 1.0 } }), &["x"]), Code::Argument, &["'z'", "rate"]);
    case(&|b| b.node("z", json!({ "linear": { "weight": "v" } }), &["x"]), Code::Graph, &["'z'", "'v'"]);
    case(
        &|b| {
            let other = json!({ "input": { "sequence": { "size": 3, "axis": "other" } } });
            b.node("o", other, &[]).node("z", json!("add"), &["x", "o"])
        },
        Code::Kind,
        &["'z'", "time", "other"],
    );
    for rows in [[1, 3], [2, 2], [2, 1]] {
        let mut b = linear();
        b.node("z", json!({ "linear": { "weight": "w", "rows": rows } }), &["x"]);
        expect(&refused(&b.json()), Code::Shape, &["'z'", "2"]);
    }
    case(&|b| b.node("z", json!("add"), &["x"]), Code::Graph, &["'z'", "at least 2", "1"]);
    case(&|b| b.node("z", json!("multiply"), &["x"]), Code::Graph, &["'z'", "at least 2", "1"]);
    case(&|b| b.node("z", json!("concat"), &[]), Code::Graph, &["'z'", "at least 1", "0"]);
    case(&|b| b.node("t", tokens(4), &[]).output("ids", "t"), Code::Kind, &["'ids'", "numbers", "tokens"]);
    for (b, code, words) in cases {
        expect(&refused(&b.json()), code, words);
    }
}

/// Each of the first two fits by one number less.
#[test]
fn shifts_that_begin_with_what_is_not_of_their_kind() {
    let shifted = |op: Value, inputs: &[&str]| {
        let mut b = linear();
        b.node("t", tokens(4), &[]).node("v", vector(4), &[]).node("z", json!({ "shift": op }), inputs);
        refused(&b.json())
    };
    expect(&shifted(json!({ "start": 4 }), &["t"]), Code::Argument, &["'z'", "vocabulary of 4"]);
    expect(&shifted(json!({}), &["x", "v"]), Code::Shape, &["'z'", "vector[3]", "vector[4]"]);
    expect(&shifted(json!({}), &["t"]), Code::Argument, &["'z'", "start"]);
    expect(&shifted(json!({ "start": 0 }), &["x"]), Code::Argument, &["'z'", "no start id"]);
    expect(&shifted(json!({ "start": 0 }), &["t", "v"]), Code::Graph, &["'z'", "1 inputs"]);
    let mut fits = linear();
    fits.node("t", tokens(4), &[]).node("v", vector(3), &[]);
    fits.node("a", json!({ "shift": { "start": 3 } }), &["t"]).node("b", json!({ "shift": {} }), &["x", "v"]);
    assert!(Program::compile(&fits.graph()).is_ok());
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_allocated() {
    let huge = 1_usize << 40;
    let mut b = linear();
    b.parameter("huge", &[huge, 3]).node("z", json!({ "linear": { "weight": "huge" } }), &["x"]);
    expect(&refused(&b.json()), Code::Size, &["huge"]);
    let mut b = linear();
    b.parameter("huge", &[huge, huge, huge]);
    expect(&refused(&b.json()), Code::Size, &["huge"]);
    let mut b = linear();
    b.node("v", vector(huge), &[]);
    expect(&refused(&b.json()), Code::Size, &["'v'"]);
    let mut b = linear();
    b.node("t", tokens(huge), &[]);
    expect(&refused(&b.json()), Code::Size, &["'t'"]);
    let mut b = linear();
    for i in 0..5000 {
        b.node(&format!("n{i}"), json!({ "activation": "tanh" }), &["x"]);
    }
    expect(&refused(&b.json()), Code::Size, &["nodes"]);
    // The nodes of a body count as well.
    let inner = |i| node(&format!("n{i}"), json!({ "state": { "size": 1 } }), &[]);
    let body = json!({ "nodes": (0..5000).map(inner).collect::<Vec<_>>(), "outputs": [] });
    let mut b = linear();
    b.node("s", json!({ "scan": { "body": body } }), &["x"]);
    expect(&refused(&b.json()), Code::Size, &["nodes", "5003"]);
    // Doubling forty times: each node is small JSON, the values are not.
    let mut b = linear();
    for i in 0..40 {
        let from = if i == 0 { "x".to_owned() } else { format!("c{}", i - 1) };
        b.node(&format!("c{i}"), json!("concat"), &[&from, &from]);
    }
    expect(&refused(&b.json()), Code::Size, &["features"]);
}

#[test]
fn scans_whose_bodies_do_not_fit() {
    let scan = |body: Value, more: Value, inputs: &[&str]| {
        let mut op = json!({ "scan": { "body": body } });
        if let (Some(scan), Some(more)) = (op["scan"].as_object_mut(), more.as_object()) {
            scan.extend(more.clone());
        }
        let mut b = linear();
        b.node("v", vector(3), &[]).node("s", op, inputs);
        refused(&b.json())
    };
    let x = || node("x", json!({ "input": { "vector": { "size": 3 } } }), &[]);
    let h = || node("h", json!({ "state": { "size": 3 } }), &[]);
    let body = |nodes: Vec<Value>, outputs: Value| json!({ "nodes": nodes, "outputs": outputs });
    let good = || body(vec![x(), h()], json!([{ "name": "h", "from": "x" }]));
    expect(&scan(good(), json!({}), &["v"]), Code::Kind, &["'s'", "sequence"]);
    expect(&scan(good(), json!({}), &["x", "v"]), Code::Graph, &["'s'", "1 inputs"]);
    expect(&scan(good(), json!({}), &["y"]), Code::Shape, &["'s'", "'x'"]);
    expect(&scan(good(), json!({ "initial": ["c"] }), &["x", "v"]), Code::Graph, &["'s'", "'c'"]);
    expect(&scan(good(), json!({ "initial": ["h", "h"] }), &["x", "v", "v"]), Code::Graph, &["twice"]);
    expect(&scan(good(), json!({ "initial": ["h", "g", "i"] }), &["x"]), Code::Graph, &["'s'", "3"]);
    expect(&scan(body(vec![x(), h()], json!([])), json!({}), &["x"]), Code::Graph, &["'h'", "next"]);
    let wrong = body(
        vec![x(), h(), node("half", json!({ "slice": { "start": 0, "size": 1 } }), &["x"])],
        json!([{ "name": "h", "from": "half" }]),
    );
    expect(&scan(wrong, json!({}), &["x"]), Code::Shape, &["'h'", "vector[3]"]);
    let pooled =
        body(vec![x(), h(), node("p", json!("last"), &["x"])], json!([{ "name": "h", "from": "p" }]));
    expect(&scan(pooled, json!({}), &["x"]), Code::Kind, &["'p'", "pool needs a whole sequence"]);
    let mut b = linear();
    let other = json!({ "input": { "sequence": { "size": 3, "axis": "other" } } });
    let two = node("z", json!({ "input": { "vector": { "size": 3 } } }), &[]);
    let along_two = body(vec![x(), two, h()], json!([{ "name": "h", "from": "x" }]));
    b.node("o", other, &[]).node("s", json!({ "scan": { "body": along_two } }), &["x", "o"]);
    expect(&refused(&b.json()), Code::Kind, &["'s'", "time", "other"]);
    let mut b = linear();
    let id = node("i", json!({ "input": { "token": { "vocabulary": 5 } } }), &[]);
    let of_ids = body(vec![x(), id, h()], json!([{ "name": "h", "from": "x" }]));
    b.node("t", tokens(4), &[]).node("s", json!({ "scan": { "body": of_ids } }), &["x", "t"]);
    expect(&refused(&b.json()), Code::Shape, &["'s'", "'i'", "below 5", "below 4"]);
    let inner = json!({ "scan": { "body": good() } });
    let nested = body(vec![x(), h(), node("i", inner, &["x"])], json!([{ "name": "h", "from": "x" }]));
    expect(&scan(nested, json!({}), &["x"]), Code::Graph, &["'i'"]);
    let mut b = linear();
    b.node("h", json!({ "state": { "size": 3 } }), &[]);
    expect(&refused(&b.json()), Code::Graph, &["'h'", "scan"]);
}

fn program() -> Program {
    let mut b = Builder::default();
    b.parameter("table", &[4, 2]).node("x", sequence(3), &[]).node("t", tokens(4), &[]);
    b.node("e", json!({ "embedding": { "weight": "table" } }), &["t"]);
    b.layer("a", "rnn_tanh", 0, "x", [3, 2], true, false, &[]).output("a", "a:output").output("e", "e");
    Program::compile(&b.graph()).unwrap()
}

fn good() -> [Tensor<f32>; 2] {
    [values("x", &[2, 3, 3], vec![0.5; 18]), ids("t", &[2, 3], vec![0, 1, 2, 3, 0, 1])]
}

fn batch(edit: impl FnOnce(&mut [Tensor<f32>; 2])) -> Error {
    let mut tensors = good();
    edit(&mut tensors);
    Batch::new(&program(), tensors.to_vec(), vec![]).unwrap_err()
}

#[test]
fn batches_that_do_not_fit() {
    assert!(Batch::new(&program(), good().to_vec(), vec![]).is_ok());
    let x = |tensor: Tensor<f32>| batch(move |t| t[0] = tensor);
    expect(&x(values("x", &[2, 9], vec![0.0; 18])), Code::Shape, &["'x'", "[rows, time, 3]", "[2, 9]"]);
    expect(&x(values("x", &[2, 3, 2], vec![0.0; 12])), Code::Shape, &["'x'", "[2, 3, 2]"]);
    expect(&x(values("x", &[2, 3, 3], vec![0.0; 17])), Code::Shape, &["'x'", "17"]);
    expect(&x(values("x", &[], vec![])), Code::Shape, &["'x'"]);
    expect(&x(values("x", &[usize::MAX, usize::MAX, 3], vec![])), Code::Size, &["'x'"]);
    expect(&x(values("x", &[1 << 40, 0, 3], vec![])), Code::Size, &["'x'"]);
    expect(&x(ids("x", &[2, 3], vec![0; 6])), Code::Kind, &["'x'", "numbers"]);
    expect(&x(values("z", &[2, 3, 3], vec![0.0; 18])), Code::Argument, &["'z'", "\"x\""]);
    expect(&x(values("x", &[3, 3, 3], vec![0.0; 27])), Code::Shape, &["'t'", "3 rows"]);
    expect(&batch(|t| t[1] = ids("t", &[3, 3], vec![0; 9])), Code::Shape, &["'t'", "2 rows", "3"]);
    let other_padding = batch(|t| {
        t[1] = ids("t", &[2, 4], vec![0; 8]);
        t.iter_mut().for_each(|t| t.lengths = Some(vec![3, 2]));
    });
    expect(&other_padding, Code::Shape, &["'t'", "time"]);
    expect(&batch(|t| t[1] = t[0].clone()), Code::Argument, &["'x'", "twice"]);
    expect(&batch(|t| t[1] = values("t", &[2, 3], vec![0.0; 6])), Code::Kind, &["'t'", "ids"]);
    let missing = Batch::<f32>::new(&program(), good()[..1].to_vec(), vec![]).unwrap_err();
    expect(&missing, Code::Argument, &["input 't'", "received none"]);
}

#[test]
fn values_out_of_range() {
    for (id, row, step) in [(4, 0, 1), (-1, 1, 2), (i32::MAX, 1, 0), (i32::MIN, 0, 0)] {
        let error = batch(|t| {
            t[1] = ids("t", &[2, 3], (0..6).map(|i| if i == row * 3 + step { id } else { 0 }).collect());
        });
        expect(&error, Code::Value, &["'t'", &id.to_string(), &format!("row {row}, step {step}")]);
    }
    for (bad, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut data = vec![0.0; 18];
        data[14] = bad;
        let error = batch(|t| t[0] = values("x", &[2, 3, 3], data));
        expect(&error, Code::NonFinite, &["'x'", &format!("received {word} at row 1, step 1, column 2")]);
    }
    for lengths in [vec![3, 4], vec![-1, 3], vec![i32::MIN, 0]] {
        let error = batch(|t| t.iter_mut().for_each(|t| t.lengths = Some(lengths.clone())));
        expect(&error, Code::Value, &["'x'", "length", "from 0 to 3"]);
    }
    expect(&batch(|t| t[0].lengths = Some(vec![3])), Code::Shape, &["'x'", "2 lengths"]);
    expect(&batch(|t| t[0].lengths = Some(vec![3, 3, 3])), Code::Shape, &["'x'", "2 lengths", "3"]);
    expect(&batch(|t| t[0].lengths = Some(vec![3, 2])), Code::Shape, &["'t'", "lengths"]);
}

#[test]
fn states_that_do_not_fit() {
    let state = |tensor: Tensor<f32>| Batch::new(&program(), good().to_vec(), vec![tensor]).unwrap_err();
    expect(&state(values("b:h", &[2, 2], vec![0.0; 4])), Code::Argument, &["'b:h'", "a:h"]);
    expect(&state(values("a:h", &[2, 3], vec![0.0; 6])), Code::Shape, &["'a:h'", "[rows, 2]"]);
    expect(&state(values("a:h", &[1, 2], vec![0.0; 2])), Code::Shape, &["'a:h'", "2 rows"]);
    expect(&state(values("a:h", &[3, 2], vec![0.0; 6])), Code::Shape, &["'a:h'", "2 rows", "3"]);
    expect(
        &state(values("a:h", &[2, 2], vec![0.0, f32::NAN, 0.0, 0.0])),
        Code::NonFinite,
        &["'a:h'", "received NaN at row 0, column 1"],
    );
}
