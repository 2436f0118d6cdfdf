//! Huber's error.

use super::elementwise::Comparison;
use crate::{Error, Result};

/// `e^2 / 2` for `e = |x - t|` up to `delta`, then `delta (e - delta / 2)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Huber {
    delta: f64,
}

impl Huber {
    pub(super) fn new(delta: f64) -> Result<Self> {
        if !(delta.is_finite() && delta > 0.0) {
            return Err(Error::argument(format!(
                "loss huber.delta must be finite and more than 0, got {delta}"
            )));
        }
        Ok(Self { delta })
    }
}

impl Comparison for Huber {
    fn value(&self, x: f64, t: f64) -> f64 {
        let error = (x - t).abs();
        if error <= self.delta { 0.5 * error * error } else { self.delta * (error - 0.5 * self.delta) }
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        (x - t).clamp(-self.delta, self.delta)
    }
}
