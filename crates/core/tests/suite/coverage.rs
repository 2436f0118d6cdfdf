//! Laws of attention with coverage: slopes, the same bits under every tape, thread count and batch, and refusals.

use crate::support::backward::Backward;
use crate::support::graphs::{Builder, vector};
use crate::support::runs::{Model, check_gradients, data, looped, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::program::{Instruction, Operation, Program, Tape};
use unrolled_core::storage::{RngKey, Tensor};
use unrolled_kernels::Element;

const QUERIES: [i32; 6] = [4, 1, 3, 0, 2, 5];
const MEMORY: [i32; 6] = [3, 5, 0, 2, 1, 4];

fn sequence(size: usize, axis: &str) -> Value {
    json!({ "input": { "sequence": { "size": size, "axis": axis } } })
}

fn covering() -> Value {
    json!({ "attention": { "score": { "additive": { "weight": "v", "coverage": "wc" } } } })
}

/// A decoder that looks at the states of an encoder. It asks with the value `asks` of its body, and its context enters the
/// step unless only the reader does so.
pub fn decoder(asks: &str, reverse: bool) -> Builder {
    let mut b = Builder::default();
    b.parameter("wk", &[5, 4]).parameter("wq", &[5, 4]).parameter("v", &[5]).parameter("wc", &[5]);
    b.parameter("wx", &[4, if asks == "n" { 4 } else { 8 }]).parameter("wh", &[4, 4]);
    b.node("s", sequence(3, "source"), &[]).node("x", sequence(4, "target"), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]);
    let step = if asks == "n" { json!(["x"]) } else { json!(["x", "a:context"]) };
    let body = json!([
        { "name": "x", "op": vector(4), "inputs": [] },
        { "name": "m", "op": sequence(4, "source"), "inputs": [] },
        { "name": "h", "op": { "state": { "size": 4 } }, "inputs": [] },
        { "name": "k", "op": { "linear": { "weight": "wk" } }, "inputs": ["m"] },
        { "name": "q", "op": { "linear": { "weight": "wq" } }, "inputs": [asks] },
        { "name": "a", "op": covering(), "inputs": ["q", "k", "m"] },
        { "name": "c", "op": "concat", "inputs": step },
        { "name": "p", "op": { "linear": { "weight": "wx" } }, "inputs": ["c"] },
        { "name": "r", "op": { "linear": { "weight": "wh" } }, "inputs": ["h"] },
        { "name": "z", "op": "add", "inputs": ["p", "r"] },
        { "name": "n", "op": { "activation": "tanh" }, "inputs": ["z"] },
    ]);
    let ports = [("h", "n"), ("output", "n"), ("context", "a:context"), ("loss", "a:coverageLoss")];
    let outputs = ports.map(|(name, from)| json!({ "name": name, "from": from }));
    let body = json!({ "nodes": body, "outputs": outputs });
    let scan = json!({ "scan": { "initial": ["h"], "reverse": reverse, "body": body } });
    b.node("d", scan, &["x", "e:output", "e:h"]);
    b.output("y", "d:output").output("c", "d:context").output("l", "d:loss").output("h", "d:h");
    b
}

/// A layer in the other direction reads the contexts, which no state waits for.
fn read_backwards() -> Builder {
    let mut b = decoder("n", false);
    b.layer("back", "gru", 1, "d:context", [4, 12], true, true, &[]).output("back", "back:output");
    b
}

/// Of the outputs of a decoder the loss alone.
fn loss_alone(asks: &str) -> Builder {
    let mut b = decoder(asks, false);
    b.outputs.retain(|output| output["name"] == "l");
    b
}

