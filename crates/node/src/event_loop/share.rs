//! The JavaScript thread's time: short runs take a share of it, then the event loop goes round.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The time of short runs in a row, of all models together.
const SHARE: Duration = Duration::from_millis(2);

/// The time of a call beside its run.
const CALL: Duration = Duration::from_micros(10);

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// True if the share is spent: the event loop is to go round first.
pub(crate) fn is_spent() -> bool {
    SPENT.get() >= SHARE
}

/// Does `run` and counts its time.
pub(crate) fn spend<T>(run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = run();
    SPENT.set(SPENT.get() + began.elapsed() + CALL);
    result
}

/// Notes that the event loop has been round.
pub(crate) fn renew() {
    SPENT.set(Duration::ZERO);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_ends_and_begins_anew() {
        renew();
        let runs = (0..10_000).take_while(|_| !spend(is_spent)).count();
        assert!((1..=200).contains(&runs), "{runs} runs of 10 µs or more");
        assert!(is_spent());
        renew();
        assert!(!is_spent());
    }
}
