//! The thread pool, and the only use of rayon.

use std::sync::{Arc, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};
use unrolled_kernels::{Team, flush_subnormals};

use crate::settings::{self, MOST_THREADS, Settings};
use crate::tuning::HAND_OVER;
use crate::{Error, Result};

/// The environment variable that sets how many threads compute.
const THREADS: &str = "UNROLLED_THREADS";

/// A pool of threads; one of a single thread is the caller's.
#[derive(Debug)]
pub struct Pool {
    threads: Option<ThreadPool>,
}

impl Pool {
    /// A pool of `count` threads.
    ///
    /// # Errors
    /// `Argument` for 0 threads, `Size` when the operating system refuses to start them.
    pub fn with_threads(count: usize) -> Result<Self> {
        if count == 0 {
            return Err(Error::argument("threads: expected at least 1, received 0"));
        }
        if count == 1 {
            return Ok(Self { threads: None });
        }
        let threads = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("unrolled-{i}"))
            .build()
            .map_err(|error| Error::size(format!("cannot start {count} threads: {error}")))?;
        Ok(Self { threads: Some(threads) })
    }

    /// This pool, or the caller's for too few operations to be worth a hand-over.
    #[must_use]
    pub fn suited(&'static self, operations: f64) -> &'static Self {
        if operations < HAND_OVER { Self::caller() } else { self }
    }

    /// The pool of only the calling thread.
    #[must_use]
    pub fn caller() -> &'static Self {
        static CALLER: Pool = Pool { threads: None };
        &CALLER
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// Does all of `work` on the pool: one hand-over for all parts of the work.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.threads {
            Some(threads) => threads.install(work),
            None => work(),
        }
    }

    /// Calls `work` while free threads of the pool join `team` as members.
    pub fn with_helpers<T>(&self, team: &Arc<Team>, work: impl FnOnce() -> T) -> T {
        let session = team.session();
        for member in 1..team.members() {
            let Some(threads) = &self.threads else { break };
            let team = Arc::clone(team);
            threads.spawn(move || {
                let _mode = flush_subnormals();
                // Work of other models waits for this thread too.
                team.assist(member, session, || match rayon::yield_now() {
                    Some(rayon::Yield::Executed) => {}
                    _ => std::thread::yield_now(),
                });
            });
        }
        let _dismissal = Dismissal(team);
        work()
    }

    /// Cuts `data` of `length` elements into parts of `size` (the last may be shorter) and calls `work` on each, on
    /// any thread and with subnormals flushed. A single part stays on the calling thread. Nothing is allocated.
    pub fn for_each_part<P: Divide>(&self, data: P, length: usize, size: usize, work: impl Fn(P) + Sync) {
        match &self.threads {
            Some(threads) if length > size => threads.install(|| divide(data, length, size, &work)),
            _ => each(data, length, size, &work),
        }
    }
}

/// Calls `work` on one part after another, on the calling thread.
fn each<P: Divide>(mut data: P, mut length: usize, size: usize, work: &impl Fn(P)) {
    while length > size {
        let (first, rest) = data.divide(size);
        call(first, work);
        (data, length) = (rest, length - size);
    }
    call(data, work);
}

/// Dismisses the helpers of a team, also when the leader panics.
struct Dismissal<'a>(&'a Team);

impl Drop for Dismissal<'_> {
    fn drop(&mut self) {
        self.0.dismiss();
    }
}

fn call<P>(data: P, work: &impl Fn(P)) {
    let _mode = flush_subnormals();
    work(data);
}

fn divide<P: Divide>(data: P, length: usize, size: usize, work: &(impl Fn(P) + Sync)) {
    if length <= size {
        return call(data, work);
    }
    let middle = length.div_ceil(size) / 2 * size;
    let (left, right) = data.divide(middle);
    rayon::join(|| divide(left, middle, size, work), || divide(right, length - middle, size, work));
}

static POOL: OnceLock<Result<Pool>> = OnceLock::new();

/// The pool of the process, which all models share: as many threads as the settings say, else `UNROLLED_THREADS`, else the
/// number of processors that this process may use (on Linux within the affinity mask and the cgroup's quota).
///
/// # Errors
/// `Argument` when the variable is not a number from 1 to 1024.
pub fn pool() -> Result<&'static Pool> {
    let pool = POOL.get_or_init(|| Pool::with_threads(thread_count(settings::in_use())?));
    pool.as_ref().map_err(Clone::clone)
}

