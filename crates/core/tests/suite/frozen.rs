//! Frozen parameters: no gradient, no backward below them, and the bits of every other gradient.

use serde_json::json;
use unrolled_core::loss::LossConfig;
use unrolled_core::program::{Frozen, Mode, Program, Tape};
use unrolled_core::storage::{RngKey, Tensor};

use crate::coverage;
use crate::support::backward::Backward;
use crate::support::cells::{cell, given};
use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::operations::{inputs, operations};
use crate::support::runs::{Model, ids, numbers, values};
use crate::support::shapes::{GATES, STEPS};
use crate::support::tapes::bits;
use crate::support::trees;

const CELLS: [&str; 5] = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"];

/// The gradients of a model whose `frozen` parameters have none, and the bytes held.
fn gradients(model: &Model<f32>, inputs: &[Tensor<f32>], frozen: &[String], tape: Tape) -> (Vec<f32>, usize) {
    let batch = model.batch(inputs.to_vec(), Vec::new());
    let upstream = model.upstream(&batch);
    let outputs: Vec<&str> = model.program.outputs.iter().map(|port| port.name.as_str()).collect();
    let mut backward = Backward::but(frozen, &model.graph, &outputs, tape, model.kernels);
    let key = RngKey { training: true, seed: 3, ..RngKey::default() };
    let mut found = vec![0.0; model.program.layout.total()];
    backward.run(&model.weights, &batch, &upstream, key, &model.pool, &mut found).unwrap();
    (found, backward.engine.bytes())
}

/// Each name, all but each, and every second.
fn choices(names: &[String]) -> Vec<Vec<String>> {
    let only = |pick: &dyn Fn(usize) -> bool| -> Vec<String> {
        names.iter().enumerate().filter(|(i, _)| pick(*i)).map(|(_, name)| name.clone()).collect()
    };
    let each = (0..names.len()).flat_map(|i| [only(&|k| k == i), only(&|k| k != i)]);
    let mut all: Vec<_> = each.chain([only(&|k| k % 2 == 0), only(&|k| k % 2 == 1)]).collect();
    all.retain(|names_of| !names_of.is_empty() && names_of.len() < names.len());
    all.dedup();
    all
}

/// Holds the gradients under every choice of frozen parameters to those of a model that has none.
fn check(what: &str, b: &Builder, inputs: &[Tensor<f32>]) {
    let graph = b.graph();
    let models: Vec<_> = (1..=4).map(|threads| Model::<f32>::new(&graph, threads)).collect();
    let entries = models[0].program.layout.entries();
    let (whole, held) = gradients(&models[0], inputs, &[], Tape::Whole);
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    for (i, frozen) in choices(&names).iter().enumerate() {
        // Every tape and number of threads meets some choices; everything kept, by one thread, all.
        for (tape, threads) in [(Tape::Whole, 1), ([Tape::Sqrt, Tape::Whole][i % 2], 1 + i % 4)] {
            let (found, bytes) = gradients(&models[threads - 1], inputs, frozen, tape);
            for entry in entries {
                let expected = match frozen.contains(&entry.name) {
                    true => vec![0; entry.range().len()],
                    false => bits(&whole[entry.range()]),
                };
                let name = &entry.name;
                assert!(bits(&found[entry.range()]) == expected, "{what}, {tape:?}, {frozen:?}: {name}");
            }
            assert!(threads > 1 || bytes <= held, "{what}, {tape:?}, {frozen:?}: {bytes} of {held} bytes");
        }
    }
}

fn ragged<E>(mut tensor: Tensor<E>, longest: usize) -> Tensor<E> {
    let rows = tensor.shape[0];
    tensor.lengths = Some((0..rows).map(|row| ((row * 29 + 5) % (longest + 1)) as i32).collect());
    tensor
}

#[test]
fn every_operation() {
    let lengths = [4, 0, 5, 1, 3];
    for (what, b) in operations() {
        check(&what, &b, &inputs(&b, &lengths, 5, 3));
    }
}

#[test]
fn every_shape_of_a_step() {
    let lengths = [19, 0, 7, 1, 18];
    for (i, text) in STEPS.into_iter().chain(GATES).enumerate() {
        let reverse = i % 2 == 1;
        let b = cell(text, reverse);
        check(&format!("{text}, reverse {reverse}"), &b, &given(&b, &lengths, 19));
    }
}

