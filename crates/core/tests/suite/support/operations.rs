//! Every operation over time and over rows.

use serde_json::{Value, json};
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use super::graphs::{Builder, sequence, tokens, vector};
use super::runs::{ids, numbers, values};

/// One graph for each operation, of the inputs of [`inputs`]; "y" is its output.
pub fn operations() -> Vec<(String, Builder)> {
    let linear = |rows: Value| json!({ "linear": { "weight": "w4", "bias": "b4", "rows": rows } });
    let matmul = |[rows, inner, columns]: [usize; 3], transpose: Option<&str>| json!({ "matmul": { "rows": rows, "inner": inner, "columns": columns, "transpose": transpose } });
    let table = |padding: Value| json!({ "embedding": { "weight": "table", "padding": padding } });
    let cases: [(Value, &[&str]); 96] = [
        (json!("abs"), &["p"]),
        (json!("abs"), &["q"]),
        (json!("exp"), &["p"]),
        (json!("exp"), &["q"]),
        (json!("log"), &["s"]),
        (json!("sqrt"), &["s"]),
        (json!({ "activation": "softplus" }), &["p"]),
        (json!({ "activation": "hardSigmoid" }), &["p"]),
        (json!({ "activation": "silu" }), &["p"]),
        (json!({ "activation": "gelu" }), &["p"]),
        (json!({ "activation": "gelu" }), &["q"]),
        (json!({ "elu": { "alpha": 1.5 } }), &["p"]),
        (json!({ "leakyRelu": { "slope": 0.2 } }), &["p"]),
        (json!("divide"), &["p", "s"]),
        (json!("divide"), &["q", "s"]),
        (json!("divide"), &["s", "s"]),
        (json!("maximum"), &["p", "x"]),
        (json!("maximum"), &["p", "q"]),
        (json!("maximum"), &["q", "x"]),
        (json!("maximum"), &["p", "p"]),
        (json!("minimum"), &["p", "x"]),
        (json!("minimum"), &["q", "p"]),
        (json!("where"), &["r", "p", "x"]),
        (json!("where"), &["r", "q", "p"]),
        (json!("where"), &["r", "p", "q"]),
        (matmul([2, 3, 2], None), &["m", "n"]),
        (matmul([2, 3, 2], Some("a")), &["m", "n"]),
        (matmul([2, 3, 2], Some("b")), &["n", "m"]),
        (matmul([3, 2, 3], None), &["m", "m"]),
        (matmul([6, 1, 6], Some("b")), &["n", "n"]),
        (matmul([2, 3, 1], None), &["n", "p"]),
        (matmul([3, 1, 3], None), &["p", "q"]),
        (json!("sum"), &["p"]),
        (json!("sum"), &["q"]),
        // One number against all features: over time, and of a vector.
        (json!("add"), &["p", "g"]),
        (json!("add"), &["d", "p"]),
        (json!("add"), &["d", "q"]),
        (json!("multiply"), &["g", "p"]),
        (json!("multiply"), &["p", "d", "q"]),
        (json!("divide"), &["g", "s"]),
        (json!("maximum"), &["d", "p"]),
        (json!("where"), &["r", "g", "p"]),
        (json!("add"), &["p", "u"]),
        (json!("multiply"), &["q", "u"]),
        (json!("add"), &["u", "q", "k"]),
        (json!("multiply"), &["k", "p", "u"]),
        (json!("concat"), &["p", "u", "k"]),
        (json!({ "activation": "tanh" }), &["p"]),
        (json!({ "activation": "sigmoid" }), &["p"]),
        (json!({ "activation": "relu" }), &["p"]),
        (json!({ "activation": "softmax" }), &["p"]),
        (json!({ "activation": "softmax" }), &["q"]),
        (json!({ "affine": { "scale": -1.5, "shift": 0.25 } }), &["p"]),
        (json!({ "affine": { "scale": -1.5, "shift": 0.25 } }), &["q"]),
        (json!({ "slice": { "start": 1, "size": 2 } }), &["p"]),
        (json!({ "slice": { "start": 2, "size": 1 } }), &["q"]),
        (json!({ "layerNorm": { "gain": "gain", "bias": "shift" } }), &["p"]),
        (json!({ "layerNorm": { "gain": "gain", "bias": "shift", "epsilon": 0.5 } }), &["q"]),
        (linear(json!(null)), &["p"]),
        (linear(json!([1, 3])), &["p"]),
        (linear(json!([0, 2])), &["q"]),
        (json!({ "dropout": { "rate": 0.0 } }), &["p"]),
        (json!("add"), &["p", "x"]),
        (json!("add"), &["p", "p"]),
        (json!("add"), &["q", "p", "q", "x"]),
        (json!("multiply"), &["p", "x"]),
        (json!("multiply"), &["p", "p"]),
        (json!("multiply"), &["q", "q"]),
        (json!("multiply"), &["p", "p", "p"]),
        (json!("multiply"), &["p", "q", "p"]),
        (json!("multiply"), &["q", "p", "p", "q", "x"]),
        (json!("concat"), &["p", "p"]),
        (json!("concat"), &["q", "x", "q", "p"]),
        (json!("last"), &["p"]),
        (json!("mean"), &["p"]),
        (json!("max"), &["p"]),
        (json!("sumOverTime"), &["p"]),
        (json!("softmaxOverTime"), &["p"]),
        (json!("argmax"), &["p"]),
        (json!("argmax"), &["q"]),
        (json!("argmax"), &["r"]),
        (json!("oneHot"), &["t"]),
        (json!("oneHot"), &["one"]),
        (json!("oneHot"), &["late"]),
        (json!("gumbelNoise"), &["p"]),
        (json!("gumbelNoise"), &["q"]),
        (json!({ "repeat": {} }), &["q", "x"]),
        (json!({ "repeat": { "steps": null } }), &["q", "t"]),
        (json!({ "repeat": { "steps": null } }), &["u", "p"]),
        (json!({ "shift": {} }), &["p"]),
        (json!({ "shift": {} }), &["p", "q"]),
        (table(json!(null)), &["t"]),
        (table(json!(2)), &["t"]),
        (table(json!(0)), &["one"]),
        (table(json!(5)), &["late"]),
        (table(json!(null)), &["late"]),
    ];
    let graph = |(op, inputs): (Value, &[&str])| {
        let mut b = Builder::default();
        b.parameter("wp", &[3, 3]).parameter("wq", &[3, 3]).parameter("w4", &[4, 3]).parameter("b4", &[4]);
        b.parameter("wm", &[6, 3]).parameter("wn", &[6, 3]);
        b.parameter("gain", &[3]).parameter("shift", &[3]).parameter("table", &[6, 3]);
        let token = json!({ "input": { "token": { "vocabulary": 6 } } });
        let before = [
            ("p", json!({ "linear": { "weight": "wp" } }), "x"),
            ("q", json!({ "linear": { "weight": "wq" } }), "v"),
            ("m", json!({ "linear": { "weight": "wm" } }), "x"),
            ("n", json!({ "linear": { "weight": "wn" } }), "v"),
            ("late", json!({ "shift": { "start": 5 } }), "t"),
            ("s", json!({ "activation": "softplus" }), "x"),
            ("r", json!({ "activation": "relu" }), "x"),
            ("g", json!("sum"), "x"),
            ("d", json!("sum"), "v"),
            ("u", json!({ "parameter": { "weight": "gain" } }), ""),
            ("k", json!({ "constant": { "values": [0.5, -1.25, 3.0] } }), ""),
        ];
        // Nothing else: shared storage would hide numbers that the operation leaves unwritten.
        let before: Vec<_> = before.into_iter().filter(|(name, ..)| inputs.contains(name)).collect();
        let given = [("x", sequence(3)), ("t", tokens(6)), ("v", vector(3)), ("one", token)];
        for (name, op) in given {
            if inputs.contains(&name) || before.iter().any(|&(_, _, from)| from == name) {
                b.node(name, op, &[]);
            }
        }
        for (name, op, from) in before {
            b.node(name, op, if from.is_empty() { &[] } else { std::slice::from_ref(&from) });
        }
        b.node("y", op.clone(), inputs).output("y", "y");
        (format!("{op} of {inputs:?}"), b)
    };
    cases.into_iter().map(graph).collect()
}

/// Rows of these lengths; `seed` makes others of them.
pub fn inputs<E: Element>(b: &Builder, lengths: &[i32], time: usize, seed: u64) -> Vec<Tensor<E>> {
    let rows = lengths.len();
    let id = |i: usize| ((i * 7 + seed as usize * 5) % 6) as i32;
    let mut all = vec![
        values("x", &[rows, time, 3], numbers(rows * time * 3, seed)),
        ids("t", &[rows, time], (0..rows * time).map(id).collect()),
        values("v", &[rows, 3], numbers(rows * 3, seed + 1)),
        ids("one", &[rows], (0..rows).map(id).collect()),
    ];
    all[..2].iter_mut().for_each(|tensor| tensor.lengths = Some(lengths.to_vec()));
    all.retain(|tensor| b.nodes.iter().any(|node| node["name"] == tensor.name));
    all
}
