//! Reads what `tools/golden.py` wrote: PyTorch's results in double precision.
#![expect(clippy::unwrap_used, reason = "a helper of tests")]

use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

/// A golden file, and its cases from the metadata.
pub(crate) struct Golden {
    bytes: Vec<u8>,
    pub(crate) cases: Vec<Value>,
}

impl Golden {
    pub(crate) fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/golden").join(name);
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let cases = serde_json::from_str(&header.metadata().as_ref().unwrap()["cases"]).unwrap();
        Self { bytes, cases }
    }

    /// The numbers of a tensor, whatever their type, with its shape.
    pub(crate) fn tensor(&self, case: &str, name: &str) -> (Vec<f64>, Vec<usize>) {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = file.tensor(&format!("{case}/{name}")).unwrap();
        let data = tensor.data();
        let values = match tensor.dtype() {
            Dtype::F64 => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
            Dtype::F32 => data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b).into()).collect(),
            Dtype::I32 => data.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b).into()).collect(),
            other => panic!("{case}/{name} holds {other}"),
        };
        (values, tensor.shape().to_vec())
    }
}

/// Asserts `|actual - expected| <= tolerance * max(1, |expected|)` everywhere.
pub(crate) fn assert_close(what: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= tolerance * e.abs().max(1.0), "{what}[{i}]: {a} is not {e}");
    }
}
