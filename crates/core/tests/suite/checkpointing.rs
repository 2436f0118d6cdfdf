//! A step that keeps one segment of time at a time has the bits of a step that keeps everything.

use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::runs::{Model, data, ids, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use serde_json::json;
use unrolled_core::program::Mode;
use unrolled_core::run::Engine;
use unrolled_core::storage::Tensor;

const CELLS: [&str; 5] = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"];

fn ragged<E>(mut tensor: Tensor<E>, longest: usize) -> Tensor<E> {
    let rows = tensor.shape[0];
    tensor.lengths = Some((0..rows).map(|row| ((row * 29 + 5) % (longest + 1)) as i32).collect());
    tensor
}

#[test]
fn every_cell_in_either_direction() {
    for cell in CELLS {
        for reverse in [false, true] {
            for (rows, time) in [(37, 70), (5, 16), (3, 7), (18, 33)] {
                let mut b = Builder::default();
                b.node("x", sequence(5), &[]);
                b.layer("a", cell, 0, "x", [5, 7], true, reverse, &[]).output("y", "a:output");
                b.output("h", "a:h");
                let x = values("x", &[rows, time, 5], numbers(rows * time * 5, 1));
                let what = format!("{cell}, reverse {reverse}, {rows} rows, {time} steps");
                check_tapes(&what, &b, std::slice::from_ref(&x));
                check_tapes(&format!("ragged {what}"), &b, &[ragged(x, time)]);
            }
        }
    }
}

#[test]
fn stacks_with_dropout_and_norms() {
    for cell in CELLS {
        let mut b = Builder::default();
        b.node("x", sequence(5), &[]);
        b.parameter("g", &[6]).parameter("k", &[6]).parameter("w", &[3, 6]).parameter("v", &[3]);
        b.layer("a", cell, 0, "x", [5, 6], true, false, &[]);
        b.node("d", json!({ "dropout": { "rate": 0.3, "fixed": false } }), &["a:output"]);
        b.node("n", json!({ "layerNorm": { "gain": "g", "bias": "k", "epsilon": 1e-5 } }), &["d"]);
        b.node("f", json!({ "dropout": { "rate": 0.3, "fixed": true } }), &["n"]);
        b.layer("b", cell, 1, "f", [6, 6], true, false, &[]);
        b.node("z", json!({ "linear": { "weight": "w", "bias": "v" } }), &["b:output"]);
        b.node("s", json!({ "activation": "softmax" }), &["z"]);
        b.output("y", "s").output("h", "a:h");
        let x = ragged(values("x", &[21, 53, 5], numbers(21 * 53 * 5, 1)), 53);
        check_tapes(cell, &b, &[x]);
    }
}

#[test]
fn both_directions_side_by_side_and_stacked() {
    for cell in CELLS {
        let mut b = Builder::default();
        b.node("x", sequence(5), &[]);
        for (layer, input, size) in [(0, "x", 5), (1, "j0", 8)] {
            let names = [format!("f{layer}"), format!("b{layer}")];
            let outputs = names.clone().map(|name| format!("{name}:output"));
            for (name, reverse) in names.iter().zip([false, true]) {
                b.layer(name, cell, layer, input, [size, 4], true, reverse, &[]);
            }
            b.node(&format!("j{layer}"), json!("concat"), &[&outputs[0], &outputs[1]]);
        }
        b.node("mean", json!("mean"), &["j1"]);
        b.node("max", json!("max"), &["j0"]);
        b.output("y", "j1").output("mean", "mean").output("max", "max");
        let x = ragged(values("x", &[19, 49, 5], numbers(19 * 49 * 5, 1)), 49);
        check_tapes(cell, &b, &[x]);
    }
}

#[test]
fn one_vector_for_the_states_of_many_loops() {
    for cell in CELLS {
        let mut b = Builder::default();
        b.node("x", sequence(6), &[]).node("v", vector(4), &[]).parameter("i", &[6, 4]).parameter("k", &[6]);
        b.node("h", json!({ "linear": { "weight": "i", "bias": "k" } }), &["v"]);
        let initial: &[&str] = if cell == "lstm" { &["h", "h"] } else { &["h"] };
        for (layer, input) in [(0, "x"), (1, "l0:output"), (2, "l1:output"), (3, "l2:output")] {
            b.layer(&format!("l{layer}"), cell, layer, input, [6, 6], true, false, initial);
        }
        b.output("y", "l3:output");
        let x = ragged(values("x", &[19, 49, 6], numbers(19 * 49 * 6, 1)), 49);
        check_tapes(cell, &b, &[x, values("v", &[19, 4], numbers(19 * 4, 2))]);
    }
}

#[test]
fn tables_shifts_repeated_vectors_and_given_states() {
    let mut b = Builder::default();
    b.node("t", tokens(11), &[]).node("v", vector(4), &[]);
    b.parameter("table", &[11, 3]).parameter("i", &[6, 4]);
    b.node("e", json!({ "embedding": { "weight": "table", "padding": 2 } }), &["t"]);
    b.node("l", json!({ "shift": {} }), &["e"]);
    b.node("j", json!("concat"), &["l", "v"]);
    b.node("h0", json!({ "linear": { "weight": "i" } }), &["v"]);
    b.layer("a", "lstm", 0, "j", [7, 6], true, false, &["h0", "h0"]);
    b.layer("b", "gru", 1, "a:output", [6, 6], true, true, &["a:h"]);
    b.node("p", json!("last"), &["b:output"]);
    b.output("y", "b:output").output("p", "p").output("c", "a:c");
    let t = (0..23 * 40).map(|i| i * 7 % 11).collect();
    let t = ragged(ids("t", &[23, 40], t), 40);
    let v = values("v", &[23, 4], numbers(23 * 4, 2));
    check_tapes("lstm and gru", &b, &[t, v]);
}

/// The second loop runs the way of the first, but begins with what that one ends with: no segment of it can run before.
#[test]
fn a_loop_that_begins_where_another_along_its_axis_ends() {
    for cell in CELLS {
        let mut b = Builder::default();
        b.node("x", sequence(5), &[]);
        let last: &[&str] = if cell == "lstm" { &["a:h", "a:c"] } else { &["a:h"] };
        b.layer("a", cell, 0, "x", [5, 6], true, false, &[]);
        b.layer("b", cell, 1, "x", [5, 6], true, false, last).output("y", "b:output");
        let x = ragged(values("x", &[19, 49, 5], numbers(19 * 49 * 5, 1)), 49);
        check_tapes(cell, &b, &[x]);
    }
}

/// Pools straight behind a loop, behind dense steps, of a table beside a loop, and read by later loops.
#[test]
fn pools_that_take_the_steps_as_they_pass() {
    for (pool, reverse) in [("last", false), ("last", true), ("mean", false), ("mean", true), ("max", false)]
    {
        for cell in CELLS {
            let mut b = Builder::default();
            b.node("x", sequence(5), &[]).node("t", tokens(9), &[]);
            b.parameter("w", &[6, 6]).parameter("table", &[9, 6]).parameter("u", &[6, 12]);
            b.layer("a", cell, 0, "x", [5, 6], true, reverse, &[]);
            b.node("d", json!({ "linear": { "weight": "w" } }), &["a:output"]);
            b.node("e", json!({ "embedding": { "weight": "table" } }), &["t"]);
            let pools = [("p", "a:output"), ("q", "d"), ("r", "e")];
            for (name, from) in pools {
                b.node(name, json!(pool), &[from]);
            }
            b.node("s", json!({ "activation": "tanh" }), &["p"]);
            // The sums of a weight read what the pool gave, when all segments have been back.
            b.parameter("v", &[2, 6])
                .node("z", json!({ "linear": { "weight": "v" } }), &["p"])
                .output("z", "z");
            b.node("j", json!("concat"), &["d", "s"]).node(
                "k",
                json!({ "linear": { "weight": "u" } }),
                &["j"],
            );
            b.layer("b", cell, 1, "k", [6, 6], true, reverse, &[]);
            b.node("y", json!(pool), &["b:output"]);
            b.output("y", "y").output("q", "q").output("r", "r").output("s", "s").output("h", "a:h");
            for (rows, time) in [(37, 70), (3, 33)] {
                let ids = ids("t", &[rows, time], (0..rows * time).map(|i| (i * 7 % 9) as i32).collect());
                let x = values("x", &[rows, time, 5], numbers(rows * time * 5, 1));
                let what = format!("{pool} of {cell}, reverse {reverse}, {rows} rows");
                check_tapes(&what, &b, &[ragged(x, time), ragged(ids, time)]);
            }
        }
    }
}

#[test]
fn two_axes() {
    let mut b = Builder::default();
    b.node("x", json!({ "input": { "sequence": { "size": 3, "axis": "one" } } }), &[]);
    b.node("z", json!({ "input": { "sequence": { "size": 2, "axis": "two" } } }), &[]);
    b.layer("a", "lstm", 0, "x", [3, 5], true, false, &[]);
    b.layer("b", "gru", 1, "z", [2, 5], true, false, &["a:h"]);
    b.output("y", "b:output");
    let x = ragged(values("x", &[20, 35, 3], numbers(20 * 35 * 3, 1)), 35);
    let z = values("z", &[20, 50, 2], numbers(20 * 50 * 2, 2));
    check_tapes("encoder and decoder", &b, &[x, z]);
}

#[test]
fn inference_in_windows_has_the_same_bits_and_holds_two_borders_however_long() {
    let (rows, width) = (70, 64);
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).layer("a", "lstm", 0, "x", [2, width], true, false, &[]);
    b.output("y", "a:output");
    let model = Model::<f32>::new(&b.graph(), 1);
    let run = |time: usize, segmented| {
        let x = ragged(values("x", &[rows, time, 2], numbers(rows * time * 2, 4)), time);
        let mode = Mode::Inference { segmented };
        let mut engine = Engine::new(model.program.clone(), mode, model.kernels);
        let batch = model.batch(vec![x], Vec::new());
        let steps = batch.axes()[0].lengths.iter().sum::<u32>() as usize;
        let run = engine.forward(&model.weights, &batch, &model.pool).unwrap();
        let tensors = run.outputs.iter().chain(&run.states);
        (tensors.map(|tensor| bits(data(tensor))).collect::<Vec<_>>(), engine.bytes(), steps)
    };
    let ((short, before, few), (long, after, many)) = (run(64, true), run(320, true));
    assert!(short == run(64, false).0 && long == run(320, false).0);
    // Inputs, outputs, and each segment's lists of rows and steps; no state of a checkpoint.
    let arithmetic = (many - few) * (2 + width) * 4 + (320 - 64) * (rows * 12 + 16);
    assert!(after - before <= arithmetic * 11 / 10, "{} of {arithmetic}", after - before);
}

