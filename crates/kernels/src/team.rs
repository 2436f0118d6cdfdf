//! Threads that share the work of one caller, product by product.
//!
//! With few rows a batch cannot be split by rows, and a recurrence cannot be split by time; what is left are the units
//! of one step. A step takes microseconds, so its parts are handed over by spinning: the leader publishes a job, each
//! helper claims the part that is always its own (its weights stay in its own cache), and the leader takes the parts
//! that nobody has claimed by the time it has done its own. So a helper that is late costs nothing but its help; one that a
//! busy neighbour keeps from running in the middle of its part is waited for, by letting others run.
//!
//! A team starts no threads: whoever calls [`Team::assist`] is a member.

use std::hint::spin_loop;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::PANEL;

/// Nanoseconds of work below which handing over is not worth it.
const WORTHWHILE: usize = 1500;

/// How long a member spins for the next job or the last part, before it lets others run.
const SPIN: Duration = Duration::from_micros(50);

/// Jobs after which a helper lets others run, however busy it is.
const TURN: u64 = 256;

type Work<'a> = &'a (dyn Fn(usize) + Sync);

/// A leader and its helpers.
#[derive(Debug)]
pub struct Team {
    parts: Box<[Part]>,
    /// Counts the jobs; a helper waits for it to change.
    job: AtomicU64,
    /// The job's work while there is one.
    work: AtomicPtr<Work<'static>>,
    /// Counts the dismissals.
    session: AtomicU64,
    /// Whether a job is under way.
    busy: AtomicBool,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

/// Who has begun and ended a part, by the number of the job. On a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part {
    claimed: AtomicU64,
    done: AtomicU64,
}

impl Team {
    /// A team with room for `members` members, the leader included.
    #[must_use]
    pub fn new(members: usize) -> Self {
        Self {
            parts: (0..members.max(1)).map(|_| Part::default()).collect(),
            job: AtomicU64::new(0),
            work: AtomicPtr::new(std::ptr::null_mut()),
            session: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            panic: Mutex::new(None),
        }
    }

    /// Members, the leader included.
    #[must_use]
    pub fn members(&self) -> usize {
        self.parts.len()
    }

    /// What a helper is called for: it changes with every dismissal.
    #[must_use]
    pub fn session(&self) -> u64 {
        self.session.load(Ordering::Relaxed)
    }

    /// Helps as member `member` (the leader is 0) while the session lasts. Now and then, and when there has been nothing
    /// to do for a while, `yield_now` lets the thread do something else.
    pub fn assist(&self, member: usize, session: u64, yield_now: impl Fn()) {
        let mut seen = 0;
        let mut waiting = Waiting::begin();
        while self.session() == session {
            let job = self.job.load(Ordering::Acquire);
            if job == seen {
                if waiting.is_long() {
                    yield_now();
                }
                continue;
            }
            if job.is_multiple_of(TURN) {
                yield_now();
            }
            seen = job;
            if self.take(member, job) {
                waiting = Waiting::begin();
            }
        }
    }

    /// Ends the session and lets the helpers go; another one may follow.
    pub fn dismiss(&self) {
        self.session.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether so much work on so many weights is worth handing over.
    #[must_use]
    pub fn is_worthwhile(macs: usize, weights: usize) -> bool {
        // Around 100 multiply-adds a nanosecond, or 25 weights from a cache that holds them all.
        (macs / 100).max(weights / 25) >= WORTHWHILE
    }

    /// Calls `work` on panels of `units` units, all of them once, on all members if `macs` fused multiply-adds on
    /// `weights` weights take long enough. One job at a time: another one meanwhile stays with its caller.
    pub(crate) fn split(
        &self,
        units: usize,
        macs: usize,
        weights: usize,
        work: impl Fn(Range<usize>) + Sync,
    ) {
        let panels = units.div_ceil(PANEL);
        let worthwhile = self.members() > 1 && panels > 1 && Self::is_worthwhile(macs, weights);
        if !worthwhile || self.busy.swap(true, Ordering::Acquire) {
            return work(0..units);
        }
        let edge = |part: usize| (panels * part / self.members() * PANEL).min(units);
        self.run(&|part| work(edge(part)..edge(part + 1)));
    }

    /// Calls `work` once with each of `0..members`.
    fn run(&self, work: Work<'_>) {
        let job = self.job.load(Ordering::Relaxed) + 1;
        let mut work = work;
        // The pointer forgets the lifetime: `Finish` waits until nobody can call the work any more.
        self.work.store(std::ptr::from_mut(&mut work).cast(), Ordering::Relaxed);
        let finish = Finish { team: self, job };
        self.job.store(job, Ordering::Release);
        for part in 0..self.parts.len() {
            self.take(part, job);
        }
        drop(finish);
        self.busy.store(false, Ordering::Release);
        let panic = self.panic.lock().ok().and_then(|mut panic| panic.take());
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Does a part of a job, and says so, unless somebody has begun it.
    fn take(&self, part: usize, job: u64) -> bool {
        let Part { claimed, done } = &self.parts[part];
        if claimed.compare_exchange(job - 1, job, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        // SAFETY: this member has just claimed the part of a job that had not ended, and until `done` says so `Finish`
        // keeps the leader in `run`, where the work lives.
        let work = unsafe { *self.work.load(Ordering::Relaxed) };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(part)));
        if let (Err(payload), Ok(mut panic)) = (outcome, self.panic.lock()) {
            *panic = Some(payload);
        }
        done.store(job, Ordering::Release);
        true
    }
}

/// Ends a job: waits for the parts that others have claimed.
struct Finish<'a> {
    team: &'a Team,
    job: u64,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        for part in &self.team.parts {
            let mut waiting = Waiting::begin();
            while part.done.load(Ordering::Acquire) != self.job {
                if waiting.is_long() {
                    std::thread::yield_now();
                }
            }
        }
    }
}

/// A wait that spins first.
struct Waiting {
    since: Option<Instant>,
    spins: u32,
}

impl Waiting {
    fn begin() -> Self {
        Self { since: None, spins: 0 }
    }

    /// Spins for a moment; whether it has been so long that others should run.
    fn is_long(&mut self) -> bool {
        // The clock is looked at only now and then: that takes longer than a spin.
        self.spins += 1;
        if self.spins < 64 {
            spin_loop();
            return false;
        }
        self.spins = 0;
        self.since.get_or_insert_with(Instant::now).elapsed() > SPIN
    }
}
