//! The graphs that the golden cases run: those of single nodes by hand, those of layers as the TypeScript layer writes them.

use std::path::Path;

use serde_json::{Value, json};

/// The graph of a name in `test/golden/graphs/FILE.json`, which `test/graph/golden-graphs.test.ts` writes.
pub(crate) fn written(file: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/golden/graphs");
    let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).expect("the written graphs");
    let graphs: Value = serde_json::from_str(&text).expect("graphs as JSON");
    graphs.get(name).unwrap_or_else(|| panic!("no graph {name} in {file}.json")).to_string()
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
