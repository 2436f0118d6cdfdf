//! A thread with a queue, for work that takes long: each job settles a promise.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use napi::bindgen_prelude::{Object, ToNapiValue, retain_current_module_for_unload_safety};
use napi::{Env, JsDeferred};
use unrolled_core::{Error, Result};

use super::order::Order;
use crate::error::{caught, refused, rejection};

type Job = Box<dyn FnOnce() + Send>;
type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;

/// A thread that does its jobs in their order. The thread finishes them and ends when the worker is dropped.
pub(crate) struct Worker {
    jobs: Sender<Job>,
    /// The promises of the jobs, which settle in the same order.
    order: Arc<Order>,
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
        Ok(Self { jobs, order: Arc::default() })
    }

    /// True if all promises have settled.
    pub(crate) fn is_idle(&self) -> bool {
        self.order.is_empty()
    }

    /// Queues `task`; `present` converts the result on the JavaScript thread, for the promise.
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

    /// A promise of a result that is known, which settles when the event loop has been round.
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

    /// A pending promise, and the function that settles it on the JavaScript thread, called from any thread.
    fn promise<'env, T>(
        &self,
        env: &'env Env,
    ) -> Result<(impl FnOnce(Settle<T>) + Send + use<T>, Object<'env>)>
    where
        T: ToNapiValue + 'static,
    {
        let (deferred, promise): (JsDeferred<T, Settle<T>>, Object<'env>) =
            env.create_deferred().map_err(refused)?;
        let (order, number) = (Arc::clone(&self.order), self.order.enter());
        let settle = move |value: Settle<T>| {
            let left = Arc::clone(&order);
            order.ready(
                number,
                Box::new(move || {
                    deferred.resolve(Box::new(move |env| {
                        left.leave();
                        value(env)
                    }));
                }),
            );
        };
        Ok((settle, promise))
    }
}
