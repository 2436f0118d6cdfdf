//! Arrays across the border: copied on the JavaScript thread on the way in, handed over on the way out, or copied where
//! they are small.

use std::ops::Deref;

use napi::Env;
use napi::bindgen_prelude::{
    ArrayBuffer, Float32ArraySlice, FromNapiValue, Int32ArraySlice, JsObjectValue, JsValue, Object, Unknown,
};
use napi_derive::napi;
use unrolled_core::memory::copied;
use unrolled_core::run;
use unrolled_core::storage::{self, Data, GivenTargets};
use unrolled_core::{Error, Result};

use crate::error::refused;

/// A named array, batch first: `values` of `[rows, time, size]` or `[rows, size]`, `ids` of `[rows, time]` or
/// `[rows]`, with the valid steps of each row in `lengths` (all of them if absent). Given with lengths, arrays may have
/// the valid steps alone, one row after the other; returned, they fill the shape.
#[napi(object, object_from_js = false)]
pub struct Tensor {
    /// The name of an input, output or state.
    pub name: String,
    /// Its sizes, batch first.
    pub shape: Vec<u32>,
    /// Numbers, row-major.
    pub values: Option<Float32ArraySlice<'static>>,
    /// Integer ids, row-major.
    pub ids: Option<Int32ArraySlice<'static>>,
    /// Valid steps of each row.
    pub lengths: Option<Int32ArraySlice<'static>>,
    /// Of targets: the weight of each row or step, all 1 if absent.
    pub weights: Option<Float32ArraySlice<'static>>,
}

/// The result of a forward run.
#[napi(object, object_from_js = false)]
pub struct Prediction {
    /// The graph's outputs.
    pub outputs: Vec<Tensor>,
    /// The model's states after each row's last step.
    pub states: Vec<Tensor>,
}

impl Prediction {
    pub(crate) fn new(env: &Env, run: run::Outputs<f32>) -> Result<Self> {
        Ok(Self { outputs: handed_over(env, run.outputs)?, states: handed_over(env, run.states)? })
    }
}

/// Gives the core's arrays to JavaScript, on its thread.
pub(crate) fn handed_over(env: &Env, tensors: Vec<storage::Tensor<f32>>) -> Result<Vec<Tensor>> {
    tensors.into_iter().map(|tensor| given(env, tensor).map_err(refused)).collect()
}

/// Gives copies of the core's arrays to JavaScript, on its thread.
pub(crate) fn copies(env: &Env, tensors: &[storage::Tensor<f32>]) -> Result<Vec<Tensor>> {
    let copy = |tensor: &storage::Tensor<f32>| {
        let what = tensor.name.as_str();
        let data = match &tensor.data {
            Data::Values(values) => Data::Values(copied(values, what)?),
            Data::Ids(ids) => Data::Ids(copied(ids, what)?),
        };
        let lengths = tensor.lengths.as_ref().map(|lengths| copied(lengths, what)).transpose()?;
        let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
        given(env, storage::Tensor { name, shape, data, lengths }).map_err(refused)
    };
    tensors.iter().map(copy).collect()
}

/// The most numbers of an array that is copied into V8's own memory: for so few, a finalizer takes longer than the copy.
const FEW: usize = 4096;

fn given(env: &Env, tensor: storage::Tensor<f32>) -> napi::Result<Tensor> {
    let (values, ids) = match tensor.data {
        Data::Values(values) => (Some(numbers(env, values)?), None),
        Data::Ids(ids) => (None, Some(integers(env, ids)?)),
    };
    let shape = tensor.shape.iter().map(|&size| size as u32).collect();
    let lengths = tensor.lengths.map(|lengths| integers(env, lengths)).transpose()?;
    Ok(Tensor { name: tensor.name, shape, values, ids, lengths, weights: None })
}

/// Gives numbers to JavaScript.
pub(crate) fn numbers(env: &Env, values: Vec<f32>) -> napi::Result<Float32ArraySlice<'static>> {
    match values.len() {
        ..=FEW => Float32ArraySlice::copy_from(env, &values),
        _ => Float32ArraySlice::from_data(env, values),
    }
}

/// Gives a copy of numbers to JavaScript. V8 ends the process where it has no memory for an array of its own, and so a
/// long one lies in memory that is asked for here.
///
/// # Errors
/// [`unrolled_core::Code::Size`] when there is no memory, naming `what`.
pub(crate) fn numbers_of(env: &Env, values: &[f32], what: &str) -> Result<Float32ArraySlice<'static>> {
    match values.len() {
        ..=FEW => Float32ArraySlice::copy_from(env, values),
        _ => Float32ArraySlice::from_data(env, copied(values, what)?),
    }
    .map_err(refused)
}

/// Gives integers to JavaScript.
pub(crate) fn integers(env: &Env, values: Vec<i32>) -> napi::Result<Int32ArraySlice<'static>> {
    match values.len() {
        ..=FEW => Int32ArraySlice::copy_from(env, &values),
        _ => Int32ArraySlice::from_data(env, values),
    }
}

