//! Optimizer updates of flat slices of equal length, by PyTorch's formulas: the doors.

use crate::argument::{AdagradStep, AdamStep, RmspropStep, SgdStep};

entries! {
    trait Updates;

    /// g' = g + weight_decay·p; b = momentum·b + (1 - dampening)·g', at first g'; p -= rate·d with d = g' without a
    /// buffer, b with one, and g' + momentum·b with `nesterov`.
    pub fn sgd(p: &mut [E], g: &[E], buffer: Option<&mut [E]>, step: SgdStep) = crate::generic::optimize::sgd;

    /// g' = g + weight_decay·p; v = alpha·v + (1 - alpha)·g'²; d = g' / (√v + epsilon); p -= rate·d, or with a
    /// momentum buffer b = momentum·b + d and p -= rate·b.
    pub fn rmsprop(p: &mut [E], g: &[E], square_average: &mut [E], buffer: Option<&mut [E]>, step: RmspropStep)
        = crate::generic::optimize::rmsprop;

    /// g' = g + weight_decay·p; s += g'²; p -= rate·g' / (√s + epsilon).
    pub fn adagrad(p: &mut [E], g: &[E], sum: &mut [E], step: AdagradStep) = crate::generic::optimize::adagrad;

    /// g' = g + weight_decay·p (decoupled: p -= rate·weight_decay·p, g' = g); m = beta1·m + (1 - beta1)·g';
    /// v = beta2·v + (1 - beta2)·g'²; p -= rate/(1 - beta1ᵗ)·m / (√v/√(1 - beta2ᵗ) + epsilon), t = `step.step`.
    pub fn adam(p: &mut [E], g: &[E], m: &mut [E], v: &mut [E], step: AdamStep) = crate::generic::optimize::adam;
}
