//! Decoders that attend to a memory.

use serde_json::{Value, json};

use super::graphs::{Builder, vector};

/// A sequence along an axis of its own.
pub fn along(size: usize, axis: &str) -> Value {
    json!({ "input": { "sequence": { "size": size, "axis": axis } } })
}

/// An attention by the product of query and key.
pub fn dot() -> Value {
    json!({ "attention": { "score": { "dot": { "scale": 0.7 } } } })
}

/// An attention by a learned function of both; its parameter is "v".
pub fn additive() -> Value {
    json!({ "attention": { "score": { "additive": { "weight": "v" } } } })
}

/// The loop "d" over "x" of 3 numbers, whose cell attends to "memory" along "source" by its state of `size` numbers and begins
/// with "initial"; behind it "again" attends once more. The memory is read as it is and projected.
pub fn attending(b: &mut Builder, score: &Value, size: usize, memory: &str, initial: &str) {
    b.parameter("wk", &[5, size]).parameter("wq", &[5, size]).parameter("v", &[5]);
    b.parameter("wx", &[size, 3 + size]).parameter("wh", &[size, size]);
    let body = json!([
        { "name": "x", "op": vector(3), "inputs": [] },
        { "name": "m", "op": along(size, "source"), "inputs": [] },
        { "name": "h", "op": { "state": { "size": size } }, "inputs": [] },
        { "name": "k", "op": { "linear": { "weight": "wk" } }, "inputs": ["m"] },
        { "name": "q", "op": { "linear": { "weight": "wq" } }, "inputs": ["h"] },
        { "name": "a", "op": score, "inputs": ["q", "k", "m"] },
        { "name": "c", "op": "concat", "inputs": ["x", "a:context"] },
        { "name": "p", "op": { "linear": { "weight": "wx" } }, "inputs": ["c"] },
        { "name": "r", "op": { "linear": { "weight": "wh" } }, "inputs": ["h"] },
        { "name": "z", "op": "add", "inputs": ["p", "r"] },
        { "name": "n", "op": { "activation": "tanh" }, "inputs": ["z"] },
    ]);
    let ports = [("h", "n"), ("output", "n"), ("context", "a:context")];
    let outputs = ports.map(|(name, from)| json!({ "name": name, "from": from }));
    let scan = json!({ "scan": { "initial": ["h"], "body": { "nodes": body, "outputs": outputs } } });
    b.node("d", scan, &["x", memory, initial]).node("again", dot(), &["d:output", memory]);
}
