//! Promises settle in the order of their calls. Node-API gives no order between deferreds, so each waits for the one before.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Settles a promise, from any thread.
type Settle = Box<dyn FnOnce() + Send>;

/// The promises that have not settled, in the order of their calls.
#[derive(Default)]
pub(crate) struct Order(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// The number of promises that have settled.
    settled: usize,
    /// By promise in the order of the calls: its settling, once the result is known.
    ready: VecDeque<Option<Settle>>,
}

impl Order {
    /// True if all have settled.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().ready.is_empty()
    }

    /// Takes the next number.
    pub(crate) fn enter(&self) -> usize {
        let mut waiting = self.lock();
        waiting.ready.push_back(None);
        waiting.settled + waiting.ready.len() - 1
    }

    /// Calls `settle` for the promise of this number as soon as all before have settled.
    pub(crate) fn ready(&self, number: usize, settle: Settle) {
        let mut waiting = self.lock();
        if number == waiting.settled {
            drop(waiting);
            return settle();
        }
        let at = number - waiting.settled;
        waiting.ready[at] = Some(settle);
    }

    /// Notes that the first promise has settled, and settles the next if it is ready.
    pub(crate) fn leave(&self) {
        let mut waiting = self.lock();
        waiting.ready.pop_front();
        waiting.settled += 1;
        let next = waiting.ready.front_mut().and_then(Option::take);
        drop(waiting);
        if let Some(settle) = next {
            settle();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn each_settles_when_those_before_have_settled() {
        let order = Order::default();
        let settled = Arc::new(Mutex::new(Vec::new()));
        let ready = |number: usize| {
            let settled = Arc::clone(&settled);
            order.ready(number, Box::new(move || settled.lock().expect("no panic").push(number)));
        };
        let seen = || settled.lock().expect("no panic").clone();
        assert!(order.is_empty());
        assert_eq!([order.enter(), order.enter(), order.enter()], [0, 1, 2]);
        ready(2);
        ready(0);
        assert_eq!(seen(), [0], "told to settle, and not yet settled");
        order.leave();
        assert_eq!(seen(), [0], "the next is not ready");
        ready(1);
        assert_eq!(seen(), [0, 1]);
        order.leave();
        assert_eq!(seen(), [0, 1, 2]);
        assert_eq!(order.enter(), 3);
        order.leave();
        assert!(!order.is_empty());
        ready(3);
        order.leave();
        assert!(order.is_empty());
        assert_eq!(seen(), [0, 1, 2, 3]);
    }
}
