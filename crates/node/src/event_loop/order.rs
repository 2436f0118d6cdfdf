//! Promises in the order of their calls: each has a handle of its own in the event loop, which looks at them in no order
//! that means anything, so none is told to settle before the one ahead of it has.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What settles a promise, from any thread.
type Settle = Box<dyn FnOnce() + Send>;

/// The promises that have not settled, in the order of their calls.
#[derive(Default)]
pub(crate) struct Line(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// How many have left.
    left: usize,
    /// What settles each of the others, once it is known.
    ready: VecDeque<Option<Settle>>,
}

impl Line {
    /// Whether all have settled.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().ready.is_empty()
    }

    /// A place at the end.
    pub(crate) fn enter(&self) -> usize {
        let mut waiting = self.lock();
        waiting.ready.push_back(None);
        waiting.left + waiting.ready.len() - 1
    }

    /// What settles the promise at `place`, which is called when those ahead have left.
    pub(crate) fn ready(&self, place: usize, settle: Settle) {
        let mut waiting = self.lock();
        if place == waiting.left {
            drop(waiting);
            return settle();
        }
        let at = place - waiting.left;
        waiting.ready[at] = Some(settle);
    }

    /// The first one settles; the one behind it is next.
    pub(crate) fn leave(&self) {
        let mut waiting = self.lock();
        waiting.ready.pop_front();
        waiting.left += 1;
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
    fn each_settles_when_those_ahead_have_left() {
        let line = Line::default();
        let settled = Arc::new(Mutex::new(Vec::new()));
        let ready = |place: usize| {
            let settled = Arc::clone(&settled);
            line.ready(place, Box::new(move || settled.lock().expect("no panic").push(place)));
        };
        let seen = || settled.lock().expect("no panic").clone();
        assert!(line.is_empty());
        assert_eq!([line.enter(), line.enter(), line.enter()], [0, 1, 2]);
        ready(2);
        ready(0);
        assert_eq!(seen(), [0], "told, and not yet gone");
        line.leave();
        assert_eq!(seen(), [0], "the next is not ready");
        ready(1);
        assert_eq!(seen(), [0, 1]);
        line.leave();
        assert_eq!(seen(), [0, 1, 2]);
        assert_eq!(line.enter(), 3);
        line.leave();
        assert!(!line.is_empty());
        ready(3);
        line.leave();
        assert!(line.is_empty());
        assert_eq!(seen(), [0, 1, 2, 3]);
    }
}
