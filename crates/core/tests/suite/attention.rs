//! Laws of attention: slopes, the same bits under every tape, thread count and batch, and refusals.

use crate::support::decoders::{additive, along, attending, dot};
use crate::support::graphs::{Builder, vector};
use crate::support::runs::{Model, check_gradients, data, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

const QUERIES: [i32; 6] = [4, 1, 3, 0, 2, 5];
const MEMORY: [i32; 6] = [3, 5, 0, 2, 1, 4];

/// A decoder whose cell attends to the states of an encoder, and attends to them once more behind the loop.
fn decoder(score: &Value) -> Builder {
    let mut b = Builder::default();
    b.node("s", along(3, "source"), &[]).node("x", along(3, "target"), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]).parameter("out", &[4, 4]);
    attending(&mut b, score, 4, "e:output", "e:h");
    b.node("y", json!({ "linear": { "weight": "out" } }), &["again:context"]);
    b.output("y", "y").output("c", "d:context").output("h", "d:h");
    b
}

/// An attention of a sequence to itself.
fn own_axis() -> Builder {
    let mut b = Builder::default();
    b.parameter("v", &[3]).node("s", along(3, "source"), &[]);
    b.layer("e", "rnn_tanh", 0, "s", [3, 3], true, false, &[]);
    b.node("a", additive(), &["e:output", "s", "e:output"]).output("y", "a:context");
    b
}

/// A learned query over a whole sequence.
fn pooling() -> Builder {
    let mut b = Builder::default();
    b.parameter("v", &[3]).parameter("query", &[3]).node("s", along(3, "source"), &[]);
    b.node("q", json!({ "parameter": { "weight": "query" } }), &[]);
    b.node("a", additive(), &["q", "s"]).output("y", "a:context");
    b
}

fn inputs<E: Element>(b: &Builder) -> Vec<Tensor<E>> {
    let given = |name: &str, lengths: &[i32], time: usize, seed| {
        let mut tensor = values(name, &[6, time, 3], numbers(6 * time * 3, seed));
        tensor.lengths = Some(lengths.to_vec());
        tensor
    };
    let mut all = vec![given("s", &MEMORY, 5, 3), given("x", &QUERIES, 6, 4)];
    all.retain(|tensor| b.nodes.iter().any(|node| node["name"] == tensor.name));
    all
}

