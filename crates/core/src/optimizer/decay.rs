//! The decay of the learning rate: a factor for each optimizer step.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The learning rate's schedule. The rate of step `t` (the first is 0) is the base rate times [`Decay::factor`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Decay {
    /// `1`.
    Constant {},
    /// `gamma^floor(t / size)` (PyTorch `StepLR`).
    Step {
        /// Steps between two drops.
        size: u64,
        /// The factor of each drop.
        gamma: f64,
    },
    /// `gamma^t` (PyTorch `ExponentialLR`).
    Exponential {
        /// The factor of each step.
        gamma: f64,
    },
    /// `minimum + (1 - minimum) (1 + cos(pi t / steps)) / 2`, and `minimum` from `steps` on (PyTorch
    /// `CosineAnnealingLR` up to `T_max = steps`, with `eta_min` as a share of the base rate).
    Cosine {
        /// Steps from the full rate to the least.
        steps: u64,
        /// The least factor.
        #[serde(default)]
        minimum: f64,
    },
    /// `(t + 1) / (warmup + 1)` while `t < warmup`, then straight from 1 down to `minimum` at `steps`, and
    /// `minimum` after (PyTorch `LinearLR(1 / (warmup + 1), 1, warmup)` followed by
    /// `LinearLR(1, minimum, steps - warmup)`).
    Linear {
        /// Steps of warming up.
        #[serde(default)]
        warmup: u64,
        /// The step at which the least factor is reached.
        steps: u64,
        /// The least factor.
        #[serde(default)]
        minimum: f64,
    },
}

impl Default for Decay {
    fn default() -> Self {
        Self::Constant {}
    }
}

impl Decay {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// `Argument`, naming the option.
    pub fn check(&self) -> Result<()> {
        match *self {
            Self::Constant {} => Ok(()),
            Self::Step { size, gamma } => at_least_one("step.size", size).and(positive("step.gamma", gamma)),
            Self::Exponential { gamma } => positive("exponential.gamma", gamma),
            Self::Cosine { steps, minimum } => {
                at_least_one("cosine.steps", steps).and(share("cosine.minimum", minimum))
            }
            Self::Linear { warmup, steps, minimum } => {
                if steps <= warmup {
                    return Err(Error::argument(format!(
                        "linear.steps: expected more than linear.warmup ({warmup}), received {steps}"
                    )));
                }
                share("linear.minimum", minimum)
            }
        }
    }

    /// The factor of step `step`, counted from 0. A function of the step alone, so that a resumed run goes on
    /// exactly where it stopped. The options must have passed [`Decay::check`].
    #[must_use]
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Self::Constant {} => 1.0,
            Self::Step { size, gamma } => power(gamma, step / size),
            Self::Exponential { gamma } => power(gamma, step),
            Self::Cosine { steps, minimum } => {
                let progress = step.min(steps) as f64 / steps as f64;
                minimum + (1.0 - minimum) * (1.0 + cos_pi(progress)) / 2.0
            }
            Self::Linear { warmup, .. } if step < warmup => (step + 1) as f64 / (warmup + 1) as f64,
            Self::Linear { warmup, steps, minimum } => {
                let progress = (step.min(steps) - warmup) as f64 / (steps - warmup) as f64;
                1.0 + (minimum - 1.0) * progress
            }
        }
    }
}

fn at_least_one(option: &str, value: u64) -> Result<()> {
    if value == 0 {
        return Err(Error::argument(format!("{option}: expected at least 1, received 0")));
    }
    Ok(())
}

fn positive(option: &str, value: f64) -> Result<()> {
    if !(value.is_finite() && value > 0.0) {
        return Err(Error::argument(format!(
            "{option}: expected a finite number above 0, received {value:?}"
        )));
    }
    Ok(())
}

fn share(option: &str, value: f64) -> Result<()> {
    if !(0.0..=1.0).contains(&value) {
        return Err(Error::argument(format!("{option}: expected a number from 0 to 1, received {value:?}")));
    }
    Ok(())
}

/// `base^exponent` by squaring: `f64::powi` may differ between platforms.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    result
}

