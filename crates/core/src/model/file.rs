//! A model as one safetensors file: the parameters, and the graph's JSON in the metadata.

use std::collections::BTreeMap;
use std::path::Path;

use unrolled_kernels::Precision;

use super::{Model, Snapshot};
use crate::format;
use crate::graph::Graph;
use crate::params::Layout;
use crate::program::Program;
use crate::{Error, Result};

/// The key of the graph in the metadata.
const GRAPH: &str = "unrolled.graph";

impl Model<f32> {
    /// Reads a model from the bytes of a file, to compute in a precision: the file holds the parameters in full.
    ///
    /// # Errors
    /// [`crate::Code::Format`] for bytes that are not a model's, and those of [`Program::compile`] for its graph.
    pub fn from_bytes(bytes: &[u8], precision: Precision) -> Result<Self> {
        let file = format::read(bytes)?;
        let text = file
            .metadata
            .get(GRAPH)
            .ok_or_else(|| Error::format(format!("not an unrolled model: metadata has no '{GRAPH}'")))?;
        let graph = Graph::from_json(text)?;
        let program = Program::compile(&graph)?;
        let values = gather(&program.layout, &file)?;
        Self::with_parameters(graph, program, values, precision)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when they do not fit into memory.
    pub fn to_bytes(&self, snapshot: &Snapshot<f32>) -> Result<Vec<u8>> {
        let metadata = BTreeMap::from([(GRAPH.to_owned(), self.graph().to_json()?)]);
        let weights = self.weights_of(snapshot);
        let entries = self.program.layout.entries().iter();
        let tensors: Vec<_> =
            entries.map(|e| (e.name.as_str(), e.shape.as_slice(), &weights.values()[e.range()])).collect();
        format::write(metadata, &tensors)
    }

    /// Reads a model from a file, as [`Model::from_bytes`].
    ///
    /// # Errors
    /// Those of [`Model::from_bytes`]; [`crate::Code::Io`] when the file cannot be read.
    pub fn load(path: &Path, precision: Precision) -> Result<Self> {
        Self::from_bytes(&format::load(path)?, precision)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// Those of [`Model::to_bytes`]; [`crate::Code::Io`] when the file cannot be written.
    pub fn save(&self, snapshot: &Snapshot<f32>, path: &Path) -> Result<()> {
        format::save_atomic(path, &self.to_bytes(snapshot)?)
    }
}

fn gather(layout: &Layout, file: &format::File) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for entry in layout.entries() {
        let tensor = file.find(&entry.name).ok_or_else(|| {
            Error::format(format!("file: expected parameter '{}', received none", entry.name))
        })?;
        if tensor.shape != entry.shape {
            return Err(Error::format(format!(
                "parameter '{}': expected shape {:?}, received {:?}",
                entry.name, entry.shape, tensor.shape
            )));
        }
        values.extend_from_slice(&tensor.values);
    }
    match file.tensors.iter().find(|tensor| layout.find(&tensor.name).is_none()) {
        Some(extra) => Err(Error::format(format!(
            "file: expected the parameters of its graph alone, received tensor '{}' as well",
            extra.name
        ))),
        None => Ok(values),
    }
}
