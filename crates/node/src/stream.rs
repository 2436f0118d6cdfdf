//! A model one step at a time, on the JavaScript thread.

use std::cell::RefCell;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Int32ArraySlice, Object, ObjectFinalize};
use napi_derive::napi;
use unrolled_core::{Error, Result, model, storage};

use crate::error::{Thrown, disposed, refused, throwing};
use crate::tensor::{Tensor, copied_tensors, copies, handed_over, numbers_of, readable};

/// A model that is fed one step at a time and keeps its states.
#[napi(custom_finalize)]
pub struct Stream {
    open: RefCell<Option<model::Session<f32>>>,
    /// Bytes outside of its heap that V8 knows of.
    bytes: i64,
}

#[napi]
impl Stream {
    /// Takes a step and returns the outputs at it. `values` has the numbers of the inputs that take numbers, one after
    /// the other, and `ids` the ids of those that take ids; the outputs come one after the other as well.
    #[napi(ts_return_type = "Float32Array")]
    pub fn push<'env>(
        &self,
        env: &'env Env,
        values: Float32ArraySlice<'env>,
        ids: Option<Int32ArraySlice<'env>>,
    ) -> std::result::Result<Float32ArraySlice<'env>, Thrown> {
        throwing(|| {
            // Before the stream is looked at: a property of the caller's may call it.
            let ids = ids.as_ref().map(|ids| readable("ids", ids)).transpose()?;
            let values = readable("values", &values)?;
            let ids = ids.as_deref().unwrap_or_default();
            self.with(|stream| numbers_of(env, stream.step(&values, ids)?, "the outputs of a step"))
        })
    }

    /// The states after the last step.
    #[napi]
    pub fn state(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.with(|stream| handed_over(&env, stream.states()?)))
    }

    /// Goes on from these states, one for each of the model's.
    #[napi(ts_args_type = "states: Array<Tensor>")]
    pub fn set_state(&self, states: Vec<Object>) -> std::result::Result<(), Thrown> {
        throwing(|| {
            let states = copied_tensors("states", &states)?;
            self.with(|stream| stream.set_states(states))
        })
    }

    /// The states before the first step.
    #[napi]
    pub fn first_state(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.with(|stream| handed_over(&env, stream.first_states()?)))
    }

    /// The outputs that no step changes.
    #[napi]
    pub fn fixed(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.with(|stream| copies(&env, stream.fixed())))
    }

    /// Inputs, outputs and states of a step as JSON.
    #[napi]
    pub fn describe(&self) -> std::result::Result<String, Thrown> {
        throwing(|| self.with(|stream| described(stream)))
    }

    /// A second stream that goes on from the same states.
    #[napi]
    pub fn fork(&self, env: Env) -> std::result::Result<Stream, Thrown> {
        throwing(|| Self::of(env, self.with(|stream| stream.fork())?))
    }

    /// Gives the stream back.
    #[napi]
    pub fn dispose(&self, env: Env) -> std::result::Result<(), Thrown> {
        throwing(|| self.close(env))
    }
}

impl Stream {
    /// A stream of `model`, which takes some inputs now.
    pub(crate) fn start(
        env: Env,
        model: Arc<model::Model<f32>>,
        axis: Option<&str>,
        inputs: Vec<storage::Tensor<f32>>,
    ) -> Result<Self> {
        let rows = inputs.is_empty().then_some(1);
        let session = model::Session::open(model, "stream", axis, rows, inputs)?;
        match session.rows() {
            1 => Self::of(env, session),
            rows => Err(Error::shape(format!("stream: expected 1 row at the start, received {rows}"))),
        }
    }

    fn of(env: Env, session: model::Session<f32>) -> Result<Self> {
        let bytes = session.bytes() as i64;
        env.adjust_external_memory(bytes).map_err(refused)?;
        Ok(Self { open: RefCell::new(Some(session)), bytes })
    }

    /// Gives the stream back, the first time.
    fn close(&self, env: Env) -> Result<()> {
        match self.open.take() {
            Some(_) => env.adjust_external_memory(-self.bytes).map_err(refused).map(|_| ()),
            None => Ok(()),
        }
    }

    fn with<T>(&self, body: impl FnOnce(&mut model::Session<f32>) -> Result<T>) -> Result<T> {
        body(self.open.borrow_mut().as_mut().ok_or_else(|| disposed("stream"))?)
    }
}

/// Inputs, outputs and states of a step as JSON.
pub(crate) fn described(session: &model::Session<f32>) -> Result<String> {
    serde_json::to_string(&session.describe()).map_err(|error| Error::internal(error.to_string()))
}

impl ObjectFinalize for Stream {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.close(env).map_err(|error| napi::Error::from_reason(error.message))
    }
}
