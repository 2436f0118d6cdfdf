//! Files of tensors that other libraries wrote.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Object, Uint8ArraySlice};
use napi_derive::napi;
use unrolled_core::Result;
use unrolled_core::format::{ForeignTensor, open, read_foreign};

use crate::error::{Thrown, refused, throwing};
use crate::event_loop::Worker;
use crate::tensor::{numbers, owned};

/// A tensor of a file.
#[napi(object, object_from_js = false)]
pub struct FileTensor {
    /// Its name.
    pub name: String,
    /// Its sizes, row-major.
    pub shape: Vec<f64>,
    /// The type in the file.
    #[napi(js_name = "type")]
    pub dtype: String,
    /// Its numbers, rounded to `f32`; empty for whole numbers.
    pub values: Float32ArraySlice<'static>,
}

/// Reads the tensors of a safetensors file.
#[napi(ts_return_type = "Promise<Array<FileTensor>>")]
pub fn read_tensors(env: &Env, path: String) -> std::result::Result<Object<'_>, Thrown> {
    throwing(|| {
        let task = move || {
            let (file, length) = open(&PathBuf::from(path))?;
            read_foreign(file, length)
        };
        Worker::default().run(env, task, given)
    })
}

/// Reads the tensors of a safetensors file from its bytes.
#[napi(ts_return_type = "Promise<Array<FileTensor>>")]
pub fn read_tensors_of<'env>(
    env: &'env Env,
    bytes: Uint8ArraySlice,
) -> std::result::Result<Object<'env>, Thrown> {
    throwing(|| {
        let bytes = owned("bytes", &bytes)?;
        Worker::default().run(env, move || read_foreign(bytes.as_slice(), bytes.len() as u64), given)
    })
}

fn given(env: Env, tensors: Vec<ForeignTensor>) -> Result<Vec<FileTensor>> {
    let given = |tensor: ForeignTensor| -> Result<FileTensor> {
        let ForeignTensor { name, shape, dtype, values } = tensor;
        let shape = shape.into_iter().map(|size| size as f64).collect();
        Ok(FileTensor { name, shape, dtype, values: numbers(&env, values).map_err(refused)? })
    };
    tensors.into_iter().map(given).collect()
}
