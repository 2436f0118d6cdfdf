//! Every node and cell: gradients against central differences in f64, on ragged batches with states.

use crate::support::graphs::{Builder, node, sequence, tokens, vector};
use crate::support::plain::check_forward;
use crate::support::runs::{check_gradients, ids, numbers, values};
use serde_json::json;
use unrolled_core::storage::Tensor;

const LENGTHS: [i32; 5] = [3, 5, 0, 1, 4];

fn ragged(name: &str, size: usize) -> Tensor<f64> {
    let mut tensor = values(name, &[5, 5, size], numbers(25 * size, 11));
    tensor.lengths = Some(LENGTHS.to_vec());
    tensor
}

fn given(name: &str, size: usize, seed: u64) -> Tensor<f64> {
    values(name, &[5, size], numbers(5 * size, seed))
}

#[test]
fn cells_with_initial_states_both_ways() {
    for cell in ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"] {
        for reverse in [false, true] {
            for bias in [false, true] {
                let mut b = Builder::default();
                b.node("x", sequence(3), &[]).node("h0", vector(4), &[]).node("c0", vector(4), &[]);
                let initial: &[&str] = if cell == "lstm" { &["h0", "c0"] } else { &["h0"] };
                b.layer("a", cell, 0, "x", [3, 4], bias, reverse, initial);
                b.layer("b", cell, 1, "a:output", [4, 2], bias, !reverse, &[]);
                b.output("output", "b:output").output("first", "a:h").output("second", "b:h");
                if cell == "lstm" {
                    b.output("c", "a:c");
                }
                let inputs = [ragged("x", 3), given("h0", 4, 5), given("c0", 4, 6)];
                check_gradients(&b.graph(), &inputs, &[given("b:h", 2, 9)]);
            }
        }
    }
}

/// The only way of a loss to the initial state is through the steps.
#[test]
fn an_initial_state_whose_last_one_nobody_reads() {
    for cell in ["rnn_tanh", "lstm", "gru", "gru_before"] {
        for reverse in [false, true] {
            let mut b = Builder::default();
            b.parameter("w", &[4, 3]).node("x", sequence(3), &[]).node("v", vector(3), &[]);
            b.node("h0", json!({ "linear": { "weight": "w" } }), &["v"]);
            let initial: &[&str] = if cell == "lstm" { &["h0", "h0"] } else { &["h0"] };
            b.layer("a", cell, 0, "x", [3, 4], true, reverse, initial).output("y", "a:output");
            check_gradients(&b.graph(), &[ragged("x", 3), given("v", 3, 5)], &[]);
        }
    }
}

/// The state before each step is an output, and so more than what a step needs.
#[test]
fn a_state_that_is_an_output() {
    let linear = |weight: &str| json!({ "linear": { "weight": weight } });
    for reverse in [false, true] {
        let mut b = Builder::default();
        b.parameter("ih", &[3, 3]).parameter("hh", &[3, 3]).node("x", sequence(3), &[]);
        let body = json!({ "nodes": [
            node("x", json!({ "input": { "vector": { "size": 3 } } }), &[]),
            node("h", json!({ "state": { "size": 3 } }), &[]),
            node("pre", linear("ih"), &["x"]),
            node("rec", linear("hh"), &["h"]),
            node("sum", json!("add"), &["pre", "rec"]),
            node("n", json!({ "activation": "tanh" }), &["sum"]),
        ], "outputs": [
            { "name": "h", "from": "n" }, { "name": "before", "from": "h" }, { "name": "n", "from": "n" }
        ] });
        b.node("a", json!({ "scan": { "body": body, "reverse": reverse } }), &["x"]);
        b.output("before", "a:before").output("n", "a:n");
        let (x, state) = (ragged("x", 3), given("a:h", 3, 8));
        check_forward(&b, std::slice::from_ref(&x), std::slice::from_ref(&state), 2);
        check_gradients(&b.graph(), &[x], &[state]);
    }
}