#[test]
fn every_cell_below_and_above_another() {
    for (i, cell) in CELLS.into_iter().enumerate() {
        let mut b = Builder::default();
        b.node("t", tokens(7), &[]).parameter("table", &[7, 4]).parameter("g", &[5]).parameter("k", &[5]);
        b.parameter("w", &[3, 5]).parameter("v", &[3]);
        b.node("e", json!({ "embedding": { "weight": "table", "padding": 2 } }), &["t"]);
        b.layer("a", cell, 0, "e", [4, 5], true, i % 2 == 1, &[]);
        b.node("n", json!({ "layerNorm": { "gain": "g", "bias": "k", "epsilon": 1e-5 } }), &["a:output"]);
        b.node("f", json!({ "dropout": { "rate": 0.3, "fixed": true } }), &["n"]);
        let last: &[&str] = if cell == "lstm" { &["a:h", "a:c"] } else { &["a:h"] };
        b.layer("b", cell, 1, "f", [5, 5], true, false, last);
        b.node("z", json!({ "linear": { "weight": "w", "bias": "v" } }), &["b:output"]);
        b.output("y", "z");
        let t = (0..18 * 33).map(|i| i * 5 % 7).collect();
        check(cell, &b, &[ragged(ids("t", &[18, 33], t), 33)]);
    }
}

/// Attention of both scores, within a loop and behind it, to an encoder's states.
fn attentive(score: &serde_json::Value) -> Builder {
    let along = |size: usize, axis: &str| json!({ "input": { "sequence": { "size": size, "axis": axis } } });
    let mut b = Builder::default();
    b.parameter("wk", &[5, 4]).parameter("wq", &[5, 4]).parameter("wx", &[4, 7]).parameter("v", &[5]);
    b.parameter("late", &[4]);
    b.node("s", along(3, "source"), &[]).node("x", along(3, "target"), &[]);
    b.layer("e", "gru", 0, "s", [3, 4], true, false, &[]);
    let body = json!([
        { "name": "x", "op": vector(3), "inputs": [] },
        { "name": "m", "op": along(4, "source"), "inputs": [] },
        { "name": "h", "op": { "state": { "size": 4 } }, "inputs": [] },
        { "name": "k", "op": { "linear": { "weight": "wk" } }, "inputs": ["m"] },
        { "name": "q", "op": { "linear": { "weight": "wq" } }, "inputs": ["h"] },
        { "name": "a", "op": score, "inputs": ["q", "k", "m"] },
        { "name": "c", "op": "concat", "inputs": ["x", "a:context"] },
        { "name": "p", "op": { "linear": { "weight": "wx" } }, "inputs": ["c"] },
        { "name": "n", "op": { "activation": "tanh" }, "inputs": ["p"] },
    ]);
    let outputs = json!([{ "name": "h", "from": "n" }, { "name": "output", "from": "n" }]);
    let scan = json!({ "scan": { "initial": ["h"], "body": { "nodes": body, "outputs": outputs } } });
    b.node("d", scan, &["x", "e:output", "e:h"]);
    let again = json!({ "attention": { "score": { "additive": { "weight": "late" } } } });
    b.node("again", again, &["d:output", "e:output"]);
    b.output("y", "again:context").output("h", "d:output");
    b
}

#[test]
fn attention_of_both_scores() {
    let of = |name: &str, lengths: [i32; 6], seed| {
        let mut tensor = values(name, &[6, 20, 3], numbers(6 * 20 * 3, seed));
        tensor.lengths = Some(lengths.to_vec());
        tensor
    };
    let inputs = [of("s", [3, 20, 0, 2, 1, 17], 1), of("x", [18, 1, 3, 0, 20, 5], 2)];
    for score in [json!({ "dot": { "scale": 0.7 } }), json!({ "additive": { "weight": "v" } })] {
        let mut b = attentive(&json!({ "attention": { "score": score } }));
        if score.get("dot").is_some() {
            b.parameters.retain(|parameter| parameter["name"] != "v");
        }
        check(&score.to_string(), &b, &inputs);
    }
}

#[test]
fn attention_with_coverage() {
    check("coverage", &coverage::decoder("h", false), &coverage::inputs(6, 1));
}

#[test]
fn a_fold() {
    check("fold", &trees::child_sum(), &trees::inputs(&trees::FORESTS, 5));
}

/// An LSTM below a GRU below a linear layer.
pub fn stack() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(3), &[]);
    b.layer("a", "lstm", 0, "x", [3, 5], true, false, &[]);
    b.layer("b", "gru", 1, "a:output", [5, 4], true, false, &[]);
    b.parameter("w", &[2, 4]).parameter("k", &[2]);
    b.node("z", json!({ "linear": { "weight": "w", "bias": "k" } }), &["b:output"]).output("y", "z");
    b
}

/// The parameters of a layer of the stack.
pub fn of_layer(layer: usize) -> Vec<String> {
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|kind| format!("rnn.{kind}_l{layer}")).into()
}

/// The nodes that send a gradient back, and the parameters that have one.
fn active(frozen: &[String]) -> (Vec<String>, Vec<String>) {
    let loss = [("y", &LossConfig::Dot {})];
    let mut program = Program::compile_with_losses(&stack().graph(), &loss).unwrap();
    program.frozen = Frozen::new(&program.layout, frozen).unwrap();
    let plan = program.plan(Mode::Training { inputs: false, tape: Tape::Whole });
    let sends = program.instructions.iter().filter(|instruction| plan.gradients.active(instruction));
    let mut nodes: Vec<_> = sends.map(|instruction| instruction.node.clone()).collect();
    nodes.dedup();
    let sums = &plan.gradients.contributions;
    let summed = |offset: usize| sums.iter().any(|sum| sum.tensor.range().contains(&offset));
    let entries = program.layout.entries().iter().filter(|entry| summed(entry.offset));
    (nodes, entries.map(|entry| entry.name.clone()).collect())
}