/// `cos(pi x)` for `x` in [0, 1], to about an ulp and the same on every platform: folded to an angle of at most
/// pi/4, where ten terms of the series leave less than 1e-20.
fn cos_pi(x: f64) -> f64 {
    use std::f64::consts::PI;
    // Σ (-1)^i t^(2i) / ((first) ... (first + 2i - 1)): the cosine from first = 1, sin(t) / t from first = 2.
    let series = |t: f64, first: f64| {
        (0..10).rev().fold(1.0, |sum, i| {
            let n = first + 2.0 * f64::from(i);
            1.0 - sum * t * t / (n * (n + 1.0))
        })
    };
    if x <= 0.25 {
        series(PI * x, 1.0)
    } else if x <= 0.75 {
        let t = PI * (0.5 - x);
        t * series(t, 2.0)
    } else {
        -series(PI * (1.0 - x), 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-15, "{actual} is not {expected}");
    }

    #[test]
    fn cosine_is_accurate() {
        // Against the platform's own, whose argument is off by half an ulp of pi.
        for i in 0..=10_000 {
            let x = f64::from(i) / 10_000.0;
            assert!((cos_pi(x) - (std::f64::consts::PI * x).cos()).abs() <= 5e-16, "{x}");
        }
        assert_eq!((cos_pi(0.0), cos_pi(0.5), cos_pi(1.0)), (1.0, 0.0, -1.0));
    }

    #[test]
    fn hand_worked() {
        assert_eq!(Decay::default().factor(99), 1.0);
        let step = Decay::Step { size: 3, gamma: 0.5 };
        assert_eq!([0, 2, 3, 5, 6, 9].map(|t| step.factor(t)), [1.0, 1.0, 0.5, 0.5, 0.25, 0.125]);
        assert_eq!(Decay::Exponential { gamma: 0.5 }.factor(10), 1.0 / 1024.0);
        let cosine = Decay::Cosine { steps: 4, minimum: 0.2 };
        close(cosine.factor(0), 1.0);
        close(cosine.factor(1), 0.2 + 0.8 * (1.0 + std::f64::consts::FRAC_1_SQRT_2) / 2.0);
        close(cosine.factor(2), 0.6);
        assert_eq!([4, 5, 1000].map(|t| cosine.factor(t)), [0.2; 3]);
        let linear = Decay::Linear { warmup: 3, steps: 7, minimum: 0.0 };
        let expected = [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0];
        assert_eq!(std::array::from_fn(|t| linear.factor(t as u64)), expected);
        assert_eq!(Decay::Linear { warmup: 0, steps: 2, minimum: 0.5 }.factor(1), 0.75);
    }

    #[test]
    fn pytorch_agrees() {
        // PyTorch 2.15, f64, base rate 1, read from param_groups before each step.
        let cases: [(Decay, &[f64]); 4] = [
            // CosineAnnealingLR(T_max=7, eta_min=0.05)
            (
                Decay::Cosine { steps: 7, minimum: 0.05 },
                &[
                    1.0,
                    0.952960212253649,
                    0.8211576558828984,
                    0.6306974436292493,
                    0.41930255637075065,
                    0.22884234411710158,
                    0.09703978774635096,
                    0.05,
                ],
            ),
            // SequentialLR([LinearLR(1 / 5, 1, 4), LinearLR(1, 0.1, 6)], milestones=[4])
            (
                Decay::Linear { warmup: 4, steps: 10, minimum: 0.1 },
                &[0.2, 0.4, 0.6, 0.8, 1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1, 0.1],
            ),
            // StepLR(step_size=2, gamma=0.3)
            (Decay::Step { size: 2, gamma: 0.3 }, &[1.0, 1.0, 0.3, 0.3, 0.09, 0.09, 0.027]),
            // ExponentialLR(gamma=0.9)
            (Decay::Exponential { gamma: 0.9 }, &[1.0, 0.9, 0.81, 0.729, 0.6561, 0.59049]),
        ];
        for (schedule, expected) in cases {
            for (step, &factor) in expected.iter().enumerate() {
                close(schedule.factor(step as u64), factor);
            }
        }
    }

    #[test]
    fn options_are_checked() {
        let bad = [
            (Decay::Step { size: 0, gamma: 0.5 }, "step.size"),
            (Decay::Step { size: 1, gamma: 0.0 }, "step.gamma"),
            (Decay::Exponential { gamma: f64::NAN }, "exponential.gamma"),
            (Decay::Cosine { steps: 0, minimum: 0.0 }, "cosine.steps"),
            (Decay::Cosine { steps: 1, minimum: 1.5 }, "cosine.minimum"),
            (Decay::Linear { warmup: 5, steps: 5, minimum: 0.0 }, "linear.steps"),
            (Decay::Linear { warmup: 0, steps: 5, minimum: -0.1 }, "linear.minimum"),
        ];
        for (schedule, option) in bad {
            let error = schedule.check().unwrap_err();
            assert!(error.code == crate::Code::Argument && error.message.contains(option), "{error}");
        }
        assert!(Decay::Linear { warmup: 5, steps: 6, minimum: 0.0 }.check().is_ok());
    }

    #[test]
    fn json_is_the_configurations() {
        let parse = |text: &str| serde_json::from_str::<Decay>(text);
        assert_eq!(parse(r#"{"constant":{}}"#).unwrap(), Decay::Constant {});
        assert_eq!(
            parse(r#"{"cosine":{"steps":10,"minimum":0.1}}"#).unwrap(),
            Decay::Cosine { steps: 10, minimum: 0.1 }
        );
        assert_eq!(parse(r#"{"step":{"size":2,"gamma":0.1}}"#).unwrap(), Decay::Step { size: 2, gamma: 0.1 });
        assert!(parse(r#"{"cosine":{"steps":10,"period":1}}"#).is_err());
        assert!(parse(r#"{"constant":{"x":1}}"#).is_err());
    }
}
