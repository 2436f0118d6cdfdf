//! Forests that are none, and graphs that mix trees and sequences.

use serde_json::json;
use unrolled_core::program::Program;

use crate::support::graphs::Builder;
use crate::support::trees::{INPUT, SIZE, by_place, inputs, plain_tree, with_root};

#[test]
fn forests_that_are_none_are_refused_by_row_and_node() {
    let refused = |b: &Builder, forests: &[&[i32]]| {
        let program = Program::compile(&b.graph()).unwrap();
        unrolled_core::storage::Batch::new(&program, inputs::<f64>(forests, 1), vec![]).unwrap_err().message
    };
    let b = with_root(plain_tree());
    let cases: [(&[i32], &str); 5] = [
        (&[-1, 0, 3], "received 3 of node 2"),
        (&[-1, -2], "received -2 of node 1"),
        (&[-1, 2, 3, 1], "a cycle through node 1"),
        (&[0], "a cycle through node 0"),
        (&[1, -1, -1], "expected one root, received the nodes 1 and 2"),
    ];
    for (forest, words) in cases {
        let message = refused(&b, &[&[-1, 0], forest]);
        assert!(message.contains(words) && message.contains("row 1"), "{message}");
    }
    let message = refused(&by_place(), &[&[-1, 0, 0, 0, 0]]);
    assert!(message.contains("expected at most 3 children, received 4 of node 0"), "{message}");
}

#[test]
fn graphs_that_mix_trees_and_sequences_are_refused() {
    let refused = |change: &dyn Fn(&mut Builder)| {
        let mut b = plain_tree();
        change(&mut b);
        Program::compile(&b.graph()).unwrap_err().message
    };
    let words = |message: String, expected: &str| assert!(message.contains(expected), "{message}");
    words(refused(&|b| _ = b.nodes.remove(0)), "which has no parents: scan it");
    words(refused(&|b| _ = b.node("l", json!("last"), &["fold:h"])), "take its root");
    words(refused(&|b| _ = b.node("s", json!({ "shift": {} }), &["x"])), "a fold sees the children");
    words(refused(&|b| _ = b.node("s", json!("sumOfChildren"), &["x"])), "in the body of a fold");
    words(
        refused(&|b| {
            b.nodes.push(b.nodes[0].clone());
            b.nodes[3]["name"] = json!("other");
        }),
        "received two",
    );
    words(
        refused(&|b| b.nodes[2]["op"]["fold"]["body"]["outputs"][0]["from"] = json!("h")),
        "sum it over the children",
    );
    words(refused(&|b| _ = b.layer("rnn", "rnn_tanh", 0, "x", [INPUT, SIZE], true, false, &[])), "fold it");
}