#[test]
fn nothing_goes_back_below_the_lowest_that_learns() {
    let (all, sums) = active(&[]);
    assert_eq!(sums, [of_layer(0), of_layer(1), vec!["w".into(), "k".into()]].concat());
    assert!(all.iter().any(|node| node == "a"), "{all:?}");
    let (some, sums) = active(&of_layer(0));
    assert_eq!(sums, [of_layer(1), vec!["w".into(), "k".into()]].concat());
    assert!(some.iter().all(|node| !node.starts_with('a')), "{some:?}");
    assert!(some.iter().any(|node| node == "b"), "{some:?}");
    let (least, sums) = active(&[of_layer(0), of_layer(1), vec!["k".into()]].concat());
    assert_eq!(sums, ["w"]);
    assert!(least.iter().all(|node| !node.starts_with(['a', 'b'])), "{least:?}");
    // Gradients pass through what is frozen above.
    let (through, sums) = active(&[of_layer(1), vec!["w".into(), "k".into()]].concat());
    assert_eq!(sums, of_layer(0));
    assert_eq!(through, all);
}

#[test]
fn what_is_frozen_below_is_not_kept() {
    let (b, x) = (stack(), values("x", &[9, 40, 3], numbers(9 * 40 * 3, 4)));
    let model = Model::<f32>::new(&b.graph(), 1);
    let held = |frozen: &[String], tape| gradients(&model, std::slice::from_ref(&x), frozen, tape).1;
    let below = [of_layer(0), of_layer(1)].concat();
    // Inputs, one value to learn from, its output and their gradients remain; not the gates of nine steps of four.
    assert!(2 * held(&below, Tape::Whole) < held(&[], Tape::Whole));
    assert!(held(&below, Tape::Sqrt) < held(&[], Tape::Sqrt));
}

/// One table as embedding and as output layer.
#[test]
fn a_shared_parameter_is_frozen_everywhere() {
    let mut b = Builder::default();
    b.node("t", tokens(6), &[]).parameter("table", &[6, 4]);
    b.node("e", json!({ "embedding": { "weight": "table" } }), &["t"]);
    b.layer("a", "lstm", 0, "e", [4, 4], true, false, &[]);
    b.node("z", json!({ "linear": { "weight": "table" } }), &["a:output"]).output("y", "z");
    let t = (0..4 * 17).map(|i| i * 5 % 6).collect();
    check("tied", &b, &[ragged(ids("t", &[4, 17], t), 17)]);
}

/// The step above works in place of what the frozen step below makes, and so asks for its gradient.
#[test]
fn a_step_upon_a_frozen_step() {
    let linear = |weight: &str| json!({ "linear": { "weight": weight } });
    let mut b = Builder::default();
    b.parameter("w", &[48, 2]).parameter("u", &[48, 12]).parameter("v", &[12, 3]);
    b.node("x", sequence(2), &[]);
    let body = json!([
        { "name": "x", "op": vector(2), "inputs": [] },
        { "name": "h", "op": { "state": { "size": 12 } }, "inputs": [] },
        { "name": "c", "op": { "state": { "size": 12 } }, "inputs": [] },
        { "name": "k", "op": { "state": { "size": 3 } }, "inputs": [] },
        { "name": "d", "op": { "state": { "size": 3 } }, "inputs": [] },
        { "name": "p", "op": linear("w"), "inputs": ["x"] },
        { "name": "r", "op": linear("u"), "inputs": ["h"] },
        { "name": "s", "op": "add", "inputs": ["p", "r"] },
        { "name": "n", "op": "lstmGates", "inputs": ["s", "c"] },
        { "name": "next", "op": { "activation": "tanh" }, "inputs": ["n:c"] },
        { "name": "q", "op": linear("v"), "inputs": ["k"] },
        { "name": "t", "op": "add", "inputs": ["n:h", "q"] },
        { "name": "m", "op": "lstmGates", "inputs": ["t", "d"] },
    ]);
    let states = [("h", "next"), ("c", "n:c"), ("k", "m:h"), ("d", "m:c"), ("output", "m:h")];
    let outputs = states.map(|(name, from)| json!({ "name": name, "from": from }));
    b.node("a", json!({ "scan": { "body": { "nodes": body, "outputs": outputs } } }), &["x"]);
    b.output("y", "a:output");
    check("a step upon another", &b, &[ragged(values("x", &[5, 19, 2], numbers(190, 6)), 19)]);
}