fn all() -> [(&'static str, Builder); 8] {
    [
        ("inside", decoder("h", false)),
        ("backwards", decoder("h", true)),
        ("before", decoder("x", false)),
        ("before, backwards", decoder("x", true)),
        ("after", decoder("n", false)),
        ("after, backwards", decoder("n", true)),
        ("read backwards", read_backwards()),
        ("loss", loss_alone("h")),
    ]
}

/// The inputs of so many rows, with `times` as many queries.
pub fn inputs<E: Element>(rows: usize, times: usize) -> Vec<Tensor<E>> {
    let given = |name: &str, lengths: &[i32], times: usize, size: usize, seed| {
        let time = 5 * times;
        let mut tensor = values(name, &[rows, time, size], numbers(rows * time * size, seed));
        let lengths = lengths.iter().cycle().take(rows).map(|&n| n * times as i32);
        tensor.lengths = Some(lengths.collect());
        tensor
    };
    vec![given("s", &MEMORY, 1, 3, 3), given("x", &QUERIES, times, 4, 4)]
}

#[test]
fn gradients_are_slopes() {
    for (what, b) in all() {
        eprintln!("{what}");
        check_gradients(&b.graph(), &inputs(6, 1), &[]);
    }
}

/// An attention that no state waits for leaves the loop, and its steps follow one another there too.
#[test]
fn what_waits_for_no_state_is_not_in_the_loop() {
    for (asks, inside) in [("h", true), ("x", false), ("n", false)] {
        let nodes = looped(&decoder(asks, false).graph());
        assert_eq!(nodes.iter().any(|node| node == "d.a"), inside, "{asks}: {nodes:?}");
    }
}

/// Its section takes time in its direction, whatever reads it.
#[test]
fn a_coverage_has_the_direction_of_its_loop() {
    for (what, b) in all() {
        let program = Program::compile(&b.graph()).unwrap();
        let covers = |i: &Instruction| matches!(i.op, Operation::Coverage(_));
        let inside = |i: &Instruction| match &i.op {
            Operation::Recurrence(recurrence) => recurrence.body.iter().any(covers),
            _ => covers(i),
        };
        let index = program.instructions.iter().position(inside).unwrap();
        let section = &program.sections[program.section_of(index).unwrap()];
        assert_eq!(section.reverse, what.ends_with(", backwards") || what == "backwards", "{what}");
    }
}

/// A second run with the storage of the first, other numbers in it.
#[test]
fn gradients_begin_anew() {
    for (what, b) in all() {
        let (graph, inputs) = (b.graph(), inputs::<f64>(6, 1));
        let model = Model::<f64>::new(&graph, 1);
        let batch = model.batch(inputs, Vec::new());
        let upstream = model.upstream(&batch);
        let outputs: Vec<&str> = model.program.outputs.iter().map(|port| port.name.as_str()).collect();
        let mut backward = Backward::new(&graph, &outputs, Tape::Whole, model.kernels);
        let mut run = || {
            let mut gradients = vec![0.0; model.program.layout.total()];
            let key = RngKey::default();
            backward.run(&model.weights, &batch, &upstream, key, &model.pool, &mut gradients).unwrap();
            gradients
        };
        assert_eq!(run(), run(), "{what}");
    }
}

/// Segments cut the coverage of a row at 16 steps, and threads share two groups of rows.
#[test]
fn every_tape_gives_the_same_bits() {
    for (what, b) in all() {
        check_tapes(what, &b, &inputs(20, 8));
    }
}

/// Rows of a batch beside others, and padded, have the bits of each alone.
#[test]
fn a_row_alone_has_the_same_bits() {
    for (what, b) in all() {
        let together = Model::<f32>::new(&b.graph(), 2);
        let given = inputs::<f32>(6, 8);
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

/// The loss of the first step is 0, and of each step at most 1: no more is looked at than there are weights.
#[test]
fn the_loss_is_what_is_looked_at_again() {
    for reverse in [false, true] {
        let b = decoder("h", reverse);
        let model = Model::<f64>::new(&b.graph(), 2);
        let run = model.forward(&model.batch(inputs(6, 1), vec![]));
        let loss = data(run.outputs.iter().find(|output| output.name == "l").unwrap());
        for (row, (&queries, &memory)) in QUERIES.iter().zip(&MEMORY).enumerate() {
            for t in 0..queries as usize {
                let x = loss[row * 5 + t];
                let first = if reverse { t + 1 == queries as usize } else { t == 0 };
                match first || memory == 0 {
                    true => assert_eq!(x, 0.0, "row {row}, step {t}"),
                    // A memory of one step is looked at whole at each.
                    false if memory == 1 => assert_eq!(x, 1.0, "row {row}, step {t}"),
                    false => assert!(x > 0.0 && x < 1.0 + 1e-12, "row {row}, step {t}: {x}"),
                }
            }
        }
    }
}

fn refused(b: &Builder) -> unrolled_core::Error {
    Program::compile(&b.graph()).unwrap_err()
}

/// Changes the attention in the body of a decoder.
fn changed(change: impl FnOnce(&mut Value)) -> unrolled_core::Error {
    let mut b = decoder("h", false);
    let scan = b.nodes.iter_mut().find(|node| node["name"] == "d").unwrap();
    change(&mut scan["op"]["scan"]["body"]["nodes"]);
    refused(&b)
}

#[test]
fn what_has_no_steps_to_remember_is_refused() {
    let mut b = decoder("h", false);
    b.parameter("v4", &[4]).parameter("wc4", &[4]);
    let score = json!({ "additive": { "weight": "v4", "coverage": "wc4" } });
    b.node("again", json!({ "attention": { "score": score } }), &["d:output", "e:output"]);
    let error = refused(&b);
    assert_eq!(error.code, Code::Graph);
    let expected =
        "node 'again': expected an attention with coverage in a scan's body, received one in the graph";
    assert_eq!(error.message, expected);
    let error = changed(|nodes| nodes[1]["op"] = sequence(4, "target"));
    assert!(error.message.contains("of another axis than the loop's"), "{error}");
    let error = changed(|nodes| nodes[5]["op"]["attention"]["score"]["additive"]["coverage"] = json!("wk"));
    assert_eq!(error.code, Code::Shape);
    assert!(error.message.contains("expected parameter 'wk' of rank 1"), "{error}");
    let error = changed(|nodes| nodes[5]["op"]["attention"]["score"]["additive"]["coverage"] = json!("none"));
    assert!(error.message.contains("expected one of the graph's parameters, received 'none'"), "{error}");
}

/// A dot score has no place for a coverage.
#[test]
fn a_dot_score_covers_nothing() {
    let score = json!({ "dot": { "scale": 1.0, "coverage": "wc" } });
    let text = json!({ "name": "a", "op": { "attention": { "score": score } }, "inputs": [] }).to_string();
    let error = serde_json::from_str::<unrolled_core::graph::Node>(&text).unwrap_err();
    assert!(error.to_string().contains("unknown field `coverage`"), "{error}");
}

/// Without a state there is no loop, and steps from the last to the first are no session all the same.
#[test]
fn backwards_there_are_no_steps_of_a_session() {
    let looks = |reverse: bool| {
        let mut b = Builder::default();
        b.parameter("v", &[4]).parameter("wc", &[4]);
        b.node("s", sequence(4, "source"), &[]).node("x", sequence(4, "target"), &[]);
        let body = json!([
            { "name": "x", "op": vector(4), "inputs": [] },
            { "name": "m", "op": sequence(4, "source"), "inputs": [] },
            { "name": "a", "op": covering(), "inputs": ["x", "m"] },
        ]);
        let body = json!({ "nodes": body, "outputs": [{ "name": "c", "from": "a:context" }] });
        b.node("d", json!({ "scan": { "reverse": reverse, "body": body } }), &["x", "s"]).output("y", "d:c");
        Program::compile(&b.graph()).unwrap().stepped("session", Some("target"), None)
    };
    let names: Vec<String> =
        looks(false).unwrap().step.states.iter().map(|state| state.name.clone()).collect();
    assert_eq!(names, ["d.a:coverage"]);
    let error = looks(true).unwrap_err();
    assert_eq!(error.code, Code::Argument);
    assert!(error.message.ends_with("one whose node 'd.a' reads backwards in time"), "{error}");
}
