//! A model: compiled, saved, loaded, and run beside the event loop.

use std::path::PathBuf;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{
    Float32Array, Float32ArraySlice, Float64Array, Object, ObjectFinalize, Uint8Array, Uint8ArraySlice,
};
use napi_derive::napi;
use unrolled_core::format;
use unrolled_core::generate::GenerateConfig;
use unrolled_core::graph::Graph;
use unrolled_core::model::{self, Draft, MeasureConfig, Precision};
use unrolled_core::{Error, Result};

use crate::error::{Thrown, throwing};
use crate::event_loop::{Worker, share};
use crate::generation::Generation;
use crate::gradients::Gradients;
use crate::held::Held;
use crate::open::{Open, pass, settled};
use crate::report::Report;
use crate::session::Session;
use crate::stream::Stream;
use crate::tensor::{Prediction, copied_targets, copied_tensors, owned};
use crate::trainer::Trainer;

/// A network that can be run and trained. Its promises settle in the order of the calls.
#[napi(custom_finalize)]
pub struct Model {
    open: Held<Open>,
}

#[napi]
impl Model {
    /// Compiles a graph; `seed` decides the first parameters, `precision` ("f32", "bf16") the operands of products. Many
    /// parameters are drawn beside the event loop: what runs the model waits for them there, what returns them here.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        graph: String,
        seed: f64,
        precision: Option<String>,
    ) -> std::result::Result<Self, Thrown> {
        throwing(|| {
            let graph = Graph::from_json(&graph)?;
            let draft = Draft::new(graph, seed as u64, read_precision(precision.as_deref())?)?;
            Open::begin(env, draft).map(Self::of)
        })
    }

    /// Reads a saved model from its bytes.
    #[napi(factory)]
    pub fn from_bytes(
        env: Env,
        bytes: Uint8ArraySlice,
        precision: Option<String>,
    ) -> std::result::Result<Self, Thrown> {
        throwing(|| {
            let precision = read_precision(precision.as_deref())?;
            Self::open(env, model::Model::from_bytes(&owned("bytes", &bytes)?, precision)?)
        })
    }

    /// Reads a saved model.
    #[napi(ts_return_type = "Promise<Model>")]
    pub fn load(
        env: &Env,
        path: String,
        precision: Option<String>,
    ) -> std::result::Result<Object<'_>, Thrown> {
        throwing(|| {
            let precision = read_precision(precision.as_deref())?;
            let task = move || model::Model::load(&PathBuf::from(path), precision);
            Worker::default().run(env, task, Self::open)
        })
    }

    /// The graph as JSON.
    #[napi]
    pub fn graph(&self) -> std::result::Result<String, Thrown> {
        throwing(|| self.open.with(|open| open.drawn.graph()))
    }

    /// Inputs, outputs, states and parameters as JSON.
    #[napi]
    pub fn describe(&self) -> std::result::Result<String, Thrown> {
        throwing(|| self.open.with(|open| open.drawn.describe()))
    }

    /// Settles when the first parameters are drawn.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn ready<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| self.open.with(|open| open.ready(env)))
    }

    /// Settles in the order of the calls, as a prediction does that takes no time.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn pass<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        // A call of a model that has been given back has nothing to wait for.
        throwing(|| self.open.with(|open| pass(&open.worker, env)).or_else(|_| pass(&Worker::default(), env)))
    }

    /// Runs the model forward: on the calling thread if that takes a millisecond at most, nothing is under way, and the
    /// event loop has been round.
    #[napi(
        ts_args_type = "inputs: Array<Tensor>, states: Array<Tensor>",
        ts_return_type = "Promise<Prediction>"
    )]
    pub fn predict<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<Object<'env>>,
        states: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            // Copies before the model is used: a getter of the caller's may use the model.
            let (inputs, states) = (copied_tensors("inputs", &inputs)?, copied_tensors("states", &states)?);
            self.open.with(|open| {
                let given = match open.drawn.at_once() {
                    Some(model) if open.worker.is_idle() && !share::is_spent() => {
                        share::spend(|| model.predict_at_once(inputs, states))
                    }
                    _ => Err((inputs, states)),
                };
                match given {
                    Ok(run) if share::is_spent() => open.worker.later(env, |env| {
                        share::renew();
                        Prediction::new(&env, run?)
                    }),
                    Ok(run) => settled(env, run.and_then(|outputs| Prediction::new(env, outputs))),
                    Err((inputs, states)) => {
                        let call = open.now()?;
                        let task = move || {
                            let (model, snapshot) = call.wait()?;
                            model.predict(&snapshot, inputs, states)
                        };
                        open.worker.run(env, task, |env, run| {
                            share::renew();
                            Prediction::new(&env, run)
                        })
                    }
                }
            })
        })
    }

    /// Runs the model forward and measures its losses.
    #[napi(
        ts_args_type = "config: string, inputs: Array<Tensor>, targets: Array<Tensor>, states: Array<Tensor>",
        ts_return_type = "Promise<Report>"
    )]
    pub fn evaluate<'env>(
        &self,
        env: &'env Env,
        config: String,
        inputs: Vec<Object<'env>>,
        targets: Vec<Object<'env>>,
        states: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let config = MeasureConfig::from_json(&config)?;
            let (inputs, targets) =
                (copied_tensors("inputs", &inputs)?, copied_targets("targets", &targets)?);
            let states = copied_tensors("states", &states)?;
            self.open.with(|open| {
                let call = open.now()?;
                let task = move || {
                    let (model, snapshot) = call.wait()?;
                    model.evaluate(&snapshot, &config, inputs, targets, states)
                };
                open.worker.run(env, task, |env, report| Report::of_measurement(&env, report))
            })
        })
    }

    /// Runs the model forward and backward without dropout, and changes nothing.
    #[napi(
        ts_args_type = "config: string, inputs: Array<Tensor>, targets: Array<Tensor>, states: Array<Tensor>",
        ts_return_type = "Promise<Gradients>"
    )]
    pub fn gradients<'env>(
        &self,
        env: &'env Env,
        config: String,
        inputs: Vec<Object<'env>>,
        targets: Vec<Object<'env>>,
        states: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let config = MeasureConfig::from_json(&config)?;
            let (inputs, targets) =
                (copied_tensors("inputs", &inputs)?, copied_targets("targets", &targets)?);
            let states = copied_tensors("states", &states)?;
            self.open.with(|open| {
                let call = open.now()?;
                let task = move || {
                    let (model, snapshot) = call.wait()?;
                    model.gradients(&snapshot, &config, inputs, targets, states)
                };
                open.worker.run(env, task, |env, report| Gradients::new(&env, report))
            })
        })
    }

    /// Runs the model forward and gives minus the sum of the losses of each row.
    #[napi(
        ts_args_type = "config: string, inputs: Array<Tensor>, targets: Array<Tensor>",
        ts_return_type = "Promise<Float64Array>"
    )]
    pub fn log_probabilities<'env>(
        &self,
        env: &'env Env,
        config: String,
        inputs: Vec<Object<'env>>,
        targets: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let config = MeasureConfig::from_json(&config)?;
            let (inputs, targets) =
                (copied_tensors("inputs", &inputs)?, copied_targets("targets", &targets)?);
            self.open.with(|open| {
                let call = open.now()?;
                let task = move || {
                    let (model, snapshot) = call.wait()?;
                    model.log_probabilities(&snapshot, &config, inputs, targets)
                };
                open.worker.run(env, task, |_, sums| Ok(Float64Array::from(sums)))
            })
        })
    }

    /// Starts a training run.
    #[napi]
    pub fn trainer(&self, config: String) -> std::result::Result<Trainer, Thrown> {
        throwing(|| self.open.with(|open| Trainer::start(&open.drawn.wait()?, &config)))
    }

    /// Sequences that the model will make up.
    #[napi(ts_args_type = "config: string, inputs: Array<Tensor>")]
    pub fn generation(&self, config: String, inputs: Vec<Object>) -> std::result::Result<Generation, Thrown> {
        throwing(|| {
            let config = GenerateConfig::from_json(&config)?;
            let inputs = copied_tensors("inputs", &inputs)?;
            self.open.with(|open| Ok(Generation::new(open.now()?, config, inputs)))
        })
    }

    /// The model one step at a time along an axis, which it finds where none is named. `inputs` are those that a row takes at
    /// the start.
    #[napi(ts_args_type = "axis?: string, inputs?: Array<Tensor>")]
    pub fn stream(
        &self,
        env: Env,
        axis: Option<String>,
        inputs: Option<Vec<Object>>,
    ) -> std::result::Result<Stream, Thrown> {
        throwing(|| {
            let inputs = copied_tensors("inputs", &inputs.unwrap_or_default())?;
            self.open.with(|open| Stream::start(env, open.drawn.wait()?, axis.as_deref(), inputs))
        })
    }

    /// The model step by step for many rows, which is ready when everything that no step changes has run: of `rows` rows, or
    /// of as many as the inputs at the start have.
    #[napi(
        ts_args_type = "axis: string | undefined, rows: number | undefined, inputs: Array<Tensor>",
        ts_return_type = "Promise<Session>"
    )]
    pub fn session<'env>(
        &self,
        env: &'env Env,
        axis: Option<String>,
        rows: Option<f64>,
        inputs: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let inputs = copied_tensors("inputs", &inputs)?;
            let rows = rows.map(|rows| rows as usize);
            self.open.with(|open| {
                let drawn = Arc::clone(&open.drawn);
                let task =
                    move || model::Session::open(drawn.wait()?, "session", axis.as_deref(), rows, inputs);
                open.worker.run(env, task, Session::of)
            })
        })
    }

    /// A copy of all parameters, one after the other.
    #[napi]
    pub fn parameters(&self) -> std::result::Result<Float32Array, Thrown> {
        throwing(|| self.open.with(|open| Ok(open.drawn.wait()?.parameters()?.into())))
    }

    /// Sets all parameters.
    #[napi]
    pub fn set_parameters(&self, values: Float32ArraySlice) -> std::result::Result<(), Thrown> {
        throwing(|| {
            let values = owned("values", &values)?;
            self.open.with(|open| open.drawn.wait()?.set_parameters(&values))
        })
    }

    /// The user's own metadata, of a model that was read: JSON.
    #[napi]
    pub fn metadata(&self) -> std::result::Result<Option<String>, Thrown> {
        throwing(|| {
            let of = |open: &Open| open.drawn.at_once().and_then(|it| it.metadata().map(str::to_owned));
            self.open.with(|open| Ok(of(open)))
        })
    }

    /// Writes the model to a file, whole or not at all: in safetensors with the user's metadata, or PyTorch's state dict.
    #[napi(
        ts_args_type = "path: string, format: 'safetensors' | 'pytorch', metadata?: string",
        ts_return_type = "Promise<void>"
    )]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        path: String,
        format: String,
        metadata: Option<String>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            self.open.with(|open| {
                let call = open.now()?;
                let task = move || {
                    let (model, snapshot) = call.wait()?;
                    let bytes = match format.as_str() {
                        "pytorch" => model.to_pytorch(&snapshot),
                        _ => model.to_bytes(&snapshot, metadata.as_deref()),
                    };
                    format::save_atomic(&PathBuf::from(path), &bytes?)
                };
                open.worker.run(env, task, |_, ()| Ok(()))
            })
        })
    }

    /// Copies a file that a training run has written, if it holds the parameters as they are now.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn copy_run<'env>(
        &self,
        env: &'env Env,
        from: String,
        path: String,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            self.open.with(|open| {
                let call = open.now()?;
                let task = move || {
                    let (model, snapshot) = call.wait()?;
                    model.copy_run(&snapshot, &PathBuf::from(from), &PathBuf::from(path))
                };
                open.worker.run(env, task, |_, ()| Ok(()))
            })
        })
    }

    /// The bytes that `save` writes.
    #[napi(ts_args_type = "metadata?: string")]
    pub fn to_bytes(&self, metadata: Option<String>) -> std::result::Result<Uint8Array, Thrown> {
        throwing(|| {
            self.open.with(|open| {
                let (model, snapshot) = open.now()?.wait()?;
                Ok(model.to_bytes(&snapshot, metadata.as_deref())?.into())
            })
        })
    }

    /// Gives the model back; work under way is finished first.
    #[napi]
    pub fn dispose(&self, env: Env) -> std::result::Result<(), Thrown> {
        throwing(|| self.close(env))
    }
}

impl Model {
    fn open(env: Env, model: model::Model<f32>) -> Result<Self> {
        Open::new(env, model).map(Self::of)
    }

    fn of(open: Open) -> Self {
        Self { open: Held::new("model", open) }
    }

    fn close(&self, env: Env) -> Result<()> {
        self.open.take().map_or(Ok(()), |open| open.close(env))
    }
}

impl ObjectFinalize for Model {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.close(env).map_err(|error| napi::Error::from_reason(error.message))
    }
}

/// The rounding of the operands of products: "f32", the default, for none, or "bf16".
fn read_precision(word: Option<&str>) -> Result<Precision> {
    match word {
        None | Some("f32") => Ok(Precision::Full),
        Some("bf16") => Ok(Precision::Bf16),
        Some(word) => Err(Error::argument(format!("precision: expected 'f32' or 'bf16', received '{word}'"))),
    }
}
