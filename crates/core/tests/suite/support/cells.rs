//! Cells written as lines: `p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n`.
//!
//! A capital is a product with the weight of that name, with `+` also a bias; a digit at the end of a name times 3 is
//! its size. `x` and `z` are sequences, `v` is a vector, and `h'` is the next value of the state `h`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

use super::graphs::{Builder, node, sequence, vector};
use super::runs::{numbers, values};

/// A graph with one scan, "a", of such a cell.
pub fn cell(text: &str, reverse: bool) -> Builder {
    cell_from(text, reverse, &[])
}

/// As [`cell`]; the states named begin with vectors of the graph, `h` with `v_h`.
pub fn cell_from(text: &str, reverse: bool, initial: &[&str]) -> Builder {
    let mut b = Builder::default();
    let body = body(text, &mut b);
    let entering: Vec<String> = body.inputs.keys().cloned().collect();
    for (name, size) in &body.inputs {
        b.node(name, if name.starts_with('v') { vector(*size) } else { sequence(*size) }, &[]);
    }
    let given: Vec<String> = initial.iter().map(|state| format!("v_{state}")).collect();
    for (name, state) in given.iter().zip(initial) {
        b.node(name, vector(size(state)), &[]);
    }
    let inputs: Vec<&str> = entering.iter().chain(&given).map(String::as_str).collect();
    let all: Vec<&Value> = body.begin.iter().chain(&body.nodes).collect();
    let inner = json!({ "nodes": all, "outputs": body.outputs });
    b.node("a", json!({ "scan": { "reverse": reverse, "initial": initial, "body": inner } }), &inputs);
    for output in &body.outputs {
        let name = output["name"].as_str().unwrap();
        b.output(name, &format!("a:{name}"));
    }
    b
}

/// Numbers for every input of a graph of [`cell`], with rows of these lengths.
pub fn given<E: Element>(b: &Builder, lengths: &[i32], time: usize) -> Vec<Tensor<E>> {
    let of = |(i, node): (usize, &Value)| {
        let (name, op) = (node["name"].as_str()?, &node["op"]["input"]);
        let seed = 31 + i as u64;
        let rows = lengths.len();
        if let Some(size) = op["vector"]["size"].as_u64() {
            return Some(values(name, &[rows, size as usize], numbers(rows * size as usize, seed)));
        }
        let size = op["sequence"]["size"].as_u64()? as usize;
        let mut tensor = values(name, &[rows, time, size], numbers(rows * time * size, seed));
        tensor.lengths = Some(lengths.to_vec());
        Some(tensor)
    };
    b.nodes.iter().enumerate().filter_map(of).collect()
}

struct Body {
    inputs: BTreeMap<String, usize>,
    /// Inputs and states, which precede their readers.
    begin: Vec<Value>,
    nodes: Vec<Value>,
    outputs: Vec<Value>,
}

fn body(text: &str, b: &mut Builder) -> Body {
    let mut body =
        Body { inputs: BTreeMap::new(), begin: Vec::new(), nodes: Vec::new(), outputs: Vec::new() };
    let mut states = Vec::new();
    for line in text.split(';') {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["out", ..] => {
                body.outputs.extend(
                    words[1..].iter().map(|name| json!({ "name": name.replace(':', "_"), "from": name })),
                );
            }
            [state, "=", from] => {
                if from.starts_with(['x', 'z', 'v']) {
                    body.inputs.insert(from.to_owned(), size(from));
                }
                let state = state.strip_suffix('\'').expect("a state, or an operation with its inputs");
                states.push(node(state, json!({ "state": { "size": size(state) } }), &[]));
                body.outputs.push(json!({ "name": state, "from": from }));
            }
            [name, "=", op, ..] => {
                for input in words[3..].iter().filter(|input| input.starts_with(['x', 'z', 'v'])) {
                    body.inputs.insert((*input).to_owned(), size(input));
                }
                body.nodes.push(node(name, operation(op, b), &words[3..]));
            }
            _ => panic!("not a line: {line}"),
        }
    }
    let inputs = body.inputs.iter();
    body.begin = inputs
        .map(|(name, size)| node(name, json!({ "input": { "vector": { "size": size } } }), &[]))
        .collect();
    body.begin.extend(states);
    body
}

/// 3, times the digit at the end of the name.
fn size(name: &str) -> usize {
    3 * name.chars().last().and_then(|last| last.to_digit(10)).unwrap_or(1) as usize
}

fn operation(word: &str, b: &mut Builder) -> Value {
    let mut parameter = |name: &str, shape: &[usize]| {
        if b.parameters.iter().all(|known| known["name"] != name) {
            b.parameter(name, shape);
        }
    };
    match word {
        "tanh" | "sigmoid" | "relu" | "softmax" => json!({ "activation": word }),
        "lstm" => json!("lstmGates"),
        "gru" => json!("gruGates"),
        "third" => json!({ "slice": { "start": 0, "size": 3 } }),
        "minus" => json!({ "affine": { "scale": -0.75, "shift": 0.25 } }),
        "norm" => {
            parameter("gain", &[3]);
            parameter("shift", &[3]);
            json!({ "layerNorm": { "gain": "gain", "bias": "shift" } })
        }
        _ if word.starts_with(|first: char| first.is_ascii_uppercase()) => {
            let weight = word.trim_end_matches('+');
            parameter(weight, &[size(weight), 3]);
            let bias = (weight != word).then(|| format!("bias_{weight}"));
            if let Some(bias) = &bias {
                parameter(bias, &[size(weight)]);
            }
            json!({ "linear": { "weight": weight, "bias": bias } })
        }
        _ => json!(word),
    }
}
