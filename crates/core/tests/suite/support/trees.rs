//! Forests, graphs that fold them up, and the bits of what they give.

use serde_json::{Value, json};
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use super::graphs::{Builder, node};
use super::runs::{Model, data, ids, numbers, values};

pub const SIZE: usize = 3;
pub const INPUT: usize = 2;

/// Unlike trees: a leaf alone, none at all, a root over three leaves, one of five levels with nodes in any order, a forest of two.
pub const FORESTS: [&[i32]; 6] =
    [&[-1], &[], &[-1, 0, 0, 0], &[3, 3, 1, -1, 2, 1, 4, 3, 7], &[-1, -1, 0, 1, 0], &[1, 2, 3, -1]];

/// The parents, and numbers for each node.
pub fn inputs<E: Element>(forests: &[&[i32]], seed: u64) -> Vec<Tensor<E>> {
    let nodes: usize = forests.iter().map(|forest| forest.len()).sum();
    let most = forests.iter().map(|forest| forest.len()).max().unwrap_or(0);
    let lengths: Vec<i32> = forests.iter().map(|forest| forest.len() as i32).collect();
    let mut parents = ids("tree", &[forests.len(), most], forests.concat());
    let mut x = values("x", &[forests.len(), most, INPUT], numbers(nodes * INPUT, seed));
    (parents.lengths, x.lengths) = (Some(lengths.clone()), Some(lengths));
    vec![parents, x]
}

/// The same numbers with room for padding, as gradients of inputs lie.
pub fn padded(mut given: Vec<Tensor<f64>>) -> Vec<Tensor<f64>> {
    let x = &mut given[1];
    let (lengths, time) = (x.lengths.clone().unwrap(), x.shape[1]);
    let mut packed = data(x).chunks(INPUT);
    let mut all = Vec::new();
    for &length in &lengths {
        all.extend(packed.by_ref().take(length as usize).flatten());
        all.extend(vec![0.0; (time - length as usize) * INPUT]);
    }
    *x = Tensor { lengths: Some(lengths), ..values("x", &x.shape.clone(), all) };
    given
}

/// A graph whose fold has this body.
pub fn fold(parameters: &[(&str, &[usize])], nodes: Vec<Value>, outputs: Value) -> Builder {
    let mut b = Builder::default();
    parameters.iter().for_each(|(name, shape)| {
        b.parameter(name, shape);
    });
    b.node("tree", json!({ "input": { "forest": { "axis": "tree" } } }), &[]);
    b.node("x", json!({ "input": { "sequence": { "size": INPUT, "axis": "tree" } } }), &[]);
    b.node("fold", json!({ "fold": { "body": { "nodes": nodes, "outputs": outputs } } }), &["x"]);
    b
}

pub fn linear(weight: &str, bias: Option<&str>) -> Value {
    json!({ "linear": { "weight": weight, "bias": bias } })
}

pub fn own() -> Value {
    node("x", json!({ "input": { "vector": { "size": INPUT } } }), &[])
}

pub fn state(name: &str) -> Value {
    node(name, json!({ "state": { "size": SIZE } }), &[])
}

pub fn sum(name: &str, of: &str) -> Value {
    node(name, json!("sumOfChildren"), &[of])
}

pub fn act(name: &str, function: &str, of: &str) -> Value {
    node(name, json!({ "activation": function }), &[of])
}

/// h = tanh(W x + b + U Σ h).
pub fn plain_tree() -> Builder {
    let nodes = vec![
        own(),
        state("h"),
        node("pre", linear("w", Some("b")), &["x"]),
        sum("below", "h"),
        node("rec", linear("u", None), &["below"]),
        node("both", json!("add"), &["pre", "rec"]),
        act("next", "tanh", "both"),
    ];
    let parameters: [(&str, &[usize]); 3] = [("w", &[SIZE, INPUT]), ("b", &[SIZE]), ("u", &[SIZE, SIZE])];
    let mut b = fold(&parameters, nodes, json!([{ "name": "h", "from": "next" }]));
    b.output("y", "fold:h");
    b
}

