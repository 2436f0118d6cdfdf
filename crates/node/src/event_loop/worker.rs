//! A queue of work that takes long: each job settles a promise.

use std::sync::Arc;

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};
use unrolled_core::Result;

use super::order::Order;
use super::threads::{Queue, THREADS};
use crate::error::{caught, refused, rejection};

type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;

/// Jobs that are done in their order, by threads that all workers share. They are finished when the worker is dropped.
#[derive(Default)]
pub(crate) struct Worker {
    jobs: Arc<Queue>,
    /// The promises of the jobs, which settle in the same order.
    order: Arc<Order>,
}

impl Worker {
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
        self.add(move |started| {
            let result = started.and_then(|()| caught(task));
            settle(Box::new(move |env| {
                result.and_then(|value| present(env, value)).map_err(|error| rejection(env, error))
            }));
        });
        Ok(promise)
    }

    /// Queues a job that settles no promise; it is told if no thread can do it.
    pub(crate) fn add(&self, job: impl FnOnce(Result<()>) + Send + 'static) {
        THREADS.add(&self.jobs, Box::new(job));
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
