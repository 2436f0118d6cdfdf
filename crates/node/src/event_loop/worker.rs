//! A thread with a queue: work that takes long leaves the JavaScript thread and settles a promise.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use napi::bindgen_prelude::{Object, ToNapiValue, retain_current_module_for_unload_safety};
use napi::{Env, JsDeferred};
use unrolled_core::{Error, Result};

use crate::error::{caught, refused, rejection};
use crate::line::Line;

type Job = Box<dyn FnOnce() + Send>;
type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;

/// One thread that does its jobs in the order they came. Dropping it lets the thread finish them and end.
pub(crate) struct Worker {
    jobs: Sender<Job>,
    /// Its promises, which settle in that order as well.
    line: Arc<Line>,
}

impl Worker {
    /// Starts the thread.
    pub(crate) fn start(name: &str) -> Result<Self> {
        // The thread may outlive a worker's environment, and with it the last reason not to unload this library.
        retain_current_module_for_unload_safety();
        let (jobs, queue) = channel::<Job>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || queue.into_iter().for_each(|job| job()))
            .map_err(|error| Error::internal(format!("no thread for {name}: {error}")))?;
        Ok(Self { jobs, line: Arc::default() })
    }

    /// Whether all its promises have settled.
    pub(crate) fn is_idle(&self) -> bool {
        self.line.is_empty()
    }

    /// Queues `task`; the promise takes what `present` makes of its result on the JavaScript thread.
    pub(crate) fn run<'env, R, T>(
        &self,
        env: &'env Env,
        task: impl FnOnce() -> Result<R> + Send + 'static,
        present: impl FnOnce(Env, R) -> Result<T> + Send + 'static,
    ) -> Result<Object<'env>>
    where
        R: Send + 'static,
        T: ToNapiValue + 'static,
    {
        let (settle, promise) = self.promise(env)?;
        let job = Box::new(move || {
            let result = caught(task);
            settle(Box::new(move |env| {
                result.and_then(|value| present(env, value)).map_err(|error| rejection(env, error))
            }));
        });
        self.jobs.send(job).map_err(|_| Error::internal("the worker thread has ended"))?;
        Ok(promise)
    }

    /// A promise of what is there already, which settles when the event loop has been round: others get their turn.
    pub(crate) fn later<'env, T>(
        &self,
        env: &'env Env,
        present: impl FnOnce(Env) -> Result<T> + Send + 'static,
    ) -> Result<Object<'env>>
    where
        T: ToNapiValue + 'static,
    {
        let (settle, promise) = self.promise(env)?;
        settle(Box::new(|env| present(env).map_err(|error| rejection(env, error))));
        Ok(promise)
    }

    /// A pending promise, and what settles it on the JavaScript thread, from any thread.
    fn promise<'env, T>(
        &self,
        env: &'env Env,
    ) -> Result<(impl FnOnce(Settle<T>) + Send + use<T>, Object<'env>)>
    where
        T: ToNapiValue + 'static,
    {
        let (deferred, promise): (JsDeferred<T, Settle<T>>, Object<'env>) =
            env.create_deferred().map_err(refused)?;
        let (line, place) = (Arc::clone(&self.line), self.line.enter());
        let settle = move |value: Settle<T>| {
            let behind = Arc::clone(&line);
            line.ready(
                place,
                Box::new(move || {
                    deferred.resolve(Box::new(move |env| {
                        behind.leave();
                        value(env)
                    }));
                }),
            );
        };
        Ok((settle, promise))
    }
}
