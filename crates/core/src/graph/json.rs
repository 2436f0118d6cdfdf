//! The graph's JSON: versioned, strict, refused whole when any part is wrong.

use serde::Deserialize;

use super::malformed::{brief, malformed};
use super::{Fold, Graph, Node, Op, Scan};
use crate::{Error, Result};

/// The version of the format this library reads and writes.
pub const VERSION: u32 = 1;

/// Graphs are small; a text beyond this is not one.
const MAX_BYTES: usize = 16 << 20;

/// Most nodes, those in bodies included, most parameters, most outputs, and most inputs of a node.
const MAX_PARTS: usize = 1 << 12;

#[derive(Deserialize)]
struct Versioned {
    version: serde_json::Value,
}

impl Graph {
    /// Reads a graph.
    ///
    /// # Errors
    /// [`crate::Code::Graph`] if the text is not JSON, is of another version, or has an unknown or missing field;
    /// [`crate::Code::Size`] if it has thousands of parts.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(Error::graph(format!(
                "graph: expected at most {MAX_BYTES} bytes of JSON, received {}",
                text.len()
            )));
        }
        let malformed = |error: serde_json::Error| malformed(text, &error);
        let versioned: Versioned = serde_json::from_str(text).map_err(malformed)?;
        if versioned.version.as_u64() != Some(VERSION.into()) {
            return Err(Error::graph(format!(
                "graph.version: expected {VERSION}, received {}",
                brief(&versioned.version.to_string())
            )));
        }
        let graph: Self = serde_json::from_str(text).map_err(malformed)?;
        graph.check_parts()?;
        Ok(graph)
    }

    fn check_parts(&self) -> Result<()> {
        let inside = |node: &Node| match &node.op {
            Op::Scan(Scan { body, .. }) | Op::Fold(Fold { body }) => body.nodes.len(),
            _ => 0,
        };
        let nodes = self.nodes.len() + self.nodes.iter().map(inside).sum::<usize>();
        let wires = self.nodes.iter().map(most_wires).max().unwrap_or(0);
        let parts = [
            ("nodes", nodes),
            ("parameters", self.parameters.len()),
            ("outputs", self.outputs.len()),
            ("inputs or outputs of a node", wires),
        ];
        for (what, count) in parts {
            if count > MAX_PARTS {
                return Err(Error::size(format!(
                    "graph: expected at most {MAX_PARTS} {what}, received {count}"
                )));
            }
        }
        Ok(())
    }

    /// Writes the graph; [`Graph::from_json`] reads it back equal.
    ///
    /// # Errors
    /// [`crate::Code::Internal`] if serialization fails, which no graph that was read or built makes it do.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|e| Error::internal(format!("graph: cannot be written as JSON: {e}")))
    }
}

/// The most inputs of a node or of one in its body, or outputs of its body.
fn most_wires(node: &Node) -> usize {
    let inside = match &node.op {
        Op::Scan(Scan { body, .. }) | Op::Fold(Fold { body }) => {
            let inputs = body.nodes.iter().map(|inner| inner.inputs.len());
            inputs.max().unwrap_or(0).max(body.outputs.len())
        }
        _ => 0,
    };
    inside.max(node.inputs.len())
}
