//! Programs that can be cut in time, and those that need a sequence whole.

use serde_json::json;
use unrolled_core::Code;
use unrolled_core::program::Program;

use crate::support::cells::cell_from;
use crate::support::graphs::{Builder, sequence, tokens, vector};

/// A linear map of a sequence, which any cut leaves as it is.
fn linear() -> Builder {
    let mut b = Builder::default();
    b.parameter("w", &[2, 3]).node("x", sequence(3), &[]);
    b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "y");
    b
}

#[test]
fn what_needs_a_sequence_whole_is_not_cut() {
    let rnn = |b: &mut Builder, reverse: bool, initial: &[&str]| {
        b.layer("a", "rnn_tanh", 0, "x", [3, 2], true, reverse, initial);
    };
    let slice = json!({ "slice": { "start": 0, "size": 2 } });
    let (backwards, initial) =
        ("reads backwards in time", "begins each chunk with an initial state from the graph");
    let first = "begins each chunk with a first step from the graph";
    let pools = "pools over the whole sequence";
    for (reason, wire, edit) in [
        ((backwards, "a"), "a:output", &(|b: &mut Builder| rnn(b, true, &[])) as &dyn Fn(&mut Builder)),
        ((initial, "a"), "a:output", &|b| rnn(b, false, &["h0"])),
        ((first, "z"), "z", &|b| {
            b.node("z", json!({ "shift": {} }), &["x", "v"]);
        }),
        ((pools, "z"), "z", &|b| {
            b.node("z", json!("mean"), &["x"]);
        }),
        ((pools, "z"), "z", &|b| {
            b.node("z", json!("max"), &["x"]);
        }),
        // What the last step decides at every step: straight, through other nodes, and as an initial state.
        (("reads at each step 'end'", "z"), "z", &|b| {
            b.node("end", json!("last"), &["x"]).node("z", json!("add"), &["x", "end"]);
        }),
        (("reads at each step 'more'", "z"), "z", &|b| {
            rnn(b, false, &[]);
            b.node("more", json!({ "activation": "tanh" }), &["a:h"]).node("part", slice.clone(), &["x"]);
            b.node("z", json!("multiply"), &["part", "more"]);
        }),
        ((initial, "b"), "b:output", &|b| {
            rnn(b, false, &[]);
            b.layer("b", "rnn_tanh", 1, "x", [3, 2], true, false, &["a:h"]);
        }),
    ] {
        let mut b = linear();
        b.node("h0", vector(2), &[]).node("v", vector(3), &[]);
        edit(&mut b);
        let dead = Program::compile(&b.graph()).unwrap();
        b.output("z", wire);
        let error = Program::compile(&b.graph()).unwrap().check_divisible("carry").unwrap_err();
        assert_eq!(error.code, Code::Argument);
        assert!(error.message.contains(&format!("node '{}' {}", reason.1, reason.0)), "{error}");
        // A node that no output and no state depends on does not matter.
        assert!(wire != "z" || dead.indivisible().is_none(), "{reason:?}");
    }
    // Of two states one is the model's own, the other begins with a vector of the graph.
    let lstm = "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h";
    for state in ["h", "c"] {
        let half = Program::compile(&cell_from(lstm, false, &[state]).graph()).unwrap();
        assert!(half.indivisible().is_some_and(|reason| reason.starts_with("node 'a' begins")), "{state}");
    }
}

#[test]
fn what_goes_on_from_its_states_is_cut() {
    for edit in [
        &(|b: &mut Builder| {
            b.layer("a", "rnn_tanh", 0, "x", [3, 2], true, false, &[]).node(
                "end",
                json!("last"),
                &["a:output"],
            );
        }) as &dyn Fn(&mut Builder),
        &|b| {
            b.node("late", json!({ "shift": {} }), &["x"]);
        },
        &|b| {
            let embedding = json!({ "embedding": { "weight": "e", "padding": null } });
            b.node("t", tokens(4), &[]).node("late", json!({ "shift": { "start": 1 } }), &["t"]);
            b.parameter("e", &[4, 2]).node("z", embedding, &["late"]).output("z", "z");
        },
        // The state after the last step as an output, and vectors that no step makes at every step.
        &|b| {
            b.layer("a", "gru", 0, "x", [3, 3], true, false, &[]).node("v", vector(3), &[]);
            b.node("both", json!("add"), &["a:output", "v"]).output("end", "a:h");
        },
    ] {
        let mut b = linear();
        edit(&mut b);
        Program::compile(&b.graph()).unwrap().check_divisible("carry").unwrap();
    }
}
