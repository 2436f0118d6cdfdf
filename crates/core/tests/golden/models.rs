//! The graphs that the golden cases run.

use serde_json::{Value, json};

/// A stack of recurrent layers.
pub(crate) struct Recurrent<'a> {
    /// `rnn_tanh`, `rnn_relu`, `lstm` or `gru`.
    pub(crate) cell: &'a str,
    pub(crate) layers: usize,
    pub(crate) input: usize,
    pub(crate) units: usize,
    pub(crate) bias: bool,
    /// Whether the states begin with the inputs `h_l0`, `c_l0`, ...
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
        let rows =
            self.units * [("lstm", 4), ("gru", 3)].iter().find(|g| g.0 == self.cell).map_or(1, |g| g.1);
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
        nodes.push(node("pre", self.linear("ih", layer), &["x"]));
        nodes.push(node("rec", self.linear("hh", layer), &["h"]));
        if self.cell != "gru" {
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
            rnn => {
                let name = rnn.strip_prefix("rnn_").expect("a cell of the golden file");
                nodes.push(node("cell", json!({ "activation": name }), &["sum"]));
                vec![output("output", "cell"), output("h", "cell")]
            }
        };
        json!({ "nodes": nodes, "outputs": outputs })
    }

    fn linear(&self, kind: &str, layer: usize) -> Value {
        let bias = self.bias.then(|| format!("{}bias_{kind}_l{layer}", self.prefix));
        json!({ "linear": { "weight": format!("{}weight_{kind}_l{layer}", self.prefix), "bias": bias } })
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
