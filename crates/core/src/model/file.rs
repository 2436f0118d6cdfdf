//! A model as one safetensors file: the parameters, and the graph's JSON in the metadata.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use unrolled_kernels::Precision;

use super::{Model, Snapshot};
use crate::format::{self, Named, OF_OTHERS, Reader, is_of_a_run};
use crate::graph::Graph;
use crate::memory::zeros;
use crate::params::Layout;
use crate::program::Program;
use crate::{Code, Error, Result};

/// The key of the graph in the metadata.
pub(super) const GRAPH: &str = "unrolled.graph";
/// The key of the user's own metadata, one text.
pub(super) const USER: &str = "unrolled.metadata";

impl Model<f32> {
    /// Reads a model from the bytes of a file, to compute in a precision: the file holds the parameters in full.
    ///
    /// # Errors
    /// [`crate::Code::Format`] for bytes that are not a model's, a graph that is wrong among them; [`crate::Code::Size`] for
    /// one that is too large and when there is no memory.
    pub fn from_bytes(bytes: &[u8], precision: Precision) -> Result<Self> {
        Self::read(Reader::open(bytes, bytes.len() as u64)?, precision)
    }

    /// Reads the graph and checks the tensors' names and shapes before any of their values.
    fn read<R: Read>(mut reader: Reader<R>, precision: Precision) -> Result<Self> {
        let text = reader.metadata().get(GRAPH).ok_or_else(|| {
            Error::format(format!("not an unrolled model: metadata has no '{GRAPH}'{OF_OTHERS}"))
        })?;
        let graph = Graph::from_json(text).map_err(damaged)?;
        let program = Program::compile(&graph).map_err(damaged)?;
        program.check_fits::<f32>()?;
        let tensors =
            reader.tensors().map(|(name, shape)| (name, shape, reader.is_checked() && is_of_a_run(name)));
        let places = places(&program.layout, tensors)?;
        let mut values = zeros(program.layout.total(), "the parameters")?;
        places.into_iter().try_for_each(|place| match place {
            Some(place) => reader.read_next(&mut values[place]),
            None => reader.pass_next(),
        })?;
        let metadata = reader.metadata().get(USER).cloned();
        let mut model = Self::with_parameters(graph, program, values, precision)?;
        model.metadata = metadata;
        Ok(model)
    }

    /// The user's own metadata of the file that the model was read from.
    #[must_use]
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// The bytes of a file, with the user's metadata: those given, else those that the model was read with.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when they do not fit into memory or into a file.
    pub fn to_bytes(&self, snapshot: &Snapshot<f32>, metadata: Option<&str>) -> Result<Vec<u8>> {
        let mut texts = BTreeMap::from([(GRAPH.to_owned(), self.graph().to_json()?)]);
        if let Some(text) = metadata.or(self.metadata()) {
            texts.insert(USER.to_owned(), text.to_owned());
        }
        self.written(snapshot, |tensors| format::write(texts, tensors))
    }

    /// The bytes of PyTorch's state dict: parameters alone.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when they do not fit into memory or into a file.
    pub fn to_pytorch(&self, snapshot: &Snapshot<f32>) -> Result<Vec<u8>> {
        self.written(snapshot, format::write_pytorch)
    }

    fn written(
        &self,
        snapshot: &Snapshot<f32>,
        write: impl FnOnce(&[Named<'_>]) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let weights = self.weights_of(snapshot);
        let entries = self.program.layout.entries().iter();
        let tensors: Vec<_> =
            entries.map(|e| (e.name.as_str(), e.shape.as_slice(), &weights.values()[e.range()])).collect();
        write(&tensors)
    }

    /// Reads a model from a file, as [`Model::from_bytes`].
    ///
    /// # Errors
    /// Those of [`Model::from_bytes`]; [`crate::Code::Io`] when the file cannot be read.
    pub fn load(path: &Path, precision: Precision) -> Result<Self> {
        let (file, length) = format::open(path)?;
        Self::read(Reader::open(file, length)?, precision)
    }
}

/// A graph that is wrong is damage when a file holds it; one that is too large stays that.
fn damaged(error: Error) -> Error {
    let code = if error.code == Code::Size { Code::Size } else { Code::Format };
    Error { code, ..error }.within("file")
}

/// The places of a file's tensors among the parameters, in the order of the file; none for those to pass over.
pub(super) fn places<'a>(
    layout: &Layout,
    tensors: impl Iterator<Item = (&'a str, &'a [usize], bool)>,
) -> Result<Vec<Option<Range<usize>>>> {
    let mut found = HashSet::new();
    let mut places = Vec::new();
    for (name, shape, passed) in tensors {
        if passed {
            places.push(None);
            continue;
        }
        let entry = layout.find(name).ok_or_else(|| {
            Error::format(format!(
                "file: expected the parameters of its graph alone, received tensor '{name}' as well"
            ))
        })?;
        if shape != entry.shape {
            return Err(Error::format(format!(
                "parameter '{name}': expected shape {:?}, received {shape:?}",
                entry.shape
            )));
        }
        found.insert(name);
        places.push(Some(entry.range()));
    }
    match layout.entries().iter().find(|entry| !found.contains(entry.name.as_str())) {
        Some(missing) => {
            Err(Error::format(format!("file: expected parameter '{}', received none", missing.name)))
        }
        None => Ok(places),
    }
}