/// The threads of the pool of the process, or those that the pool would have if it began now.
///
/// # Errors
/// Those of [`pool`].
pub(crate) fn threads() -> Result<usize> {
    match POOL.get() {
        Some(pool) => pool.as_ref().map(Pool::threads).map_err(Clone::clone),
        None => thread_count(settings::so_far()),
    }
}

/// The number of processors that this process may use at a time.
pub(crate) fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, |count| count.get()))
}

fn thread_count(settings: Settings) -> Result<usize> {
    if let Some(count) = settings.threads {
        return Ok(count);
    }
    match std::env::var_os(THREADS) {
        Some(value) => match value.to_str().and_then(|text| text.parse().ok()) {
            Some(count @ 1..=MOST_THREADS) => Ok(count),
            _ => Err(Error::argument(format!(
                "{THREADS}: expected a whole number from 1 to {MOST_THREADS}, received {value:?}"
            ))),
        },
        None => Ok(processors()),
    }
}

/// Data that can be cut in two: slices, and tuples of slices of one length.
pub trait Divide: Send + Sized {
    /// The first `middle` elements, and the rest.
    fn divide(self, middle: usize) -> (Self, Self);
}

impl<T: Sync> Divide for &[T] {
    fn divide(self, middle: usize) -> (Self, Self) {
        self.split_at(middle)
    }
}

impl<T: Send> Divide for &mut [T] {
    fn divide(self, middle: usize) -> (Self, Self) {
        self.split_at_mut(middle)
    }
}

impl<T: Divide> Divide for Option<T> {
    fn divide(self, middle: usize) -> (Self, Self) {
        self.map(|data| data.divide(middle)).unzip()
    }
}

macro_rules! divide_tuple {
    ($($name:ident)*) => {
        impl<$($name: Divide),*> Divide for ($($name,)*) {
            #[expect(non_snake_case, reason = "the type parameters name the values as well")]
            fn divide(self, middle: usize) -> (Self, Self) {
                let ($($name,)*) = self;
                $(let $name = $name.divide(middle);)*
                (($($name.0,)*), ($($name.1,)*))
            }
        }
    };
}

divide_tuple!(A B);
divide_tuple!(A B C);
divide_tuple!(A B C D);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_in_exactly_one_chunk() {
        for threads in [1, 3] {
            let pool = Pool::with_threads(threads).unwrap();
            assert_eq!(pool.threads(), threads);
            for length in [0, 1, 9, 10, 11, 100, 1003] {
                let mut seen = vec![0; length];
                let source: Vec<usize> = (0..length).collect();
                let none: Option<&mut [u8]> = None;
                pool.for_each_part((&mut seen[..], &source[..], none), length, 10, |(seen, source, none)| {
                    assert!(none.is_none() && seen.len() == source.len());
                    assert!(seen.len() == 10 || source.last() == length.checked_sub(1).as_ref());
                    assert!(source.first().is_none_or(|first| first % 10 == 0));
                    seen.iter_mut().for_each(|count| *count += 1);
                });
                assert!(seen.iter().all(|&count| count == 1), "{length}");
            }
        }
    }

    #[test]
    fn small_work_and_a_pool_of_one_stay_on_the_calling_thread() {
        let here = || std::thread::current().id();
        let caller = here();
        let many: &'static Pool = Box::leak(Box::new(Pool::with_threads(2).unwrap()));
        let one = Pool::with_threads(1).unwrap();
        for pool in [many.suited(HAND_OVER / 2.0), &one] {
            assert_eq!(pool.threads(), 1);
            let mut seen = [None; 10];
            pool.for_each_part(&mut seen[..], 10, 3, |seen: &mut [Option<_>]| seen.fill(Some(here())));
            assert_eq!(seen, [Some(caller); 10]);
            assert_eq!(pool.run(here), caller);
        }
        assert_eq!(many.suited(HAND_OVER).threads(), 2);
        assert_ne!(many.run(here), caller);
    }

    #[test]
    fn no_threads_is_an_error() {
        assert_eq!(Pool::with_threads(0).unwrap_err().code, crate::Code::Argument);
    }
}
