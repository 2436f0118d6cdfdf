//! The part of a model that `dispose` gives back: its weights and its queue of work.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{JsValue, Object, PromiseRaw, ToNapiValue};
use unrolled_core::Result;
use unrolled_core::model::{self, Draft};

use crate::drawn::{Call, Drawn};
use crate::error::{caught, reason, refused};
use crate::event_loop::{Worker, share};

/// A model in use. Work under way keeps the weights alive.
pub(crate) struct Open {
    pub(crate) drawn: Arc<Drawn>,
    pub(crate) worker: Worker,
    /// Bytes outside of its heap that V8 knows of.
    bytes: i64,
}

impl Open {
    pub(crate) fn new(env: Env, model: model::Model<f32>) -> Result<Self> {
        let bytes = model.bytes();
        Self::of(env, model.into(), bytes)
    }

    /// A model whose weights are drawn at once if that is quick, else beside the event loop.
    pub(crate) fn begin(env: Env, draft: Draft<f32>) -> Result<Self> {
        if draft.is_quick() {
            return Self::new(env, draft.draw()?);
        }
        let bytes = draft.bytes();
        let open = Self::of(env, Drawn::later(draft)?, bytes)?;
        let drawn = Arc::downgrade(&open.drawn);
        open.worker.add(move |started| {
            // Nobody needs the weights of a model that was given back. An error meets each later call.
            if let (Ok(()), Some(drawn)) = (started, drawn.upgrade()) {
                let _ = caught(|| drawn.wait());
            }
        });
        Ok(open)
    }

    fn of(env: Env, drawn: Drawn, bytes: usize) -> Result<Self> {
        let bytes = bytes as i64;
        env.adjust_external_memory(bytes).map_err(refused)?;
        Ok(Self { drawn: Arc::new(drawn), worker: Worker::default(), bytes })
    }

    /// The model with its weights as they are at the call.
    pub(crate) fn now(&self) -> Result<Call> {
        Call::new(&self.drawn)
    }

    /// A promise that settles when the weights are drawn.
    pub(crate) fn ready<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        if self.drawn.at_once().is_some() {
            return settled(env, Ok(()));
        }
        let drawn = Arc::clone(&self.drawn);
        self.worker.run(env, move || drawn.wait().map(|_| ()), |_, ()| Ok(()))
    }

    pub(crate) fn close(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.bytes).map_err(refused).map(|_| ())
    }
}

/// A promise that settles in the order of the calls, as a prediction does that takes no time.
pub(crate) fn pass<'env>(worker: &Worker, env: &'env Env) -> Result<Object<'env>> {
    if worker.is_idle() && !share::is_spent() {
        return settled(env, share::spend(|| Ok(())));
    }
    worker.run(
        env,
        || Ok(()),
        |_, ()| {
            share::renew();
            Ok(())
        },
    )
}

/// A settled promise.
pub(crate) fn settled<T: ToNapiValue>(env: &Env, result: Result<T>) -> Result<Object<'_>> {
    let promise = match result {
        Ok(value) => PromiseRaw::resolve(env, value),
        Err(error) => PromiseRaw::reject(env, reason(*env, error)),
    };
    Ok(Object::from_raw(env.raw(), promise.map_err(refused)?.raw()))
}
