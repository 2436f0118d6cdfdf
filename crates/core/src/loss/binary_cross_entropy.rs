//! Binary cross-entropy of logits.

use unrolled_kernels::math;

use super::elementwise::Comparison;

/// `-t ln σ(x) - (1 - t) ln(1 - σ(x)) = max(x, 0) - x t + ln(1 + e^-|x|)`, which neither overflows nor cancels.
#[derive(Clone, Copy, Debug)]
pub(super) struct BinaryCrossEntropy;

impl Comparison for BinaryCrossEntropy {
    fn value(&self, x: f64, t: f64) -> f64 {
        x.max(0.0) - x * t + math::ln_1p(math::exp(-x.abs()))
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        let e = math::exp(-x.abs());
        let sigmoid = if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
        sigmoid - t
    }

    fn correct(&self, x: f64, t: f64) -> bool {
        (x > 0.0) == (t > 0.5)
    }
}
