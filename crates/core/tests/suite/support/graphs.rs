//! Graphs as JSON, built like the TypeScript layer builds them.

use serde_json::{Value, json};
use unrolled_core::graph::Graph;

/// A graph under construction.
#[derive(Clone, Default)]
pub struct Builder {
    pub parameters: Vec<Value>,
    pub nodes: Vec<Value>,
    pub outputs: Vec<Value>,
}

impl Builder {
    pub fn parameter(&mut self, name: &str, shape: &[usize]) -> &mut Self {
        self.parameters
            .push(json!({ "name": name, "shape": shape, "init": { "uniform": { "bound": 0.6 } } }));
        self
    }

    pub fn node(&mut self, name: &str, op: Value, inputs: &[&str]) -> &mut Self {
        self.nodes.push(node(name, op, inputs));
        self
    }

    pub fn output(&mut self, name: &str, from: &str) -> &mut Self {
        self.outputs.push(json!({ "name": name, "from": from }));
        self
    }

    pub fn json(&self) -> Value {
        json!({ "version": 1, "parameters": self.parameters, "nodes": self.nodes, "outputs": self.outputs })
    }

    pub fn graph(&self) -> Graph {
        Graph::from_json(&self.json().to_string()).unwrap()
    }

    /// A layer of `cell` ("rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before") with PyTorch's parameters.
    #[allow(clippy::too_many_arguments, reason = "what a layer consists of")]
    pub fn layer(
        &mut self,
        name: &str,
        cell: &str,
        layer: usize,
        input: &str,
        sizes: [usize; 2],
        bias: bool,
        reverse: bool,
        initial: &[&str],
    ) -> &mut Self {
        let [input_size, size] = sizes;
        let gates = match cell {
            "lstm" => 4,
            "gru" | "gru_before" => 3,
            _ => 1,
        };
        let suffix = if reverse { "_reverse" } else { "" };
        let parameter = |kind: &str| format!("lstm.{kind}_l{layer}{suffix}").replace("lstm", "rnn");
        self.parameter(&parameter("weight_ih"), &[gates * size, input_size]);
        self.parameter(&parameter("weight_hh"), &[gates * size, size]);
        if bias {
            self.parameter(&parameter("bias_ih"), &[gates * size]);
            self.parameter(&parameter("bias_hh"), &[gates * size]);
        }
        let linear = |kind: &str, rows: Option<[usize; 2]>| {
            let bias = bias.then(|| parameter(&format!("bias_{kind}")));
            json!({ "linear": { "weight": parameter(&format!("weight_{kind}")), "bias": bias, "rows": rows } })
        };
        let (nodes, outputs) = body(cell, input_size, size, &linear);
        let states: &[&str] = if cell == "lstm" { &["h", "c"] } else { &["h"] };
        let given: &[&str] = if initial.is_empty() { &[] } else { states };
        let mut inputs = vec![input];
        inputs.extend(initial);
        let body = json!({ "nodes": nodes, "outputs": outputs });
        self.node(name, json!({ "scan": { "reverse": reverse, "initial": given, "body": body } }), &inputs)
    }
}

pub fn node(name: &str, op: Value, inputs: &[&str]) -> Value {
    json!({ "name": name, "op": op, "inputs": inputs })
}

/// The nodes and outputs of a cell's body.
fn body(
    cell: &str,
    input: usize,
    size: usize,
    linear: &dyn Fn(&str, Option<[usize; 2]>) -> Value,
) -> (Vec<Value>, Value) {
    let mut nodes = vec![
        node("x", json!({ "input": { "vector": { "size": input } } }), &[]),
        node("h", json!({ "state": { "size": size } }), &[]),
        node("pre", linear("ih", None), &["x"]),
    ];
    let slice = |start: usize, size: usize| json!({ "slice": { "start": start, "size": size } });
    let outputs = match cell {
        "lstm" => {
            nodes.push(node("c", json!({ "state": { "size": size } }), &[]));
            nodes.push(node("rec", linear("hh", None), &["h"]));
            nodes.push(node("sum", json!("add"), &["pre", "rec"]));
            nodes.push(node("cell", json!("lstmGates"), &["sum", "c"]));
            json!([{ "name": "output", "from": "cell:h" }, { "name": "h", "from": "cell:h" }, { "name": "c", "from": "cell:c" }])
        }
        "gru" => {
            nodes.push(node("rec", linear("hh", None), &["h"]));
            nodes.push(node("cell", json!("gruGates"), &["pre", "rec", "h"]));
            json!([{ "name": "output", "from": "cell:h" }, { "name": "h", "from": "cell:h" }])
        }
        "gru_before" => {
            nodes.extend([
                node("pre_rz", slice(0, 2 * size), &["pre"]),
                node("pre_n", slice(2 * size, size), &["pre"]),
                node("rec_rz", linear("hh", Some([0, 2 * size])), &["h"]),
                node("sum_rz", json!("add"), &["pre_rz", "rec_rz"]),
                node("rz", json!({ "activation": "sigmoid" }), &["sum_rz"]),
                node("r", slice(0, size), &["rz"]),
                node("z", slice(size, size), &["rz"]),
                node("rh", json!("multiply"), &["r", "h"]),
                node("rec_n", linear("hh", Some([2 * size, 3 * size])), &["rh"]),
                node("sum_n", json!("add"), &["pre_n", "rec_n"]),
                node("n", json!({ "activation": "tanh" }), &["sum_n"]),
                node("closed", json!({ "affine": { "scale": -1.0, "shift": 1.0 } }), &["z"]),
                node("new", json!("multiply"), &["closed", "n"]),
                node("kept", json!("multiply"), &["z", "h"]),
                node("next", json!("add"), &["new", "kept"]),
            ]);
            json!([{ "name": "output", "from": "next" }, { "name": "h", "from": "next" }])
        }
        _ => {
            let activation = if cell == "rnn_relu" { "relu" } else { "tanh" };
            nodes.push(node("rec", linear("hh", None), &["h"]));
            nodes.push(node("sum", json!("add"), &["pre", "rec"]));
            nodes.push(node("out", json!({ "activation": activation }), &["sum"]));
            json!([{ "name": "output", "from": "out" }, { "name": "h", "from": "out" }])
        }
    };
    (nodes, outputs)
}

pub fn sequence(size: usize) -> Value {
    json!({ "input": { "sequence": { "size": size } } })
}

pub fn vector(size: usize) -> Value {
    json!({ "input": { "vector": { "size": size } } })
}

pub fn tokens(vocabulary: usize) -> Value {
    json!({ "input": { "tokens": { "vocabulary": vocabulary } } })
}
