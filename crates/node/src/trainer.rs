//! A training run on a thread of its own: one step after another, in the order of the calls.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;
use unrolled_core::model::{self, TrainerConfig};
use unrolled_core::{Error, Result};

use crate::error::{Thrown, disposed, refused, throwing};
use crate::report::Report;
use crate::tensor::copied;
use crate::worker::Worker;

/// A training run. Each step settles a promise when its update is done.
#[napi(custom_finalize)]
pub struct Trainer {
    open: RefCell<Option<Open>>,
}

struct Open {
    trainer: Arc<Mutex<model::Trainer<f32>>>,
    cancelled: Arc<AtomicBool>,
    worker: Worker,
    known: Arc<Known>,
}

/// Bytes outside of its heap that V8 knows of; none once the run has ended. Only the JavaScript thread touches it.
#[derive(Default)]
struct Known {
    bytes: AtomicI64,
    ended: AtomicBool,
}

impl Known {
    fn set(&self, env: Env, bytes: i64) -> Result<()> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        let more = bytes - self.bytes.swap(bytes, Ordering::Relaxed);
        env.adjust_external_memory(more).map_err(refused).map(|_| ())
    }

    fn end(&self, env: Env) -> Result<()> {
        self.set(env, 0)?;
        self.ended.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// How a step begins.
#[napi(object, object_to_js = false)]
pub struct StepOptions {
    /// Whether from the states that the step before ended with; otherwise from zero.
    pub carry: bool,
}

#[napi]
impl Trainer {
    /// Computes the gradients of a batch and updates the parameters.
    #[napi(
        ts_args_type = "inputs: Array<Tensor>, targets: Array<Tensor>, options: StepOptions",
        ts_return_type = "Promise<Report>"
    )]
    pub fn step<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<Object<'env>>,
        targets: Vec<Object<'env>>,
        options: StepOptions,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            // Before the run is looked at: a property of the caller's may call it.
            let (inputs, targets) = (copied("inputs", &inputs)?, copied("targets", &targets)?);
            let open = self.open.borrow();
            let open = open.as_ref().ok_or_else(|| disposed("trainer"))?;
            let (trainer, cancelled) = (Arc::clone(&open.trainer), Arc::clone(&open.cancelled));
            let task = move || {
                if cancelled.load(Ordering::Relaxed) {
                    return Err(Error::cancelled("the training run was cancelled"));
                }
                let mut trainer = trainer.lock().unwrap_or_else(PoisonError::into_inner);
                let report = trainer.step(inputs, targets, options.carry).cloned();
                // The next step may be in the queue already; a run does not go on past one that failed.
                cancelled.fetch_or(report.is_err(), Ordering::Relaxed);
                report
            };
            let known = Arc::clone(&open.known);
            open.worker.run(env, task, move |env, report| {
                let memory = &report.memory;
                known.set(env, (memory.tape + memory.gradients + memory.optimizer) as i64)?;
                Ok(Report::of_step(report))
            })
        })
    }

    /// Makes the steps that have not begun reject.
    #[napi]
    pub fn cancel(&self) {
        if let Some(open) = &*self.open.borrow() {
            open.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Ends the run: steps that were called are finished, no more are taken.
    #[napi]
    pub fn close(&self, env: Env) -> std::result::Result<(), Thrown> {
        throwing(|| self.end(env))
    }
}

impl ObjectFinalize for Trainer {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.end(env).map_err(|error| napi::Error::from_reason(error.message))
    }
}

impl Trainer {
    /// Starts a run on `model`.
    pub(crate) fn start(model: &Arc<model::Model<f32>>, config: &str) -> Result<Self> {
        let trainer = model::Trainer::new(Arc::clone(model), TrainerConfig::from_json(config)?)?;
        let open = Open {
            trainer: Arc::new(Mutex::new(trainer)),
            cancelled: Arc::default(),
            worker: Worker::start("unrolled-trainer")?,
            known: Arc::default(),
        };
        Ok(Self { open: RefCell::new(Some(open)) })
    }

    fn end(&self, env: Env) -> Result<()> {
        self.open.take().map_or(Ok(()), |open| open.known.end(env))
    }
}
