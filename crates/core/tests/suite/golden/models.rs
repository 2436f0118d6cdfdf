//! The graphs that the golden cases run.

use serde_json::{Value, json};

/// A stack of recurrent layers.
pub(crate) struct Recurrent<'a> {
    /// `rnn_tanh`, `rnn_relu`, `lstm`, `gru` or `gru_reset_before`.
    pub(crate) cell: &'a str,
    pub(crate) layers: usize,
    pub(crate) input: usize,
    pub(crate) units: usize,
    pub(crate) bias: bool,
    /// True if the states begin with the inputs `h_l0`, `c_l0`, ...
    pub(crate) initial: bool,
    /// Before the names of the parameters: empty, or such as `lstm.`.
    pub(crate) prefix: &'a str,
}

impl Recurrent<'_> {
    /// The states of a cell.
    pub(crate) fn states(&self) -> &'static [&'static str] {
        if self.cell == "lstm" { &["h", "c"] } else { &["h"] }
    }

    /// The parameters with PyTorch's names.
    pub(crate) fn parameters(&self) -> Vec<Value> {
        let gates = match self.cell {
            "lstm" => 4,
            "gru" | "gru_reset_before" => 3,
            _ => 1,
        };
        let rows = self.units * gates;
        let mut parameters = Vec::new();
        for layer in 0..self.layers {
            let input = if layer == 0 { self.input } else { self.units };
            parameters.push(self.parameter("weight_ih", layer, json!([rows, input])));
            parameters.push(self.parameter("weight_hh", layer, json!([rows, self.units])));
            if self.bias {
                parameters.push(self.parameter("bias_ih", layer, json!([rows])));
                parameters.push(self.parameter("bias_hh", layer, json!([rows])));
            }
        }
        parameters
    }

    /// The nodes, reading the sequence `from` and named `l0`, `l1`, ...; the last one's `output` is the result.
    pub(crate) fn nodes(&self, from: &str) -> Vec<Value> {
        let mut nodes = Vec::new();
        for layer in 0..self.layers {
            let mut inputs =
                vec![if layer == 0 { from.to_owned() } else { format!("l{}:output", layer - 1) }];
            if self.initial {
                for state in self.states() {
                    let name = format!("{state}_l{layer}");
                    nodes.push(input(&name, json!({ "vector": { "size": self.units } })));
                    inputs.push(name);
                }
            }
            let initial = if self.initial { self.states() } else { &[] };
            let scan = json!({ "reverse": false, "initial": initial, "body": self.body(layer) });
            nodes.push(node(&format!("l{layer}"), json!({ "scan": scan }), &inputs));
        }
        nodes
    }

    fn body(&self, layer: usize) -> Value {
        let size = if layer == 0 { self.input } else { self.units };
        let mut nodes = vec![input("x", json!({ "vector": { "size": size } }))];
        for state in self.states() {
            nodes.push(node(state, json!({ "state": { "size": self.units } }), NONE));
        }
        nodes.push(node("pre", self.linear("ih", layer, None), &["x"]));
        if self.cell != "gru_reset_before" {
            nodes.push(node("rec", self.linear("hh", layer, None), &["h"]));
        }
        if !self.cell.starts_with("gru") {
            nodes.push(node("sum", json!("add"), &["pre", "rec"]));
        }
        let outputs = match self.cell {
            "lstm" => {
                nodes.push(node("cell", json!("lstmGates"), &["sum", "c"]));
                vec![output("output", "cell:h"), output("h", "cell:h"), output("c", "cell:c")]
            }
            "gru" => {
                nodes.push(node("cell", json!("gruGates"), &["pre", "rec", "h"]));
                vec![output("output", "cell:h"), output("h", "cell:h")]
            }
            "gru_reset_before" => {
                nodes.extend(self.reset_before(layer));
                vec![output("output", "next"), output("h", "next")]
            }
            rnn => {
                let name = rnn.strip_prefix("rnn_").expect("a cell of the golden file");
                nodes.push(node("cell", json!({ "activation": name }), &["sum"]));
                vec![output("output", "cell"), output("h", "cell")]
            }
        };
        json!({ "nodes": nodes, "outputs": outputs })
    }

    /// r, z = σ(pre + rec), n = tanh(pre + U (r h)), next = n + z (h - n).
    fn reset_before(&self, layer: usize) -> Vec<Value> {
        let units = self.units;
        let slice = |start: usize, size: usize| json!({ "slice": { "start": start, "size": size } });
        vec![
            node("pre_rz", slice(0, 2 * units), &["pre"]),
            node("rec_rz", self.linear("hh", layer, Some([0, 2 * units])), &["h"]),
            node("sum_rz", json!("add"), &["pre_rz", "rec_rz"]),
            node("rz", json!({ "activation": "sigmoid" }), &["sum_rz"]),
            node("r", slice(0, units), &["rz"]),
            node("z", slice(units, units), &["rz"]),
            node("rh", json!("multiply"), &["r", "h"]),
            node("pre_n", slice(2 * units, units), &["pre"]),
            node("rec_n", self.linear("hh", layer, Some([2 * units, 3 * units])), &["rh"]),
            node("sum_n", json!("add"), &["pre_n", "rec_n"]),
            node("n", json!({ "activation": "tanh" }), &["sum_n"]),
            node("minus_n", json!({ "affine": { "scale": -1.0, "shift": 0.0 } }), &["n"]),
            node("gap", json!("add"), &["h", "minus_n"]),
            node("kept", json!("multiply"), &["z", "gap"]),
            node("next", json!("add"), &["n", "kept"]),
        ]
    }

    fn linear(&self, kind: &str, layer: usize, rows: Option<[usize; 2]>) -> Value {
        let bias = self.bias.then(|| format!("{}bias_{kind}_l{layer}", self.prefix));
        let weight = format!("{}weight_{kind}_l{layer}", self.prefix);
        json!({ "linear": { "weight": weight, "bias": bias, "rows": rows } })
    }

    fn parameter(&self, kind: &str, layer: usize, shape: Value) -> Value {
        parameter(&format!("{}{kind}_l{layer}", self.prefix), shape)
    }
}

/// No inputs.
pub(crate) const NONE: &[&str] = &[];

/// A parameter whose values come from the golden file.
pub(crate) fn parameter(name: &str, shape: Value) -> Value {
    json!({ "name": name, "shape": shape, "init": "zeros" })
}

/// An input of the graph or of a body.
pub(crate) fn input(name: &str, kind: Value) -> Value {
    node(name, json!({ "input": kind }), NONE)
}

/// A node.
pub(crate) fn node(name: &str, op: Value, inputs: &[impl AsRef<str>]) -> Value {
    let inputs: Vec<_> = inputs.iter().map(AsRef::as_ref).collect();
    json!({ "name": name, "op": op, "inputs": inputs })
}

/// A result of the graph or of a body.
pub(crate) fn output(name: &str, from: &str) -> Value {
    json!({ "name": name, "from": from })
}

/// The whole graph.
pub(crate) fn graph(parameters: Vec<Value>, nodes: Vec<Value>, outputs: Vec<Value>) -> String {
    json!({ "version": 1, "parameters": parameters, "nodes": nodes, "outputs": outputs }).to_string()
}
