//! Optimizer updates of flat slices of equal length, PyTorch's formulas: entries.

/// Settings of one step of stochastic gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the momentum buffer that stays.
    pub momentum: f64,
    /// Share of the gradient that does not enter the momentum buffer.
    pub dampening: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
    /// The first step of this buffer: it becomes the gradient.
    pub first: bool,
}

/// Settings of one step of RMSprop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the mean square that stays.
    pub alpha: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
    /// Share of the momentum buffer that stays.
    pub momentum: f64,
}

/// Settings of one step of Adagrad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdagradStep {
    /// Learning rate.
    pub rate: f64,
    /// Added to the root of the sum of squares.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
}

/// Settings of one step of Adam or AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the mean gradient that stays.
    pub beta1: f64,
    /// Share of the mean square that stays.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty, or of the decay if that is decoupled.
    pub weight_decay: f64,
    /// AdamW: the parameters decay by themselves instead of through the gradient.
    pub decoupled: bool,
    /// Number of this step, from 1.
    pub step: u64,
}

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
