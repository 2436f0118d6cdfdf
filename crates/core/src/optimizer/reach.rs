//! Bounds of what an update can reach, so that an ordinary one need not be looked at.

use unrolled_kernels::Element;

use super::OptimizerConfig;

/// The largest magnitudes of a parameter and of a slot, at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) value: f64,
    pub(super) slot: f64,
}

impl Reach {
    /// The reach after an update at learning rate `rate` by gradients of magnitude `gradient` at the most.
    pub(super) fn after(self, config: &OptimizerConfig, rate: f64, gradient: f64) -> Self {
        let Self { value, slot } = self;
        match *config {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let gradient = gradient + weight_decay * value;
                // The first update takes all of the gradient.
                let slot = momentum * slot + f64::max(1.0, (1.0 - dampening).abs()) * gradient;
                let direction = if nesterov { gradient + momentum * slot } else { slot };
                Self { value: value + rate * direction, slot }
            }
            OptimizerConfig::Rmsprop { epsilon, momentum, weight_decay, .. } => {
                let gradient = gradient + weight_decay * value;
                let direction = momentum * slot + gradient / epsilon;
                let slot = slot.max(gradient * gradient).max(direction);
                Self { value: value + rate * direction, slot }
            }
            OptimizerConfig::Adagrad { weight_decay, .. } => {
                let gradient = gradient + weight_decay * value;
                // The root of the sum is at least the gradient.
                Self { value: value + rate, slot: slot + gradient * gradient }
            }
            OptimizerConfig::Adam { beta1, epsilon, weight_decay, .. } => {
                let gradient = gradient + weight_decay * value;
                Self { value: value + adams_change(rate, beta1, epsilon, slot, gradient), slot }
                    .with_moments(gradient)
            }
            OptimizerConfig::Adamw { beta1, epsilon, weight_decay, .. } => {
                let shrunk = value * f64::max(1.0, rate * weight_decay);
                Self { value: shrunk + adams_change(rate, beta1, epsilon, slot, gradient), slot }
                    .with_moments(gradient)
            }
        }
    }

    /// The slots of Adam are means, of gradients and of squares.
    fn with_moments(self, gradient: f64) -> Self {
        Self { slot: self.slot.max(gradient).max(gradient * gradient), ..self }
    }

    /// True if every number on the way, up to four times as large, is one of `E`.
    pub(super) fn is_within<E: Element>(self) -> bool {
        E::from_f64(4.0 * self.value.max(self.slot)).is_finite()
    }
}

/// The mean gradient is no larger than the largest, and its correction at most `1 / (1 - beta1)`.
fn adams_change(rate: f64, beta1: f64, epsilon: f64, slot: f64, gradient: f64) -> f64 {
    rate / (1.0 - beta1) * slot.max(gradient) / epsilon
}