/// A vector with several readers: its gradient is the same sum however time is cut.
#[test]
fn a_vector_read_more_than_once() {
    let shapes: [&[(&str, &[&str])]; 6] = [
        &[("add", &["v", "y", "v"])],
        &[("concat", &["v", "y", "v"])],
        &[("multiply", &["v", "y"]), ("add", &["v", "q0"])],
        &[("multiply", &["v", "y", "v"])],
        &[("add", &["y", "v"]), ("concat", &["q0", "v"]), ("add", &["v", "y"])],
        &[("concat", &["v", "y"]), ("add", &["y", "v", "v", "y"])],
    ];
    for shape in shapes {
        for reverse in [false, true] {
            let mut b = Builder::default();
            b.parameter("w", &[4, 3]);
            b.node("x", sequence(3), &[]).node("v", vector(4), &[]);
            b.node("y", json!({ "linear": { "weight": "w" } }), &["x"]);
            for (k, (op, inputs)) in shape.iter().enumerate() {
                b.node(&format!("q{k}"), json!(op), inputs);
            }
            let names: Vec<String> = (0..shape.len()).map(|k| format!("q{k}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            b.node("all", json!("concat"), &names);
            let wide = |name: &str, inputs: &[&str]| -> usize {
                let size = |input: &str| if input == "v" || input == "y" { 4 } else { 0 };
                let sum: usize = inputs.iter().map(|input| size(input)).sum();
                if name == "concat" { sum } else { 4 }
            };
            let mut size = 0;
            let mut sizes = Vec::new();
            for (op, inputs) in shape {
                let own = wide(op, inputs)
                    + if *op == "concat" && inputs.contains(&"q0") {
                        sizes.first().copied().unwrap_or(0)
                    } else {
                        0
                    };
                sizes.push(own);
                size += own;
            }
            // The vector begins the loop as well.
            b.layer("a", "gru", 0, "all", [size, 4], true, reverse, &["v"]).output("out", "a:output");
            let time = 61;
            let x = ragged(values("x", &[19, time, 3], numbers(19 * time * 3, 1)), time);
            let v = values("v", &[19, 4], numbers(19 * 4, 2));
            check_tapes(&format!("{shape:?}, reverse {reverse}"), &b, &[x, v]);
        }
    }
}
