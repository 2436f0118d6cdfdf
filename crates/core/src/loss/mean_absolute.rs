//! Absolute error.

use super::elementwise::Comparison;

/// `|x - t|`, with slope 0 where they are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeanAbsolute;

impl Comparison for MeanAbsolute {
    fn value(&self, x: f64, t: f64) -> f64 {
        (x - t).abs()
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        if x == t { 0.0 } else { (x - t).signum() }
    }
}
