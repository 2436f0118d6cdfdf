//! Folds upon folds, beside loops along time, and with attention inside and outside of their loop.

use serde_json::{Value, json};
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use crate::support::graphs::{Builder, node};
use crate::support::runs::{Model, check_gradients, data, numbers, values};
use crate::support::tapes::check_tapes;
use crate::support::trees::{
    FORESTS, INPUT, SIZE, act, child_sum, inputs, linear, many, own, padded, state, sum,
};

/// A fold upon a fold, a sequence beside them that attends to the nodes, and the parts of an axis that loops do not see:
/// softmax and means over the nodes, a state that no child decides, dropout.
fn beside(dropped: Value) -> Builder {
    let mut b = child_sum();
    let nodes = vec![
        node("x", json!({ "input": { "vector": { "size": SIZE } } }), &[]),
        state("h"),
        state("seen"),
        sum("below", "h"),
        sum("kinds", "seen"),
        node("rec", linear("again", None), &["below"]),
        node("both", json!("add"), &["x", "rec", "kinds"]),
        act("next", "tanh", "both"),
        act("own", "sigmoid", "x"),
    ];
    let outputs = json!([{ "name": "h", "from": "next" }, { "name": "seen", "from": "own" }]);
    b.parameter("again", &[SIZE, SIZE]);
    b.node("upper", json!({ "fold": { "body": { "nodes": nodes, "outputs": outputs } } }), &["fold:h"]);
    b.node("dropped", dropped, &["upper:h"]);
    b.node("shares", json!("softmaxOverTime"), &["dropped"]);
    b.node("mean", json!("mean"), &["dropped"]);
    b.node("s", json!({ "input": { "sequence": { "size": SIZE } } }), &[]);
    b.layer("rnn", "gru", 0, "s", [SIZE, SIZE], true, false, &[]);
    let score = json!({ "attention": { "score": { "dot": { "scale": 0.7 } } } });
    b.node("look", score.clone(), &["rnn:output", "upper:h"]);
    b.node("back", score, &["dropped", "rnn:output"]);
    b.output("shares", "shares").output("mean", "mean").output("look", "look:context");
    b.output("back", "back:context").output("end", "rnn:h");
    b
}

/// Forests and, for each, a sequence.
fn with_sequences<E: Element>(forests: &[&[i32]], time: usize) -> Vec<Tensor<E>> {
    let mut given = inputs(forests, 5);
    let rows = forests.len();
    let mut s = values("s", &[rows, time, SIZE], numbers(rows * time * SIZE, 8));
    s.lengths = Some((0..rows).map(|row| (row * 7 % (time + 1)) as i32).collect());
    given.push(s);
    given
}

/// Attention that each child asks for: of its state, before, inside and after the loop.
fn asked_by_children(asks: &str, inside: bool) -> Builder {
    let additive = json!({ "attention": { "score": { "additive": { "weight": "v" } } } });
    let nodes = vec![
        own(),
        node("s", json!({ "input": { "sequence": { "size": SIZE, "axis": "time" } } }), &[]),
        state("h"),
        node("pre", linear("w", None), &["x"]),
        node("both", json!("add"), &["pre", "h"]),
        node("look", additive, &[asks, "s"]),
        sum("found", "look:context"),
        sum("below", "h"),
        node("rest", linear("u", None), &[if inside { "found" } else { "below" }]),
        node("all", json!("add"), &["pre", "rest"]),
        act("next", "tanh", "all"),
    ];
    let outputs = json!([{ "name": "h", "from": "next" }, { "name": "found", "from": "found" }]);
    let mut b = Builder::default();
    b.parameter("w", &[SIZE, INPUT]).parameter("u", &[SIZE, SIZE]).parameter("v", &[SIZE]);
    b.node("tree", json!({ "input": { "forest": { "axis": "tree" } } }), &[]);
    b.node("x", json!({ "input": { "sequence": { "size": INPUT, "axis": "tree" } } }), &[]);
    b.node("s", json!({ "input": { "sequence": { "size": SIZE } } }), &[]);
    b.node("fold", json!({ "fold": { "body": { "nodes": nodes, "outputs": outputs } } }), &["x", "s"]);
    b.output("y", "fold:h").output("found", "fold:found");
    b
}

#[test]
fn children_attend_inside_and_outside_of_their_loop() {
    let given = padded(with_sequences(&FORESTS, 4));
    let forward = |b: &Builder| {
        let model = Model::<f64>::new(&b.graph(), 2);
        let found = model.forward(&model.batch(given.clone(), vec![]));
        (data(&found.outputs[0]).to_vec(), data(&found.outputs[1]).to_vec())
    };
    for (asks, inside) in [("both", true), ("both", false), ("h", false)] {
        check_gradients(&asked_by_children(asks, inside).graph(), &given, &[]);
    }
    // A further reader of what is found keeps the attention in the loop.
    let outside = asked_by_children("both", false);
    let mut kept = outside.clone();
    let body = &mut kept.nodes[3]["op"]["fold"]["body"]["nodes"];
    body.as_array_mut().unwrap().push(node(
        "none",
        json!({ "affine": { "scale": 0.0, "shift": 0.0 } }),
        &["found"],
    ));
    body.as_array_mut().unwrap().push(node("same", json!("add"), &["all", "none"]));
    body[10]["inputs"] = json!(["same"]);
    assert_eq!(forward(&kept), forward(&outside));
}

#[test]
fn folds_stand_beside_loops_along_time() {
    let kept = beside(json!({ "affine": { "scale": 1.0, "shift": 0.0 } }));
    check_gradients(&kept.graph(), &padded(with_sequences(&FORESTS, 4)), &[]);
    let forests = many();
    let forests: Vec<&[i32]> = forests.iter().map(|forest| &forest[..]).collect();
    let noisy = beside(json!({ "dropout": { "rate": 0.3 } }));
    check_tapes("beside", &noisy, &with_sequences(&forests, 70));
}