#[test]
fn nodes_over_time_and_over_rows() {
    let cases: [(&str, serde_json::Value, usize); 10] = [
        ("abs", json!("abs"), 3),
        ("tanh", json!({ "activation": "tanh" }), 3),
        ("sigmoid", json!({ "activation": "sigmoid" }), 3),
        ("relu", json!({ "activation": "relu" }), 3),
        ("softmax", json!({ "activation": "softmax" }), 3),
        ("affine", json!({ "affine": { "scale": -1.5, "shift": 0.25 } }), 3),
        ("slice", json!({ "slice": { "start": 1, "size": 2 } }), 2),
        ("layerNorm", json!({ "layerNorm": { "gain": "gain", "bias": "shift" } }), 3),
        ("linear", json!({ "linear": { "weight": "w2", "bias": "b2", "rows": [1, 4] } }), 3),
        ("dropout", json!({ "dropout": { "rate": 0.0 } }), 3),
    ];
    for (name, op, size) in cases {
        for kind in [sequence(3), vector(3)] {
            let over_time = kind == sequence(3);
            let mut b = Builder::default();
            b.parameter("w", &[3, 3]).parameter("gain", &[3]).parameter("shift", &[3]);
            b.parameter("w2", &[5, 3]).parameter("b2", &[5]).parameter("w3", &[2, size]);
            b.node("x", kind, &[]);
            b.node("before", json!({ "linear": { "weight": "w" } }), &["x"]);
            b.node("node", op.clone(), &["before"]);
            b.node("after", json!({ "linear": { "weight": "w3" } }), &["node"]);
            b.output("output", "after").output("node", "node");
            let x = if over_time { ragged("x", 3) } else { given("x", 3, 2) };
            eprintln!("{name}");
            check_gradients(&b.graph(), &[x], &[]);
        }
    }
}

#[test]
fn pools_concat_and_sums_of_vectors_beside_sequences() {
    for pool in ["last", "mean", "max"] {
        let mut b = Builder::default();
        b.parameter("w", &[3, 3]);
        b.node("x", sequence(3), &[]).node("v", vector(3), &[]);
        b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]);
        b.node("sum", json!("add"), &["y", "v", "x", "y"]);
        b.node("product", json!("multiply"), &["sum", "v", "y"]);
        b.node("wide", json!("concat"), &["product", "v", "sum"]);
        b.node("pooled", json!(pool), &["wide"]);
        b.node("shifted", json!({ "shift": {} }), &["sum"]);
        b.node("begun", json!({ "shift": {} }), &["sum", "v"]);
        b.output("pooled", "pooled")
            .output("wide", "wide")
            .output("shifted", "shifted")
            .output("begun", "begun");
        check_gradients(&b.graph(), &[ragged("x", 3), given("v", 3, 4)], &[]);
    }
}

/// Only its own backward needs the pooled vector again: those behind it may lie where it lay, but not before.
#[test]
fn a_pool_before_vectors_of_its_size() {
    for pool in ["last", "mean", "max"] {
        let mut b = Builder::default();
        b.parameter("w", &[3, 3]).node("x", sequence(3), &[]);
        b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]).node("pooled", json!(pool), &["y"]);
        let mut from = "pooled".to_owned();
        for (i, function) in ["tanh", "sigmoid", "softmax", "tanh"].into_iter().enumerate() {
            let name = format!("f{i}");
            b.node(&name, json!({ "activation": function }), &[&from]);
            from = name;
        }
        check_gradients(&b.output("f", &from).graph(), &[ragged("x", 3)], &[]);
    }
}

#[test]
fn embeddings_of_tokens_shifted_and_not() {
    let mut b = Builder::default();
    b.parameter("table", &[6, 3]);
    b.node("t", tokens(6), &[]).node("one", json!({ "input": { "token": { "vocabulary": 6 } } }), &[]);
    b.node("delayed", json!({ "shift": { "start": 5 } }), &["t"]);
    b.node("a", json!({ "embedding": { "weight": "table", "padding": 2 } }), &["t"]);
    b.node("b", json!({ "embedding": { "weight": "table" } }), &["delayed"]);
    b.node("c", json!({ "embedding": { "weight": "table" } }), &["one"]);
    b.output("a", "a").output("b", "b").output("c", "c");
    let mut t = ids("t", &[5, 5], (0..25).map(|i| i * 7 % 6).collect());
    t.lengths = Some(LENGTHS.to_vec());
    check_gradients(&b.graph(), &[t, ids("one", &[5], vec![0, 5, 2, 2, 1])], &[]);
}

