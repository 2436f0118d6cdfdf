//! Folds up forests: against plain recursion, against the loop along time where each tree is a chain, and alike for any batch.

use serde_json::json;

use crate::support::graphs::Builder;
use crate::support::plain::close;
use crate::support::runs::{Model, check_gradients, data, values};
use crate::support::trees::{
    FORESTS, INPUT, SIZE, bits, by_place, child_sum, inputs, many, padded, plain_tree, sum, with_root,
};

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
