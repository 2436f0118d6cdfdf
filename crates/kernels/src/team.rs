//! Threads that share the work of one caller, product by product.
//!
//! A batch of few rows cannot be split by rows, and a recurrence cannot be split by time, so a team splits the units of one
//! step. A step takes microseconds, so members spin for their shares: the leader publishes a job, each helper claims the
//! same share every time (the weights of a share stay in the cache of its helper), and the leader does its own share and
//! then every share that nobody has claimed. A late helper costs nothing but its help. A helper that the system stops in the
//! middle of a share is waited for; the leader lets other threads run meanwhile.
//!
//! A team starts no threads: every thread that calls [`Team::assist`] is a member.

use std::hint::spin_loop;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::time::Instant;

use crate::panel::PANEL;
use crate::tuning::{JOBS_PER_YIELD, MACS_PER_NS, SPIN, SPINS_PER_LOOK, WEIGHTS_PER_NS, WORTHWHILE_NS};

type Work<'a> = &'a (dyn Fn(usize) + Sync);

/// A leader and its helpers.
#[derive(Debug)]
pub struct Team {
    shares: Box<[Share]>,
    /// Number of the last job; helpers wait for it to change.
    job: AtomicU64,
    /// The work of the job, while one is under way.
    work: AtomicPtr<Work<'static>>,
    /// Number of dismissals.
    session: AtomicU64,
    /// True while a job is under way.
    busy: AtomicBool,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

/// Progress of one share: the numbers of the last job that claimed it and of the last job that ended it. 128 bytes, so that
/// no two shares lie on one cache line or on two that are fetched together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Share {
    claimed: AtomicU64,
    done: AtomicU64,
}

impl Team {
    /// A team with room for `members` members, the leader included.
    #[must_use]
    pub fn new(members: usize) -> Self {
        Self {
            shares: (0..members.max(1)).map(|_| Share::default()).collect(),
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
        self.shares.len()
    }

    /// The session that helpers are called for; every dismissal begins another.
    #[must_use]
    pub fn session(&self) -> u64 {
        self.session.load(Ordering::Relaxed)
    }

    /// Helps as member `member` (the leader is 0) while the session lasts. Calls `yield_now`, to let other threads run, now
    /// and then and after a while without a job.
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
            if job.is_multiple_of(JOBS_PER_YIELD) {
                yield_now();
            }
            seen = job;
            if self.take(member, job) {
                waiting = Waiting::begin();
            }
        }
    }

    /// Ends the session and releases the helpers; another session may follow.
    pub fn dismiss(&self) {
        self.session.fetch_add(1, Ordering::Relaxed);
    }

    /// True if `macs` fused multiply-adds on `weights` weights take long enough to be handed over.
    #[must_use]
    pub fn is_worthwhile(macs: usize, weights: usize) -> bool {
        (macs / MACS_PER_NS).max(weights / WEIGHTS_PER_NS) >= WORTHWHILE_NS
    }

    /// Calls `work` on ranges of whole panels that cover `units` units once: one range for each member if the work
    /// [is worthwhile](Self::is_worthwhile), and otherwise one range. A team has one job at a time; a second
    /// job meanwhile stays with its caller.
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
        let edge = |share: usize| (panels * share / self.members() * PANEL).min(units);
        self.run(&|share| work(edge(share)..edge(share + 1)));
    }

    /// Calls `work` once with each of `0..members`.
    fn run(&self, work: Work<'_>) {
        let job = self.job.load(Ordering::Relaxed) + 1;
        let mut work = work;
        // The pointer forgets the lifetime; `Finish` waits until no member can call the work any more.
        self.work.store(std::ptr::from_mut(&mut work).cast(), Ordering::Relaxed);
        let finish = Finish { team: self, job };
        self.job.store(job, Ordering::Release);
        for share in 0..self.shares.len() {
            self.take(share, job);
        }
        drop(finish);
        self.busy.store(false, Ordering::Release);
        let panic = self.panic.lock().ok().and_then(|mut panic| panic.take());
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Does a share of a job unless another member has claimed it. Returns true if this member did it.
    fn take(&self, share: usize, job: u64) -> bool {
        let Share { claimed, done } = &self.shares[share];
        if claimed.compare_exchange(job - 1, job, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        // SAFETY: this member has claimed a share of a job that had not ended, and `Finish` keeps the leader in `run`, where
        // the work lives, until `done` has the number of the job.
        let work = unsafe { *self.work.load(Ordering::Relaxed) };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(share)));
        if let (Err(payload), Ok(mut panic)) = (outcome, self.panic.lock()) {
            *panic = Some(payload);
        }
        done.store(job, Ordering::Release);
        true
    }
}

/// Ends a job: waits for the shares that other members have claimed.
struct Finish<'a> {
    team: &'a Team,
    job: u64,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        for share in &self.team.shares {
            let mut waiting = Waiting::begin();
            while share.done.load(Ordering::Acquire) != self.job {
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

    /// Spins for a moment. Returns true once the wait is so long that other threads should run.
    fn is_long(&mut self) -> bool {
        self.spins += 1;
        if self.spins < SPINS_PER_LOOK {
            spin_loop();
            return false;
        }
        self.spins = 0;
        self.since.get_or_insert_with(Instant::now).elapsed() > SPIN
    }
}
