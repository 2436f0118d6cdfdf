//! A training run beside the event loop: one step after another, in the order of the calls.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;
use unrolled_core::model::{self, TrainerConfig};
use unrolled_core::storage::{GivenTargets, Tensor};
use unrolled_core::{Error, Result};

use crate::error::{Thrown, refused, throwing};
use crate::event_loop::Worker;
use crate::held::Held;
use crate::report::Report;
use crate::tensor::{copied_targets, copied_tensors, objects};

/// A training run. Each step settles a promise when its update is done.
#[napi(custom_finalize)]
pub struct Trainer {
    open: Held<Open>,
}

struct Open {
    trainer: Arc<Mutex<model::Trainer<f32>>>,
    cancelled: Arc<AtomicBool>,
    worker: Worker,
    known: Arc<Known>,
}

/// Bytes outside of V8's heap that V8 knows of; none once the run has ended. Used by the JavaScript thread alone.
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

/// Options of a step.
#[napi(object, object_to_js = false)]
pub struct StepOptions {
    /// Begins with the states that the step before ended with; otherwise with zero.
    pub carry: bool,
}

/// One of the batches whose gradients sum into a step.
type Batch = (Vec<Tensor<f32>>, Vec<GivenTargets<f32>>);

#[napi]
impl Trainer {
    /// Sums the gradients of batches as those of one batch, and updates the parameters once.
    #[napi(
        ts_args_type = "batches: Array<{ inputs: Array<Tensor>, targets: Array<Tensor> }>, options: StepOptions",
        ts_return_type = "Promise<Report>"
    )]
    pub fn step<'env>(
        &self,
        env: &'env Env,
        batches: Vec<Object<'env>>,
        options: StepOptions,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            // Copies before the run is used: a getter of the caller's may use the run.
            let batches = batches.iter().enumerate();
            let batches = batches.map(|(i, batch)| copied_batch(i, batch)).collect::<Result<Vec<_>>>()?;
            self.open.with(|open| {
                let (trainer, cancelled) = (Arc::clone(&open.trainer), Arc::clone(&open.cancelled));
                let task = move || {
                    if cancelled.load(Ordering::Relaxed) {
                        return Err(Error::cancelled("the training run was cancelled"));
                    }
                    let mut trainer = trainer.lock().unwrap_or_else(PoisonError::into_inner);
                    let report = step(&mut trainer, batches, options.carry);
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
        })
    }

    /// Makes the steps that have not begun reject.
    #[napi]
    pub fn cancel(&self) {
        // A run that has ended has no steps left.
        let _ = self.open.with(|open| {
            open.cancelled.store(true, Ordering::Relaxed);
            Ok(())
        });
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
            worker: Worker::default(),
            known: Arc::default(),
        };
        Ok(Self { open: Held::new("trainer", open) })
    }

    fn end(&self, env: Env) -> Result<()> {
        self.open.take().map_or(Ok(()), |open| open.known.end(env))
    }
}

fn copied_batch(index: usize, batch: &Object) -> Result<Batch> {
    let place = format!("batches[{index}]");
    Ok((
        copied_tensors(&format!("{place}.inputs"), &objects(&place, batch, "inputs")?)?,
        copied_targets(&format!("{place}.targets"), &objects(&place, batch, "targets")?)?,
    ))
}

fn step(trainer: &mut model::Trainer<f32>, batches: Vec<Batch>, carry: bool) -> Result<model::Report> {
    for (inputs, targets) in batches {
        trainer.prepare(inputs, targets)?;
    }
    trainer.step_prepared(carry).cloned()
}
