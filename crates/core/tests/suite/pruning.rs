//! Values that no output and no last state needs are not computed.

use crate::support::graphs::{Builder, sequence, vector};
use crate::support::runs::{Model, data, looped, numbers, values};
use crate::support::tapes::bits;
use serde_json::json;
use unrolled_core::program::Program;

/// A loop with a gate that only `gate` reads, and a linear map that nobody reads.
fn graph(read: bool) -> Builder {
    let mut b = Builder::default();
    b.parameter("u", &[3, 3]).parameter("w", &[3, 3]).parameter("g", &[2, 3]).parameter("idle", &[4, 3]);
    b.node("x", sequence(3), &[]);
    let body = json!([
        { "name": "x", "op": vector(3), "inputs": [] },
        { "name": "h", "op": { "state": { "size": 3 } }, "inputs": [] },
        { "name": "p", "op": { "linear": { "weight": "w" } }, "inputs": ["x"] },
        { "name": "r", "op": { "linear": { "weight": "u" } }, "inputs": ["h"] },
        { "name": "s", "op": "add", "inputs": ["p", "r"] },
        { "name": "n", "op": { "activation": "tanh" }, "inputs": ["s"] },
        { "name": "gate", "op": { "linear": { "weight": "g" } }, "inputs": ["h"] },
    ]);
    let outputs = [("h", "n"), ("output", "n"), ("gate", "gate")];
    let outputs = outputs.map(|(name, from)| json!({ "name": name, "from": from }));
    b.node("a", json!({ "scan": { "body": { "nodes": body, "outputs": outputs } } }), &["x"]);
    b.node("idle", json!({ "linear": { "weight": "idle" } }), &["a:output"]);
    b.output("y", "a:output");
    if read {
        b.output("gate", "a:gate").output("idle", "idle");
    }
    b
}

fn nodes(b: &Builder) -> Vec<String> {
    let program = Program::compile(&b.graph()).unwrap();
    let outer = program.instructions.iter().map(|instruction| instruction.node.clone());
    outer.chain(looped(&b.graph())).collect()
}

#[test]
fn what_nobody_reads_is_not_in_the_program() {
    let (all, needed) = (nodes(&graph(true)), nodes(&graph(false)));
    for node in ["idle", "a.gate"] {
        assert!(all.iter().any(|name| name == node), "{all:?}");
        assert!(needed.iter().all(|name| name != node), "{needed:?}");
    }
    assert!(needed.iter().any(|name| name == "a.n"), "{needed:?}");
}

#[test]
fn the_rest_has_the_same_bits() {
    let [all, needed] = [true, false].map(|read| Model::<f32>::new(&graph(read).graph(), 1));
    let x = || values("x", &[3, 4, 3], numbers(36, 5));
    let [first, second] = [&all, &needed].map(|model| model.forward(&model.batch(vec![x()], vec![])));
    assert_eq!(bits(data(&first.outputs[0])), bits(data(&second.outputs[0])));
    assert_eq!(bits(data(&first.states[0])), bits(data(&second.states[0])));
    let batch = needed.batch(vec![x()], vec![]);
    let (gradients, _) = needed.gradient(&batch, &needed.upstream(&batch));
    let layout = &needed.program.layout;
    for (name, learns) in [("u", true), ("w", true), ("g", false), ("idle", false)] {
        let own = &gradients[layout.find(name).unwrap().range()];
        assert_eq!(own.iter().any(|&x| x != 0.0), learns, "{name}");
    }
}