/// A layer-normalized LSTM with a context, a leaky state, and a state that is another one's past.
#[test]
fn a_cell_of_ones_own() {
    let mut b = Builder::default();
    b.parameter("ih", &[8, 5]).parameter("hh", &[8, 2]).parameter("gain", &[8]).parameter("bias", &[8]);
    b.parameter("mix", &[2, 4]);
    let linear = |weight: &str| json!({ "linear": { "weight": weight } });
    let body = json!({ "nodes": [
        node("x", json!({ "input": { "vector": { "size": 3 } } }), &[]),
        node("context", json!({ "input": { "vector": { "size": 2 } } }), &[]),
        node("h", json!({ "state": { "size": 2 } }), &[]),
        node("c", json!({ "state": { "size": 2 } }), &[]),
        node("past", json!({ "state": { "size": 2 } }), &[]),
        node("older", json!({ "state": { "size": 2 } }), &[]),
        node("in", json!("concat"), &["x", "context"]),
        node("pre", linear("ih"), &["in"]),
        node("rec", linear("hh"), &["h"]),
        node("sum", json!("add"), &["pre", "rec"]),
        node("normal", json!({ "layerNorm": { "gain": "gain", "bias": "bias" } }), &["sum"]),
        node("cell", json!("lstmGates"), &["normal", "c"]),
        node("both", json!("concat"), &["cell:h", "older"]),
        node("mixed", linear("mix"), &["both"]),
        node("tail", json!({ "activation": "tanh" }), &["cell:h"]),
    ], "outputs": [
        { "name": "h", "from": "mixed" }, { "name": "c", "from": "cell:c" },
        { "name": "past", "from": "h" }, { "name": "older", "from": "past" },
        { "name": "tail", "from": "tail" }, { "name": "in", "from": "in" }
    ] });
    b.node("x", sequence(3), &[]).node("v", vector(2), &[]);
    b.node("own", json!({ "scan": { "body": body, "initial": ["older"] } }), &["x", "v", "v"]);
    b.output("tail", "own:tail").output("past", "own:past").output("c", "own:c").output("in", "own:in");
    check_gradients(&b.graph(), &[ragged("x", 3), given("v", 2, 4)], &[given("own:past", 2, 8)]);
}

/// Output-to-hidden recurrence under teacher forcing has no loop left, and still the right gradients.
#[test]
fn a_delay_of_something_known_is_no_recurrence() {
    for reverse in [false, true] {
        let mut b = Builder::default();
        b.parameter("w", &[2, 6]);
        let body = json!({ "nodes": [
            node("x", json!({ "input": { "vector": { "size": 3 } } }), &[]),
            node("target", json!({ "input": { "vector": { "size": 3 } } }), &[]),
            node("previous", json!({ "state": { "size": 3 } }), &[]),
            node("in", json!("concat"), &["x", "previous"]),
            node("y", json!({ "linear": { "weight": "w" } }), &["in"]),
        ], "outputs": [{ "name": "y", "from": "y" }, { "name": "previous", "from": "target" }] });
        b.node("x", sequence(3), &[]).node("target", sequence(3), &[]);
        b.node("own", json!({ "scan": { "body": body, "reverse": reverse } }), &["x", "target"]);
        b.output("y", "own:y").output("previous", "own:previous");
        let graph = b.graph();
        let program = unrolled_core::program::Program::compile(&graph).unwrap();
        let looped = |i: &unrolled_core::program::Instruction| {
            matches!(i.op, unrolled_core::program::Operation::Recurrence(_))
        };
        assert!(!program.instructions.iter().any(looped));
        let inputs = [ragged("x", 3), ragged("target", 3)];
        check_gradients(&graph, &inputs, &[given("own:previous", 3, 8)]);
    }
}
