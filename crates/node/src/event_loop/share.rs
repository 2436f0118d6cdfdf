//! The JavaScript thread's time: short runs take a share of it, then the event loop gets its turn.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// What short runs may take in a row, of all models together.
const SHARE: Duration = Duration::from_millis(2);

/// What a call takes beside its run.
const CALL: Duration = Duration::from_micros(10);

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Whether the share is spent: others are to get their turn.
pub(crate) fn is_over() -> bool {
    SPENT.get() >= SHARE
}

/// Does `run` and counts its time.
pub(crate) fn spend<T>(run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = run();
    SPENT.set(SPENT.get() + began.elapsed() + CALL);
    result
}

/// The event loop has been round.
pub(crate) fn renew() {
    SPENT.set(Duration::ZERO);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_ends_and_begins_anew() {
        renew();
        let runs = (0..10_000).take_while(|_| !spend(is_over)).count();
        assert!((1..=200).contains(&runs), "{runs} runs of 10 µs or more");
        assert!(is_over());
        renew();
        assert!(!is_over());
    }
}