/// Copies targets that JavaScript passed as `argument`.
pub(crate) fn copied_targets(argument: &str, objects: &[Object]) -> Result<Vec<GivenTargets<f32>>> {
    let targets = objects.iter().enumerate().map(|(i, object)| {
        let place = format!("{argument}[{i}]");
        let weights = array::<Float32ArraySlice, f32>(&place, object, "weights", "a Float32Array")?;
        Ok(GivenTargets { tensor: tensor(&place, object)?, weights })
    });
    targets.collect()
}

/// The objects of an array that is a property.
pub(crate) fn objects<'env>(place: &str, object: &Object<'env>, name: &str) -> Result<Vec<Object<'env>>> {
    required(place, object, name, "an array of objects")
}

/// Copies arrays that JavaScript passed as `argument`.
pub(crate) fn copied_tensors(argument: &str, objects: &[Object]) -> Result<Vec<storage::Tensor<f32>>> {
    objects.iter().enumerate().map(|(i, object)| tensor(&format!("{argument}[{i}]"), object)).collect()
}

fn tensor(place: &str, object: &Object) -> Result<storage::Tensor<f32>> {
    let name: String = required(place, object, "name", "a string")?;
    let shape: Vec<f64> = required(place, object, "shape", "an array of numbers")?;
    let shape = shape.into_iter().map(|n| size(place, n)).collect::<Result<_>>()?;
    let values = array::<Float32ArraySlice, f32>(place, object, "values", "a Float32Array")?;
    let ids = array::<Int32ArraySlice, i32>(place, object, "ids", "an Int32Array")?;
    let lengths = array::<Int32ArraySlice, i32>(place, object, "lengths", "an Int32Array")?;
    let data = match (values, ids) {
        (Some(values), None) => Data::Values(values),
        (None, Some(ids)) => Data::Ids(ids),
        (Some(_), Some(_)) => {
            return Err(Error::argument(format!("{place}: expected values or ids, received both")));
        }
        (None, None) => {
            return Err(Error::argument(format!("{place}: expected values or ids, received neither")));
        }
    };
    Ok(storage::Tensor { name, shape, data, lengths })
}

fn size(place: &str, n: f64) -> Result<usize> {
    if n.fract() == 0.0 && (0.0..=u32::MAX.into()).contains(&n) {
        return Ok(n as usize);
    }
    Err(Error::shape(format!("{place}.shape: expected integers from 0 to {}, received {n}", u32::MAX)))
}

fn field<T: FromNapiValue>(place: &str, object: &Object, name: &str, expected: &str) -> Result<Option<T>> {
    let other = |_| Error::kind(format!("{place}.{name}: expected {expected}, received another value"));
    object.get(name).map_err(other)
}

fn required<T: FromNapiValue>(place: &str, object: &Object, name: &str, expected: &str) -> Result<T> {
    let missing = || Error::argument(format!("{place}.{name}: expected {expected}, received none"));
    field(place, object, name, expected)?.ok_or_else(missing)
}

fn array<'env, A, T>(place: &str, object: &Object<'env>, name: &str, expected: &str) -> Result<Option<Vec<T>>>
where
    A: FromNapiValue + JsObjectValue<'env> + Deref<Target = [T]>,
    T: Clone,
{
    let Some(array) = field::<A>(place, object, name, expected)? else { return Ok(None) };
    owned(&format!("{place}.{name}"), &array).map(Some)
}

/// A copy of a typed array that is [`readable`].
///
/// # Errors
/// Those of [`readable`]; [`unrolled_core::Code::Size`] when there is no memory.
pub(crate) fn owned<'env, A, T>(what: &str, array: &A) -> Result<Vec<T>>
where
    A: FromNapiValue + JsObjectValue<'env> + Deref<Target = [T]>,
    T: Clone,
{
    copied(&readable(what, array)?, what)
}

/// A typed array as it is now.
///
/// # Errors
/// [`unrolled_core::Code::Kind`] for memory that another thread could write, `State` for memory that was transferred.
pub(crate) fn readable<'env, A, T>(what: &str, array: &A) -> Result<A>
where
    A: FromNapiValue + JsObjectValue<'env> + Deref<Target = [T]>,
{
    let buffer: Unknown = array.get_named_property("buffer").map_err(refused)?;
    if !buffer.is_arraybuffer().map_err(refused)? {
        return Err(Error::kind(format!(
            "{what}: expected memory of its own, received a SharedArrayBuffer; copy it first"
        )));
    }
    if array.is_empty() {
        let buffer: ArrayBuffer = array.get_named_property_unchecked("buffer").map_err(refused)?;
        if buffer.is_detached().map_err(refused)? {
            return Err(Error::state(format!(
                "{what}: expected an array, received one that was transferred"
            )));
        }
    }
    // Asks for the address last: a getter of the caller's may have moved the memory.
    A::from_unknown(array.to_unknown()).map_err(refused)
}
