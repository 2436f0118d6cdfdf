//! Squared error.

use super::elementwise::Comparison;

/// `(x - t)^2`.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeanSquared;

impl Comparison for MeanSquared {
    fn value(&self, x: f64, t: f64) -> f64 {
        (x - t) * (x - t)
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        2.0 * (x - t)
    }
}
