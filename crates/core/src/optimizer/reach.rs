//! Bounds of what an update can reach, so that an ordinary one need not be looked at.

use unrolled_kernels::Element;

use super::OptimizerConfig;

/// The largest magnitudes at the most: of a parameter, of a running sum or mean of directions, and of one of squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    pub(super) value: f64,
    pub(super) direction: f64,
    pub(super) square: f64,
}

impl Reach {
    /// The reach after an update at learning rate `rate` by gradients of magnitude `gradient` at the most.
    pub(super) fn after(self, config: &OptimizerConfig, rate: f64, gradient: f64) -> Self {
        let Self { value, direction, square } = self;
        match *config {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let gradient = gradient + weight_decay * value;
                // The first update takes all of the gradient.
                let direction = momentum * direction + f64::max(1.0, (1.0 - dampening).abs()) * gradient;
                let step = if nesterov { gradient + momentum * direction } else { direction };
                Self { value: value + rate * step, direction, square }
            }
            OptimizerConfig::Rmsprop { alpha, epsilon, momentum, weight_decay } => {
                let gradient = gradient + weight_decay * value;
                // The mean square is at least the last square's share of it.
                let share = 1.0 - alpha;
                let direction = momentum * direction + 1.0 / share.sqrt() + flushed(share, epsilon);
                Self { value: value + rate * direction, direction, square: square.max(gradient * gradient) }
            }
            OptimizerConfig::Adagrad { epsilon, weight_decay } => {
                let gradient = gradient + weight_decay * value;
                // The root of the sum is at least the gradient.
                let step = 1.0 + flushed(1.0, epsilon);
                Self { value: value + rate * step, direction, square: square + gradient * gradient }
            }
            OptimizerConfig::Adam { weight_decay, .. } => {
                let gradient = gradient + weight_decay * value;
                self.with_moments(gradient).with_adams_step(config, rate, value)
            }
            OptimizerConfig::Adamw { weight_decay, .. } => {
                let shrunk = value * f64::max(1.0, rate * weight_decay);
                self.with_moments(gradient).with_adams_step(config, rate, shrunk)
            }
        }
    }

    /// The slots of Adam are means, of gradients and of squares.
    fn with_moments(self, gradient: f64) -> Self {
        let (direction, square) = (self.direction.max(gradient), self.square.max(gradient * gradient));
        Self { direction, square, ..self }
    }

    /// By the inequality of Cauchy and Schwarz, `|m| / √v ≤ (1 - β₁) / √((1 - β₂)(1 - β₁² / β₂))` of means of one row of
    /// gradients; the correction of the mean is `1 / (1 - β₁)` at the most.
    fn with_adams_step(self, config: &OptimizerConfig, rate: f64, value: f64) -> Self {
        let (OptimizerConfig::Adam { beta1, beta2, epsilon, .. }
        | OptimizerConfig::Adamw { beta1, beta2, epsilon, .. }) = *config
        else {
            return self;
        };
        let ratio = beta1 * beta1 / beta2;
        let steep = (1.0 - beta1) / ((1.0 - beta2) * (1.0 - ratio)).sqrt() + flushed(1.0 - beta2, epsilon);
        let most = self.direction / epsilon;
        let step = if ratio < 1.0 { steep.min(most) } else { most };
        Self { value: value + rate / (1.0 - beta1) * step, ..self }
    }

    /// True if every number on the way, up to four times as large, is one of `E`.
    pub(super) fn is_within<E: Element>(self) -> bool {
        E::from_f64(4.0 * self.value.max(self.direction).max(self.square)).is_finite()
    }
}

/// The largest quotient of a gradient by `epsilon` alone: the `share` of its square is so small that it is taken for zero.
fn flushed(share: f64, epsilon: f64) -> f64 {
    (f64::from(f32::MIN_POSITIVE) / share).sqrt() / epsilon
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The updates of `count` steps until a bound no longer tells that they are safe.
    fn safe_steps(json: &str, rate: f64, count: usize) -> usize {
        let config = serde_json::from_str(json).unwrap();
        let mut reach = Reach { value: 1.0, ..Reach::default() };
        (0..count)
            .take_while(|_| {
                reach = reach.after(&config, rate, 1.0);
                reach.is_within::<f32>()
            })
            .count()
    }

    #[test]
    fn ordinary_updates_are_never_looked_at() {
        for (json, rate) in [
            (r#"{"sgd":{"momentum":0.9,"weightDecay":0.0001,"nesterov":true}}"#, 0.1),
            (r#"{"rmsprop":{"momentum":0.9,"weightDecay":0.0001}}"#, 0.01),
            (r#"{"adagrad":{"weightDecay":0.01}}"#, 0.1),
            (r#"{"adam":{"weightDecay":0.01}}"#, 1e-3),
            (r#"{"adamw":{}}"#, 1e-2),
        ] {
            assert_eq!(safe_steps(json, rate, 20_000), 20_000, "{json}");
        }
    }

    #[test]
    fn extraordinary_updates_are_looked_at() {
        for (json, rate) in [
            (r#"{"sgd":{}}"#, 1e38),
            (r#"{"rmsprop":{}}"#, 1e38),
            (r#"{"adagrad":{}}"#, 1e38),
            (r#"{"adam":{}}"#, 1e37),
            (r#"{"adam":{"beta1":0.9,"beta2":0.5}}"#, 1e30),
            (r#"{"adamw":{"weightDecay":1e30}}"#, 1e9),
        ] {
            assert_eq!(safe_steps(json, rate, 10), 0, "{json}");
        }
    }
}