/// The child-sum Tree-LSTM (Tai et al., 2015, equations 2 to 8).
pub fn child_sum() -> Builder {
    let slice = |i: usize| json!({ "slice": { "start": i * SIZE, "size": SIZE } });
    let nodes = vec![
        own(),
        state("h"),
        state("c"),
        sum("below", "h"),
        node("pre", linear("w", Some("b")), &["x"]),
        node("rec", linear("u", None), &["below"]),
        node("gates", json!("add"), &["pre", "rec"]),
        node("i_pre", slice(0), &["gates"]),
        act("i", "sigmoid", "i_pre"),
        node("o_pre", slice(1), &["gates"]),
        act("o", "sigmoid", "o_pre"),
        node("u_pre", slice(2), &["gates"]),
        act("g", "tanh", "u_pre"),
        node("f_own", linear("wf", Some("bf")), &["x"]),
        node("f_rec", linear("uf", None), &["h"]),
        node("f_pre", json!("add"), &["f_own", "f_rec"]),
        act("f", "sigmoid", "f_pre"),
        node("kept", json!("multiply"), &["f", "c"]),
        sum("held", "kept"),
        node("new", json!("multiply"), &["i", "g"]),
        node("cell", json!("add"), &["new", "held"]),
        act("shown", "tanh", "cell"),
        node("next", json!("multiply"), &["o", "shown"]),
    ];
    let parameters: [(&str, &[usize]); 6] = [
        ("w", &[3 * SIZE, INPUT]),
        ("b", &[3 * SIZE]),
        ("u", &[3 * SIZE, SIZE]),
        ("wf", &[SIZE, INPUT]),
        ("bf", &[SIZE]),
        ("uf", &[SIZE, SIZE]),
    ];
    let outputs = json!([{ "name": "h", "from": "next" }, { "name": "c", "from": "cell" }]);
    let mut b = fold(&parameters, nodes, outputs);
    b.output("y", "fold:h").output("c", "fold:c");
    b
}

/// h = tanh(W x + L left + R right), with the numbers of a node's children.
pub fn by_place() -> Builder {
    let child = |index: usize| json!({ "child": { "index": index } });
    let nodes = vec![
        own(),
        state("h"),
        node("left", child(0), &["h"]),
        node("right", child(1), &["h"]),
        node("third", child(2), &["h"]),
        node("pre", linear("w", None), &["x"]),
        node("l", linear("left", None), &["left"]),
        node("r", linear("right", None), &["right"]),
        node("all", json!("add"), &["pre", "l", "r", "third"]),
        act("next", "tanh", "all"),
    ];
    let parameters: [(&str, &[usize]); 3] =
        [("w", &[SIZE, INPUT]), ("left", &[SIZE, SIZE]), ("right", &[SIZE, SIZE])];
    let mut b = fold(&parameters, nodes, json!([{ "name": "h", "from": "next" }]));
    b.output("y", "fold:h");
    b
}

pub fn with_root(mut b: Builder) -> Builder {
    b.node("root", json!("root"), &["fold:h"]).output("root", "root");
    b
}

/// The bits of each output row and of the gradients of the weights.
pub fn bits(b: &Builder, forests: &[&[i32]], threads: usize) -> (Vec<Vec<u64>>, Vec<u64>) {
    let model = Model::<f64>::new(&b.graph(), threads);
    let batch = model.batch(inputs(forests, 9), vec![]);
    let found = model.forward(&batch);
    let upstream: Vec<Vec<f64>> =
        found.outputs.iter().map(|output| vec![0.75; output.shape.iter().product()]).collect();
    let (gradients, _) = model.gradient(&batch, &upstream);
    let to_bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    (found.outputs.iter().map(|output| to_bits(data(output))).collect(), to_bits(&gradients))
}

/// Trees of one row group and more, whose levels are wider than a block of sums.
pub fn many() -> Vec<Vec<i32>> {
    let mut forests: Vec<Vec<i32>> = (0..37).map(|row| FORESTS[row % FORESTS.len()].to_vec()).collect();
    // A root over 300 leaves, and a balanced tree over 64.
    forests[3] = (0..301).map(|v| if v == 0 { -1 } else { 0 }).collect();
    forests[20] = (0..127).map(|v: i32| if v == 0 { -1 } else { (v - 1) / 2 }).collect();
    forests
}
