//! The threads that all queues share: each does a job of the next queue that has one, and ends once idle.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
use napi::bindgen_prelude::retain_current_module_for_unload_safety;
use unrolled_core::{Error, Result};

/// Work of a thread; it is told if no thread can do it.
pub(crate) type Job = Box<dyn FnOnce(Result<()>) + Send>;

/// The threads of the process. Jobs share the pool of the core, so more threads would only hold more memory.
pub(crate) static THREADS: Threads = Threads::new(16, Duration::from_secs(1));

/// Systems that start no thread at all, WebAssembly without atomics: the caller does each job itself.
const NO_THREADS: bool = cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

/// Jobs in their order, one at a time.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Jobs>);

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    /// True while a thread has the queue, or will take it.
    scheduled: bool,
}

/// Threads that start when there is work for them and none is idle.
pub(crate) struct Threads {
    most: usize,
    /// The time after which an idle thread ends.
    patience: Duration,
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    /// Queues that have jobs and no thread, in the order in which they came.
    ready: VecDeque<Arc<Queue>>,
    threads: usize,
    idle: usize,
}

impl Threads {
    const fn new(most: usize, patience: Duration) -> Self {
        let state = State { ready: VecDeque::new(), threads: 0, idle: 0 };
        Self { most, patience, state: Mutex::new(state), more: Condvar::new() }
    }

    /// Adds a job to a queue; it is done even if nobody else holds the queue. The caller does it, with an error of `Size`,
    /// if no thread runs and the system starts none just now.
    pub(crate) fn add(&'static self, queue: &Arc<Queue>, job: Job) {
        let mut jobs = lock(&queue.0);
        if !jobs.scheduled
            && let Err(error) = self.schedule(queue)
        {
            drop(jobs);
            return job(if NO_THREADS { Ok(()) } else { Err(error) });
        }
        jobs.scheduled = true;
        jobs.waiting.push_back(job);
    }

    fn schedule(&'static self, queue: &Arc<Queue>) -> Result<()> {
        let mut state = lock(&self.state);
        if state.idle <= state.ready.len() && state.threads < self.most {
            // A thread may outlive a worker's environment, and with it the last reason not to unload this library.
            #[cfg(not(target_family = "wasm"))]
            retain_current_module_for_unload_safety();
            let started = thread::Builder::new().name("unrolled-worker".to_owned()).spawn(|| self.work());
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    return Err(Error::size(format!("cannot start a thread: {error}")));
                }
                // The threads that run take the queue in its turn.
                Err(_) => {}
            }
        }
        state.ready.push_back(Arc::clone(queue));
        self.more.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(queue) = self.next() {
            let job = lock(&queue.0).waiting.pop_front();
            if let Some(job) = job {
                job(Ok(()));
            }
            let mut jobs = lock(&queue.0);
            jobs.scheduled = !jobs.waiting.is_empty();
            if jobs.scheduled {
                // At the end: other queues have their turn first.
                lock(&self.state).ready.push_back(Arc::clone(&queue));
                self.more.notify_one();
            }
        }
    }

    /// The next queue, or none after the time of patience.
    fn next(&self) -> Option<Arc<Queue>> {
        let mut state = lock(&self.state);
        loop {
            if let Some(queue) = state.ready.pop_front() {
                return Some(queue);
            }
            state.idle += 1;
            let waited = self.more.wait_timeout(state, self.patience);
            let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = again;
            state.idle -= 1;
            if timeout.timed_out() && state.ready.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use super::*;

    fn threads(most: usize, patience: Duration) -> &'static Threads {
        Box::leak(Box::new(Threads::new(most, patience)))
    }

    fn add(threads: &'static Threads, queue: &Arc<Queue>, job: impl FnOnce() + Send + 'static) {
        threads.add(queue, Box::new(|started| started.map(|()| job()).expect("a thread")));
    }

    #[test]
    fn the_jobs_of_a_queue_are_done_in_their_order_by_few_threads() {
        let threads = threads(3, Duration::from_secs(10));
        let (done, results) = channel();
        let queues: Vec<Arc<Queue>> = (0..500).map(|_| Arc::default()).collect();
        for job in 0..20 {
            for (i, queue) in queues.iter().enumerate() {
                let done = done.clone();
                add(threads, queue, move || done.send((i, job)).expect("a receiver"));
            }
        }
        drop((queues, done));
        let mut next = vec![0; 500];
        for (i, job) in results {
            assert_eq!(job, next[i], "{i}");
            next[i] += 1;
        }
        assert_eq!(next, vec![20; 500]);
        assert!(lock(&threads.state).threads <= 3);
    }

    #[test]
    fn queues_run_side_by_side() {
        let threads = threads(2, Duration::from_secs(10));
        let (barrier, (done, results)) = (Arc::new(Barrier::new(2)), channel());
        for _ in 0..2 {
            let (barrier, done) = (Arc::clone(&barrier), done.clone());
            add(threads, &Arc::default(), move || {
                barrier.wait();
                done.send(()).expect("a receiver");
            });
        }
        drop(done);
        assert_eq!(results.iter().count(), 2);
    }

    #[test]
    fn one_thread_does_what_comes_one_after_the_other_and_ends_when_idle() {
        let threads = threads(5, Duration::from_millis(50));
        for _ in 0..2 {
            for _ in 0..20 {
                let (done, result) = channel();
                add(threads, &Arc::default(), move || done.send(()).expect("a receiver"));
                result.recv().expect("a result");
                // Until the thread is idle again.
                while lock(&threads.state).idle == 0 {
                    thread::yield_now();
                }
                assert_eq!(lock(&threads.state).threads, 1);
            }
            let until = Instant::now() + Duration::from_secs(20);
            while lock(&threads.state).threads > 0 {
                assert!(Instant::now() < until, "the thread has not ended");
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