fn all() -> [(&'static str, Builder); 4] {
    [
        ("dot", decoder(&dot())),
        ("additive", decoder(&additive())),
        ("own axis", own_axis()),
        ("pooling", pooling()),
    ]
}

#[test]
fn gradients_are_slopes() {
    for (what, b) in all() {
        eprintln!("{what}");
        check_gradients(&b.graph(), &inputs(&b), &[]);
    }
}

#[test]
fn every_tape_gives_the_same_bits() {
    for (what, b) in all() {
        check_tapes(what, &b, &inputs(&b));
    }
}

/// More queries of a row than are handled together: however time is cut, the sums come in the same order, also those that
/// keys and values share.
#[test]
fn many_queries_of_a_row_have_the_bits_of_every_tape() {
    for shared in [false, true] {
        let mut b = Builder::default();
        b.parameter("wq", &[5, 3]).parameter("wk", &[5, 3]).parameter("wv", &[4, 3]);
        b.node("s", along(3, "source"), &[]).node("x", along(3, "target"), &[]);
        for (name, weight, from) in [("q", "wq", "x"), ("k", "wk", "s"), ("v", "wv", "s")] {
            b.node(name, json!({ "linear": { "weight": weight } }), &[from]);
        }
        let inputs = if shared { &["q", "k"][..] } else { &["q", "k", "v"] };
        b.node("a", dot(), inputs).output("y", "a:context");
        let given = |name: &str, lengths: [i32; 6], time: usize, seed| {
            let mut tensor = values(name, &[6, time, 3], numbers(6 * time * 3, seed));
            tensor.lengths = Some(lengths.to_vec());
            tensor
        };
        let inputs = [given("s", [9, 5, 0, 2, 1, 21], 21, 3), given("x", [37, 16, 17, 0, 1, 33], 37, 4)];
        check_tapes("many queries", &b, &inputs);
    }
}

/// Rows of a batch beside others, and padded, have the bits of each alone.
#[test]
fn a_row_alone_has_the_same_bits() {
    for (what, b) in all() {
        let together = Model::<f32>::new(&b.graph(), 2);
        let given = inputs::<f32>(&b);
        let found = together.forward(&together.batch(given.clone(), vec![]));
        for row in 0..6 {
            let own = given.iter().map(|tensor| {
                let [time, size] = [tensor.shape[1], tensor.shape[2]];
                let steps = tensor.lengths.as_ref().unwrap()[row] as usize;
                let numbers = data(tensor)[row * time * size..][..steps * size].to_vec();
                values(&tensor.name, &[1, steps, size], numbers)
            });
            let alone = Model::<f32>::new(&b.graph(), 1);
            let expected = alone.forward(&alone.batch(own.collect(), vec![]));
            for (found, expected) in found.outputs.iter().zip(&expected.outputs) {
                let width: usize = found.shape[1..].iter().product();
                let expected = bits(data(expected));
                assert_eq!(bits(data(found))[row * width..][..expected.len()], expected, "{what}, row {row}");
            }
        }
    }
}

/// The weights of a row sum to 1, and to nothing beyond its memory.
#[test]
fn weights_are_shares_of_a_row() {
    let mut b = decoder(&additive());
    b.output("w", "again:weights");
    let model = Model::<f64>::new(&b.graph(), 2);
    let run = model.forward(&model.batch(inputs(&b), vec![]));
    let weights = run.outputs.iter().find(|output| output.name == "w").unwrap();
    assert_eq!(weights.shape, [6, 6, 5]);
    for (row, (&queries, &memory)) in QUERIES.iter().zip(&MEMORY).enumerate() {
        for t in 0..6 {
            let own = &data(weights)[(row * 6 + t) * 5..][..5];
            let (valid, rest) = own.split_at(memory as usize);
            assert!(rest.iter().all(|&x| x == 0.0), "row {row}, step {t}");
            let expected = if t < queries as usize && memory > 0 { 1.0 } else { 0.0 };
            assert!((valid.iter().sum::<f64>() - expected).abs() < 1e-12, "row {row}, step {t}");
        }
    }
}

fn refused(b: &Builder) -> unrolled_core::Error {
    Program::compile(&b.graph()).unwrap_err()
}

#[test]
fn a_memory_that_does_not_fit_is_refused() {
    let node = |inputs: &[&str], score: Value| {
        let mut b = Builder::default();
        b.parameter("v", &[4]);
        b.node("q", along(3, "target"), &[]).node("s", along(3, "source"), &[]);
        b.node("wide", along(4, "source"), &[]).node("other", along(3, "third"), &[]);
        b.node("vector", vector(3), &[]);
        b.node("a", score, inputs).output("y", "a:context");
        refused(&b)
    };
    let cases: [(&[&str], Value, Code, &str); 7] = [
        (&["q"], dot(), Code::Graph, "expected a query, keys and at most one sequence of values, received 1"),
        (&["q", "s", "s", "s"], dot(), Code::Graph, "received 4 inputs"),
        (&["q", "vector"], dot(), Code::Kind, "expected a sequence to attend to, received vector[3]"),
        (&["q", "wide"], dot(), Code::Shape, "expected keys of the query's 3 features"),
        (&["q", "s", "other"], dot(), Code::Kind, "expected values on one axis"),
        (&["q", "s"], additive(), Code::Shape, "expected parameter 'v' of shape [3]"),
        (
            &["q", "s"],
            json!({ "attention": { "score": { "dot": { "scale": 1e300 } } } }),
            Code::Argument,
            "expected scale",
        ),
    ];
    for (inputs, score, code, message) in cases {
        let error = node(inputs, score);
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}

/// A loop reads whole what lies on another axis; weights enter no node.
#[test]
fn a_loop_does_not_attend_to_its_own_axis() {
    let mut b = decoder(&dot());
    let scan = b.nodes.iter_mut().find(|node| node["name"] == "d").unwrap();
    scan["op"]["scan"]["body"]["nodes"][1]["op"] = along(4, "target");
    assert!(refused(&b).message.contains("expected sequence[target, 4] of another axis than the loop's"));
    let mut b = decoder(&dot());
    let scan = b.nodes.iter_mut().find(|node| node["name"] == "d").unwrap();
    scan["op"]["scan"]["body"]["nodes"][5]["inputs"] = json!(["q", "h"]);
    assert!(refused(&b).message.contains("expected a sequence of another axis than the loop's to attend to"));
    let mut b = decoder(&dot());
    b.node("sum", json!("sum"), &["again:weights"]).output("w", "sum");
    let error = refused(&b);
    assert_eq!(error.code, Code::Kind);
    assert!(error.message.contains("expected numbers, received alignment[target, source]"), "{error}");
}
