//! A generation beside the event loop: all of it in one call, or one item a call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Float64Array, Int32ArraySlice, Object};
use napi_derive::napi;
use unrolled_core::generate::{self, GenerateConfig, Hypothesis, ModelSteps};
use unrolled_core::memory::collected;
use unrolled_core::storage::Tensor;
use unrolled_core::{Error, Result};

use crate::drawn::Call;
use crate::error::{Thrown, refused, throwing};
use crate::event_loop::Worker;
use crate::tensor::{integers, numbers};

/// Lists of results, in errors.
const SEQUENCES: &str = "the generated sequences";

/// Sequences that a model makes up, beside the event loop and beside what else the model does.
#[napi]
pub struct Generation {
    state: Arc<Mutex<State>>,
    cancelled: Arc<AtomicBool>,
    worker: Worker,
}

/// The work, which begins with the first call.
enum State {
    New(Box<Beginning>),
    Open(Box<generate::Generation<f32, ModelSteps<f32>>>),
    Failed,
}

struct Beginning {
    call: Call,
    config: GenerateConfig,
    inputs: Vec<Tensor<f32>>,
}

/// A generated sequence.
#[napi(object, object_from_js = false)]
pub struct Sequence {
    /// The ids.
    pub ids: Int32ArraySlice<'static>,
    /// The numbers, `[items, size]`; empty for ids.
    pub values: Float32ArraySlice<'static>,
    /// The weights of an attention at each item, `[items, memory]`; empty without.
    pub alignments: Float32ArraySlice<'static>,
    /// The logarithm of each item's probability.
    pub log_probabilities: Float64Array,
    /// The logarithm of the whole's.
    pub score: f64,
    /// The score over the penalty of the length.
    pub normalized_score: f64,
    /// True if the sequence ended by itself.
    pub finished: bool,
}

#[napi]
impl Generation {
    /// The sequences of each row, the best first.
    #[napi(ts_return_type = "Promise<Array<Array<Sequence>>>")]
    pub fn run<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let (state, cancelled) = (Arc::clone(&self.state), Arc::clone(&self.cancelled));
            let task = move || with(&state, |generation| generation.run(&cancelled));
            self.worker.run(env, task, |env, rows| {
                let one = |one| Sequence::new(&env, one).map_err(refused);
                let row =
                    |row: Vec<Hypothesis<f32>>| collected(row.len(), row.into_iter().map(one), SEQUENCES);
                collected(rows.len(), rows.into_iter().map(row), SEQUENCES)
            })
        })
    }

    /// The next id of a single row; null at its end.
    #[napi(ts_return_type = "Promise<number | null>")]
    pub fn next<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            let (state, cancelled) = (Arc::clone(&self.state), Arc::clone(&self.cancelled));
            let task = move || with(&state, |generation| generation.next_id(&cancelled));
            self.worker.run(env, task, |_, id| Ok(id))
        })
    }

    /// Ends the work after the step under way.
    #[napi]
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Generation {
    /// A generation that has not begun.
    pub(crate) fn new(call: Call, config: GenerateConfig, inputs: Vec<Tensor<f32>>) -> Self {
        let state = State::New(Box::new(Beginning { call, config, inputs }));
        Self { state: Arc::new(Mutex::new(state)), cancelled: Arc::default(), worker: Worker::default() }
    }
}

/// Does work on the generation, which begins now if it has not. It is of no use after an error.
fn with<T>(
    state: &Mutex<State>,
    body: impl FnOnce(&mut generate::Generation<f32, ModelSteps<f32>>) -> Result<T>,
) -> Result<T> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let mut generation = match std::mem::replace(&mut *state, State::Failed) {
        State::New(beginning) => {
            let Beginning { call, config, inputs } = *beginning;
            let (model, snapshot) = call.wait()?;
            Box::new(generate::Generation::of_model(&model, &snapshot, config, inputs)?)
        }
        State::Open(generation) => generation,
        State::Failed => {
            return Err(Error::state("generate: expected a generation under way, received one that failed"));
        }
    };
    let done = body(&mut generation)?;
    *state = State::Open(generation);
    Ok(done)
}

impl Sequence {
    fn new(env: &Env, one: Hypothesis<f32>) -> napi::Result<Self> {
        let Hypothesis { ids, values, alignments, log_probabilities, score, normalized_score, finished } =
            one;
        Ok(Self {
            ids: integers(env, ids)?,
            values: numbers(env, values)?,
            alignments: numbers(env, alignments)?,
            log_probabilities: log_probabilities.into(),
            score,
            normalized_score,
            finished,
        })
    }
}
