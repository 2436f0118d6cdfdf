//! A training run beside the event loop: one step after another, in the order of the calls.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize, ToNapiValue};
use napi_derive::napi;
use unrolled_core::model::{self, Resume, TrainerConfig};
use unrolled_core::storage::{GivenTargets, Tensor};
use unrolled_core::{Error, Result};

use crate::error::{Thrown, refused, throwing};
use crate::event_loop::Worker;
use crate::held::Held;
use crate::report::Report;
use crate::saved_run::{SaveOptions, SavedRun, named};
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
    /// The file that was read to go on from.
    read: Arc<Mutex<Option<model::SavedRun>>>,
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

    /// Makes the folder of the run, which no other may use until `close`, and reads the file to go on from, the folder's last
    /// one without `path`; nothing else changes before `restore`. Without `resume`, the folder must have no files.
    #[napi(ts_return_type = "Promise<SavedRun | null>")]
    pub fn begin<'env>(
        &self,
        env: &'env Env,
        folder: Option<String>,
        resume: bool,
        path: Option<String>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        let resume = match path {
            Some(path) => Resume::From(path.into()),
            None if resume => Resume::Last,
            None => Resume::Never,
        };
        self.run(
            env,
            move |trainer| trainer.begin_run(folder.as_deref().map(Path::new), &resume),
            |env, read, kept| read.map(|read| SavedRun::keeping(&env, read, kept)).transpose(),
        )
    }

    /// Goes on from the file that was read.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn restore<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        let read = throwing(|| self.open.with(|open| Ok(Arc::clone(&open.read))))?;
        let task = move |trainer: &mut model::Trainer<f32>| {
            let read = read.lock().unwrap_or_else(PoisonError::into_inner).take();
            trainer.restore(
                read.ok_or_else(|| Error::state("restore: expected a file that was read, received none"))?,
            )
        };
        self.run(env, task, |_, (), _| Ok(()))
    }

    /// Writes the state after the steps that were called.
    #[napi(ts_args_type = "options: SaveOptions, tensors: Array<Tensor>", ts_return_type = "Promise<void>")]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        options: SaveOptions,
        tensors: Vec<Object<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        let tensors = throwing(|| {
            copied_tensors("tensors", &tensors)?.into_iter().map(named).collect::<Result<Vec<_>>>()
        })?;
        self.run(env, move |trainer| options.save(trainer, &tensors), |_, (), _| Ok(()))
    }

    /// Gives the model the average of its parameters in exchange for those of the training; called again, gives them back.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn exchange_average<'env>(&self, env: &'env Env) -> std::result::Result<Object<'env>, Thrown> {
        self.run(env, model::Trainer::exchange_average, |_, (), _| Ok(()))
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

    /// Ends the run: steps that were called are finished, no more are taken. Settles when nothing of the run is left, its hold
    /// of the folder least of all; null once the run has ended.
    #[napi(ts_return_type = "Promise<void> | null")]
    pub fn close<'env>(&self, env: &'env Env) -> std::result::Result<Option<Object<'env>>, Thrown> {
        throwing(|| {
            let Some(Open { trainer, known, worker, .. }) = self.open.take() else { return Ok(None) };
            known.end(*env)?;
            // The calls before have given their shares of the trainer back.
            let task = move || {
                drop(trainer);
                Ok(())
            };
            worker.run(env, task, |_, ()| Ok(())).map(Some)
        })
    }
}

impl ObjectFinalize for Trainer {
    fn finalize(self, env: Env) -> napi::Result<()> {
        let ended = self.open.take().map_or(Ok(()), |open| open.known.end(env));
        ended.map_err(|error| napi::Error::from_reason(error.message))
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
            read: Arc::default(),
        };
        Ok(Self { open: Held::new("trainer", open) })
    }

    /// Queues a call of the run that is no step.
    fn run<'env, R: Send + 'static, T: ToNapiValue + 'static>(
        &self,
        env: &'env Env,
        task: impl FnOnce(&mut model::Trainer<f32>) -> Result<R> + Send + 'static,
        present: impl FnOnce(Env, R, &Mutex<Option<model::SavedRun>>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            self.open.with(|open| {
                let (trainer, read) = (Arc::clone(&open.trainer), Arc::clone(&open.read));
                let task = move || task(&mut trainer.lock().unwrap_or_else(PoisonError::into_inner));
                open.worker.run(env, task, move |env, result| present(env, result, &read))
            })
        })
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
