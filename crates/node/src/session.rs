//! A model step by step for many rows, beside the event loop.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Int32ArraySlice, Object, ObjectFinalize};
use napi_derive::napi;
use unrolled_core::memory::{collected, copied};
use unrolled_core::storage::{self, Data};
use unrolled_core::{Error, Result, model};

use crate::error::{Thrown, refused, throwing};
use crate::event_loop::{Worker, share};
use crate::held::Held;
use crate::open::settled;
use crate::stream::described;
use crate::tensor::{Tensor, copied_tensors, copies, handed_over, owned};

/// A model that is fed one step of many rows at a time and keeps their states.
#[napi(custom_finalize)]
pub struct Session {
    open: Held<Open>,
}

struct Open {
    session: Arc<Mutex<model::Session<f32>>>,
    worker: Worker,
    /// Bytes outside of V8's heap that V8 knows of.
    bytes: Cell<i64>,
}

#[napi]
impl Session {
    /// Takes a step of every row: on the calling thread if that takes a millisecond at most, nothing is under way, and the
    /// event loop has been round. The arguments are those of a stream, each input with all rows.
    #[napi(
        ts_args_type = "values: Float32Array, ids?: Int32Array",
        ts_return_type = "Promise<Array<Tensor>>"
    )]
    pub fn step<'env>(
        &self,
        env: &'env Env,
        values: Float32ArraySlice<'env>,
        ids: Option<Int32ArraySlice<'env>>,
    ) -> std::result::Result<Object<'env>, Thrown> {
        throwing(|| {
            // Copies before the session is looked at: a property of the caller's may call it.
            let ids = ids.as_ref().map(|ids| owned("ids", ids)).transpose()?.unwrap_or_default();
            let values = owned("values", &values)?;
            self.open.with(|open| {
                if open.worker.is_idle() && !share::is_spent() {
                    let mut session = lock(&open.session);
                    let taken =
                        share::spend(|| session.step_at_once(&values, &ids).map(|step| step.map(|_| ())));
                    if let Some(step) = taken {
                        let outputs = step.and_then(|()| parted(&session));
                        return settled(env, outputs.and_then(|outputs| handed_over(env, outputs)));
                    }
                }
                let session = Arc::clone(&open.session);
                let task = move || {
                    let mut session = lock(&session);
                    session.step(&values, &ids)?;
                    parted(&session)
                };
                open.worker.run(env, task, |env, outputs| {
                    share::renew();
                    handed_over(&env, outputs)
                })
            })
        })
    }

    /// The number of rows.
    #[napi]
    pub fn rows(&self) -> std::result::Result<u32, Thrown> {
        throwing(|| self.between_steps(|session| Ok(session.rows() as u32)))
    }

    /// Goes on with these rows, in their order.
    #[napi]
    pub fn reorder(&self, env: Env, rows: Int32ArraySlice) -> std::result::Result<(), Thrown> {
        throwing(|| {
            let rows = owned("rows", &rows)?;
            let order = rows.iter().map(|&row| Ok(usize::try_from(row).unwrap_or(usize::MAX)));
            let rows = collected(rows.len(), order, "the order of rows")?;
            self.between_steps(|session| session.reorder(&rows))?;
            self.open.with(|open| open.account(env))
        })
    }

    /// The states after the last step.
    #[napi]
    pub fn state(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.between_steps(|session| handed_over(&env, session.states()?)))
    }

    /// The states before the first step.
    #[napi]
    pub fn first_state(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.between_steps(|session| handed_over(&env, session.first_states()?)))
    }

    /// Goes on from these states, one for each of the session's.
    #[napi(ts_args_type = "states: Array<Tensor>")]
    pub fn set_state(&self, states: Vec<Object>) -> std::result::Result<(), Thrown> {
        throwing(|| {
            let states = copied_tensors("states", &states)?;
            self.between_steps(|session| session.set_states(states))
        })
    }

    /// The outputs that no step changes.
    #[napi]
    pub fn fixed(&self, env: Env) -> std::result::Result<Vec<Tensor>, Thrown> {
        throwing(|| self.between_steps(|session| copies(&env, session.fixed())))
    }

    /// Inputs, outputs and states of a step as JSON.
    #[napi]
    pub fn describe(&self) -> std::result::Result<String, Thrown> {
        throwing(|| self.between_steps(|session| described(session)))
    }

    /// Gives the session back; steps under way are finished first.
    #[napi]
    pub fn dispose(&self, env: Env) -> std::result::Result<(), Thrown> {
        throwing(|| self.close(env))
    }
}

impl Session {
    pub(crate) fn of(env: Env, session: model::Session<f32>) -> Result<Self> {
        let (session, worker) = (Arc::new(Mutex::new(session)), Worker::default());
        let open = Open { session, worker, bytes: Cell::new(0) };
        open.account(env)?;
        Ok(Self { open: Held::new("session", open) })
    }

    /// Uses the session while no step is under way: neither the caller nor the step waits for the other.
    fn between_steps<T>(&self, body: impl FnOnce(&mut model::Session<f32>) -> Result<T>) -> Result<T> {
        self.open.with(|open| match open.worker.is_idle() {
            true => body(&mut lock(&open.session)),
            false => Err(Error::state(
                "session: expected no step under way, received a call during one; await it first",
            )),
        })
    }

    /// Gives the session back, the first time.
    fn close(&self, env: Env) -> Result<()> {
        self.open.take().map_or(Ok(()), |open| open.tell(env, 0))
    }
}

impl Open {
    /// Tells V8 the bytes that the session holds.
    fn account(&self, env: Env) -> Result<()> {
        let bytes = lock(&self.session).bytes() as i64;
        self.tell(env, bytes)
    }

    fn tell(&self, env: Env, bytes: i64) -> Result<()> {
        let more = bytes - self.bytes.replace(bytes);
        env.adjust_external_memory(more).map_err(refused).map(|_| ())
    }
}

impl ObjectFinalize for Session {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.close(env).map_err(|error| napi::Error::from_reason(error.message))
    }
}

/// The outputs of the last step, each in memory of its own.
fn parted(session: &model::Session<f32>) -> Result<Vec<storage::Tensor<f32>>> {
    let (rows, mut numbers) = (session.rows(), session.outputs());
    let output = |(name, width): (&String, usize)| {
        let (own, rest) = numbers.split_at(rows * width);
        numbers = rest;
        let data = Data::Values(copied(own, name)?);
        Ok(storage::Tensor { name: name.clone(), shape: vec![rows, width], data, lengths: None })
    };
    let names = session.program().outputs.iter().map(|port| &port.name);
    names.zip(session.widths()).map(output).collect()
}

/// A step that panicked has changed no state.
fn lock(session: &Mutex<model::Session<f32>>) -> MutexGuard<'_, model::Session<f32>> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
