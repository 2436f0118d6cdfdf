//! Folds up forests: against plain recursion, against the loop along time where each tree is a chain, and alike for any batch.

use serde_json::{Value, json};
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use crate::support::graphs::{Builder, node};
use crate::support::plain::close;
use crate::support::runs::{Model, check_gradients, data, ids, numbers, values};
use crate::support::tapes::check_tapes;

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

fn sum(name: &str, of: &str) -> Value {
    node(name, json!("sumOfChildren"), &[of])
}

pub fn act(name: &str, function: &str, of: &str) -> Value {
    node(name, json!({ "activation": function }), &[of])
}

/// h = tanh(W x + b + U Σ h).
fn plain_tree() -> Builder {
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
fn by_place() -> Builder {
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

fn with_root(mut b: Builder) -> Builder {
    b.node("root", json!("root"), &["fold:h"]).output("root", "root");
    b
}

/// y = W x + b.
pub fn map(model: &Model<f64>, weight: &str, bias: Option<&str>, x: &[f64]) -> Vec<f64> {
    let tensor = |name: &str| {
        let range = model.program.layout.find(name).unwrap().range();
        model.weights.values()[range].to_vec()
    };
    let weight = tensor(weight);
    let bias = bias.map_or(vec![0.0; weight.len() / x.len()], tensor);
    let rows = weight.chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>());
    rows.zip(bias).map(|(product, bias)| product + bias).collect()
}

pub fn each(x: &[f64], y: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    x.iter().zip(y).map(|(&x, &y)| f(x, y)).collect()
}

fn sums(parts: &[Vec<f64>]) -> Vec<f64> {
    (0..SIZE).map(|k| parts.iter().map(|part| part[k]).sum()).collect()
}

pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub type Nodes = Vec<Vec<f64>>;

/// Calls `node(x, children)` bottom up by plain recursion: the results of all nodes.
fn recurse(parents: &[i32], x: &[f64], node: &dyn Fn(&[f64], &[Nodes]) -> Nodes) -> Vec<Nodes> {
    fn visit(
        at: usize,
        parents: &[i32],
        x: &[f64],
        node: &dyn Fn(&[f64], &[Nodes]) -> Nodes,
        out: &mut Vec<Nodes>,
    ) {
        let children: Vec<usize> = (0..parents.len()).filter(|&v| parents[v] == at as i32).collect();
        children.iter().for_each(|&child| visit(child, parents, x, node, out));
        let below: Vec<Nodes> = children.iter().map(|&child| out[child].clone()).collect();
        out[at] = node(&x[at * INPUT..(at + 1) * INPUT], &below);
    }
    let mut out = vec![Vec::new(); parents.len()];
    for root in (0..parents.len()).filter(|&v| parents[v] < 0) {
        visit(root, parents, x, node, &mut out);
    }
    out
}

/// The states of a node of a model, of its numbers and the states of its children.
pub type Step<'a> = &'a dyn Fn(&Model<f64>, &[f64], &[Nodes]) -> Nodes;

pub fn check_forward(what: &str, b: &Builder, node: Step<'_>) {
    let model = Model::<f64>::new(&b.graph(), 2);
    let given = inputs(&FORESTS, 5);
    let x = data(&given[1]).to_vec();
    let found = model.forward(&model.batch(given, vec![]));
    let mut start = 0;
    for (row, forest) in FORESTS.iter().enumerate() {
        let own = &x[start * INPUT..(start + forest.len()) * INPUT];
        let expected = recurse(forest, own, &|x, below| node(&model, x, below));
        for (port, output) in found.outputs.iter().enumerate() {
            let first = row * output.shape[1] * SIZE;
            let flat: Vec<f64> = expected.iter().flat_map(|states| states[port].clone()).collect();
            close(what, &data(output)[first..first + flat.len()], &flat);
        }
        start += forest.len();
    }
}

#[test]
fn a_fold_is_its_recursion() {
    check_forward("plain", &plain_tree(), &|m, x, below| {
        let hs: Vec<Vec<f64>> = below.iter().map(|states| states[0].clone()).collect();
        let pre = each(&map(m, "w", Some("b"), x), &map(m, "u", None, &sums(&hs)), |a, b| (a + b).tanh());
        vec![pre]
    });
    check_forward("by place", &by_place(), &|m, x, below| {
        let at = |i: usize| below.get(i).map_or(vec![0.0; SIZE], |states| states[0].clone());
        let parts =
            [map(m, "w", None, x), map(m, "left", None, &at(0)), map(m, "right", None, &at(1)), at(2)];
        vec![sums(&parts).into_iter().map(f64::tanh).collect()]
    });
    check_forward("child-sum Tree-LSTM", &child_sum(), &|m, x, below| {
        let hs: Vec<Vec<f64>> = below.iter().map(|states| states[0].clone()).collect();
        let gates: Vec<f64> = each(&map(m, "w", Some("b"), x), &map(m, "u", None, &sums(&hs)), |a, b| a + b);
        let kept: Vec<Vec<f64>> = below
            .iter()
            .map(|states| {
                let f = each(&map(m, "wf", Some("bf"), x), &map(m, "uf", None, &states[0]), |a, b| {
                    sigmoid(a + b)
                });
                each(&f, &states[1], |f, c| f * c)
            })
            .collect();
        let new = each(&gates[..SIZE], &gates[2 * SIZE..], |i, g| sigmoid(i) * g.tanh());
        let c = each(&new, &sums(&kept), |a, b| a + b);
        let h = each(&gates[SIZE..2 * SIZE], &c, |o, c| sigmoid(o) * c.tanh());
        vec![h, c]
    });
}

#[test]
fn a_fold_has_the_slopes_of_its_recursion() {
    // Forests of one root where the root is asked for.
    let trees = [FORESTS[0], FORESTS[1], FORESTS[2], FORESTS[3], FORESTS[5]];
    for b in [plain_tree(), by_place(), child_sum()] {
        check_gradients(&b.graph(), &padded(inputs(&FORESTS, 5)), &[]);
        check_gradients(&with_root(b).graph(), &padded(inputs(&trees, 6)), &[]);
    }
}

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

#[test]
fn a_fold_has_the_same_bits_on_any_number_of_threads() {
    let forests = many();
    let forests: Vec<&[i32]> = forests.iter().map(|forest| &forest[..]).collect();
    for b in [plain_tree(), child_sum()] {
        let alone = bits(&b, &forests, 1);
        for threads in 2..5 {
            assert_eq!(bits(&b, &forests, threads), alone);
        }
    }
}

#[test]
fn a_tree_has_the_same_bits_alone() {
    let forests = many();
    let b = child_sum();
    let model = Model::<f64>::new(&b.graph(), 2);
    let all: Vec<&[i32]> = forests.iter().map(|forest| &forest[..]).collect();
    let given = inputs(&all, 9);
    let found = model.forward(&model.batch(given.clone(), vec![]));
    let mut start = 0;
    for (row, forest) in all.iter().enumerate() {
        let mut own = inputs(&[forest], 1);
        own[1] = values(
            "x",
            &[1, forest.len(), INPUT],
            data(&given[1])[start * INPUT..(start + forest.len()) * INPUT].to_vec(),
        );
        let alone = model.forward(&model.batch(own, vec![]));
        let time = found.outputs[0].shape[1];
        let expected = &data(&found.outputs[0])[row * time * SIZE..][..forest.len() * SIZE];
        assert_eq!(data(&alone.outputs[0]), expected, "row {row}");
        start += forest.len();
    }
}

/// An RNN or LSTM along time, and the same cell up chains: the same bits, gradients of the weights included.
#[test]
fn chains_have_the_bits_of_a_scan() {
    let lengths = [5, 1, 0, 20, 40, 3, 17, 16, 15, 2, 9, 33, 7, 8, 6, 4, 12, 19];
    let chains: Vec<Vec<i32>> = lengths
        .iter()
        // From the first item, the leaf, to the last, the root.
        .map(|&n| (0..n).map(|v| if v + 1 == n { -1 } else { v + 1 }).collect())
        .collect();
    let chains: Vec<&[i32]> = chains.iter().map(|chain| &chain[..]).collect();
    for cell in ["rnn_tanh", "lstm", "gru"] {
        let mut scan = Builder::default();
        scan.node("x", json!({ "input": { "sequence": { "size": INPUT } } }), &[]);
        scan.layer("rnn", cell, 0, "x", [INPUT, SIZE], true, false, &[]).output("y", "rnn:output");
        let body = scan.nodes[1]["op"]["scan"]["body"].clone();
        let mut nodes = body["nodes"].as_array().unwrap().clone();
        // The step reads the sum of a state over the children.
        for name in ["h", "c"] {
            if !nodes.iter().any(|node| node["name"] == name) {
                continue;
            }
            for node in &mut nodes {
                for wire in node["inputs"].as_array_mut().unwrap() {
                    if *wire == name {
                        *wire = json!(format!("{name}_sum"));
                    }
                }
            }
            nodes.push(sum(&format!("{name}_sum"), name));
        }
        let mut tree = Builder { parameters: scan.parameters.clone(), ..Builder::default() };
        tree.node("tree", json!({ "input": { "forest": { "axis": "tree" } } }), &[]);
        tree.node("x", json!({ "input": { "sequence": { "size": INPUT, "axis": "tree" } } }), &[]);
        tree.node(
            "fold",
            json!({ "fold": { "body": { "nodes": nodes, "outputs": body["outputs"] } } }),
            &["x"],
        );
        tree.output("y", "fold:output");
        let given = inputs(&chains, 9);
        let (up, along) = (Model::<f64>::new(&tree.graph(), 2), Model::<f64>::new(&scan.graph(), 2));
        let batches = (up.batch(given.clone(), vec![]), along.batch(vec![given[1].clone()], vec![]));
        let found = (up.forward(&batches.0), along.forward(&batches.1));
        assert_eq!(data(&found.0.outputs[0]), data(&found.1.outputs[0]), "{cell}");
        let upstream = along.upstream(&batches.1);
        let gradients = (up.gradient(&batches.0, &upstream).0, along.gradient(&batches.1, &upstream).0);
        assert!(gradients.1.iter().all(|&x| x != 0.0), "{cell}");
        assert_eq!(gradients.0, gradients.1, "{cell}");
    }
}

#[test]
fn a_long_chain_needs_no_stack() {
    let n = 100_000;
    let chain: Vec<i32> = (0..n).map(|v| if v + 1 == n { -1 } else { v + 1 }).collect();
    let (outputs, gradients) = bits(&plain_tree(), &[&chain], 1);
    assert_eq!(outputs[0].len(), n as usize * SIZE);
    assert!(gradients.iter().all(|&x| f64::from_bits(x).is_finite()));
}

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
