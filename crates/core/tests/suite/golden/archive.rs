//! A golden file in memory, and the comparison with it.

use std::collections::HashMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use unrolled_kernels::{Element, Kernels};

/// The tensors of one file, named `case/tensor`, and the facts of its cases.
pub(crate) struct Golden {
    cases: Vec<Value>,
    tensors: HashMap<String, Tensor>,
}

/// A tensor of numbers or ids.
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

impl Golden {
    /// Reads `test/golden/NAME.safetensors`.
    pub(crate) fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/golden");
        let bytes = std::fs::read(folder.join(format!("{name}.safetensors"))).expect("the golden file");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors header");
        let facts = header.metadata().as_ref().expect("metadata");
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let tensors = file.tensors().into_iter().map(|(name, view)| {
            let values = numbers(view.dtype(), view.data());
            (name, Tensor { shape: view.shape().to_vec(), values })
        });
        Self {
            cases: serde_json::from_str(&facts["cases"]).expect("the cases as JSON"),
            tensors: tensors.collect(),
        }
    }

    /// The cases in the order of the file.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.cases.iter().map(|facts| Case { golden: self, name: text(facts, "name"), facts })
    }

    /// One case by its name.
    pub(crate) fn case(&self, name: &str) -> Case<'_> {
        self.cases().find(|case| case.name == name).unwrap_or_else(|| panic!("no golden case {name}"))
    }
}

/// One case: its facts and its tensors.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    golden: &'a Golden,
    pub(crate) name: &'a str,
    pub(crate) facts: &'a Value,
}

impl<'a> Case<'a> {
    /// A tensor that the case may lack, such as an initial state.
    pub(crate) fn find(&self, name: &str) -> Option<&'a Tensor> {
        self.golden.tensors.get(&format!("{}/{name}", self.name))
    }

    /// A tensor that the case has.
    pub(crate) fn tensor(&self, name: &str) -> &'a Tensor {
        self.find(name).unwrap_or_else(|| panic!("no golden tensor {}/{name}", self.name))
    }

    /// The case's tensors under a prefix such as `gradient/`, by the rest of their names, sorted.
    pub(crate) fn under(&self, prefix: &str) -> Vec<(&'a str, &'a Tensor)> {
        let prefix = format!("{}/{prefix}", self.name);
        let tensors = self.golden.tensors.iter();
        let mut found: Vec<_> =
            tensors.filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?, tensor))).collect();
        found.sort_by_key(|&(name, _)| name);
        found
    }
}

/// Text of a case.
pub(crate) fn text<'a>(facts: &'a Value, key: &str) -> &'a str {
    facts[key].as_str().unwrap_or_else(|| panic!("{key} is not text in {facts}"))
}

fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    match dtype {
        Dtype::F64 => bytes.as_chunks().0.iter().map(|&chunk| f64::from_le_bytes(chunk)).collect(),
        Dtype::F32 => bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk).into()).collect(),
        Dtype::I32 => bytes.as_chunks().0.iter().map(|&chunk| i32::from_le_bytes(chunk).into()).collect(),
        other => panic!("no golden tensor is {other:?}"),
    }
}

/// Asserts that the largest difference, relative to the largest expected value where that is above one, is
/// within the tolerance.
pub(crate) fn assert_close(what: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: number of values");
    let scale = expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    for (index, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        // Written so that a NaN fails.
        let close = (a - e).abs() <= tolerance * scale;
        assert!(close, "{what}[{index}]: {a:e}, expected {e:e} within {tolerance:e} of {scale:e}");
    }
}

/// Calls `test` with the kernels of every instruction set that this processor has.
pub(crate) fn each_kernels<E: Element>(test: impl Fn(Kernels<E>)) {
    let available = Kernels::<E>::available();
    assert!(!available.is_empty());
    for isa in available {
        test(Kernels::with(isa).expect("an available instruction set"));
    }
}

/// Numbers of the file as elements.
pub(crate) fn from_f64<E: Element>(values: &[f64]) -> Vec<E> {
    values.iter().map(|&value| E::from_f64(value)).collect()
}

/// Elements as numbers to compare.
pub(crate) fn to_f64<E: Element>(values: &[E]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}
