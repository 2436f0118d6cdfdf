//! The options of an optimizer, with PyTorch's defaults.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// An optimizer and its options; the learning rate comes with each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OptimizerConfig {
    /// Stochastic gradient descent, `torch.optim.SGD`.
    Sgd {
        /// The share of the last update that stays; 0 keeps no buffer.
        #[serde(default)]
        momentum: f64,
        /// The share of the gradient that does not enter the momentum.
        #[serde(default)]
        dampening: f64,
        /// Look ahead along the momentum (needs momentum, and no dampening).
        #[serde(default)]
        nesterov: bool,
        /// The factor of the parameters that is added to their gradients.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `torch.optim.RMSprop`, not centered.
    Rmsprop {
        /// The share of the mean square that stays.
        #[serde(default = "rmsprop_alpha")]
        alpha: f64,
        /// Added to the root of the mean square.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// The share of the last update that stays; 0 keeps no buffer.
        #[serde(default)]
        momentum: f64,
        /// The factor of the parameters that is added to their gradients.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `torch.optim.Adagrad`.
    Adagrad {
        /// Added to the root of the sum of squares.
        #[serde(default = "adagrad_epsilon")]
        epsilon: f64,
        /// The factor of the parameters that is added to their gradients.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `torch.optim.Adam`.
    Adam {
        /// The share of the mean gradient that stays.
        #[serde(default = "beta1")]
        beta1: f64,
        /// The share of the mean square that stays.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the root of the mean square.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// The factor of the parameters that is added to their gradients.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `torch.optim.AdamW`: Adam with a decay of the weights that does not pass through the moments.
    Adamw {
        /// The share of the mean gradient that stays.
        #[serde(default = "beta1")]
        beta1: f64,
        /// The share of the mean square that stays.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the root of the mean square.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// The share of the parameters, times the rate, that each step takes off.
        #[serde(default = "adamw_weight_decay")]
        weight_decay: f64,
    },
}

fn rmsprop_alpha() -> f64 {
    0.99
}

fn epsilon() -> f64 {
    1e-8
}

fn adagrad_epsilon() -> f64 {
    1e-10
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn adamw_weight_decay() -> f64 {
    0.01
}

impl OptimizerConfig {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// `Argument`, naming the option.
    pub fn check(&self) -> Result<()> {
        match *self {
            Self::Sgd { momentum, dampening, nesterov, weight_decay } => {
                at_least_zero("sgd.momentum", momentum)?;
                finite("sgd.dampening", dampening)?;
                at_least_zero("sgd.weightDecay", weight_decay)?;
                if nesterov && (momentum == 0.0 || dampening != 0.0) {
                    return Err(Error::argument(format!(
                        "sgd.nesterov: expected a momentum above 0 and no dampening, received momentum {momentum} and dampening {dampening}"
                    )));
                }
            }
            Self::Rmsprop { alpha, epsilon, momentum, weight_decay } => {
                share("rmsprop.alpha", alpha)?;
                positive("rmsprop.epsilon", epsilon)?;
                at_least_zero("rmsprop.momentum", momentum)?;
                at_least_zero("rmsprop.weightDecay", weight_decay)?;
            }
            Self::Adagrad { epsilon, weight_decay } => {
                positive("adagrad.epsilon", epsilon)?;
                at_least_zero("adagrad.weightDecay", weight_decay)?;
            }
            Self::Adam { beta1, beta2, epsilon, weight_decay } => {
                share("adam.beta1", beta1)?;
                share("adam.beta2", beta2)?;
                positive("adam.epsilon", epsilon)?;
                at_least_zero("adam.weightDecay", weight_decay)?;
            }
            Self::Adamw { beta1, beta2, epsilon, weight_decay } => {
                share("adamw.beta1", beta1)?;
                share("adamw.beta2", beta2)?;
                positive("adamw.epsilon", epsilon)?;
                at_least_zero("adamw.weightDecay", weight_decay)?;
            }
        }
        Ok(())
    }
}

/// Checks a learning rate: finite and at least 0.
///
/// # Errors
/// `Argument`.
pub fn check_rate(rate: f64) -> Result<()> {
    at_least_zero("learningRate", rate)
}

fn option(name: &str, value: f64, fits: bool, range: &str) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::argument(format!("{name}: expected {range}, received {value:?}")))
}

fn finite(name: &str, value: f64) -> Result<()> {
    option(name, value, value.abs() <= f64::from(f32::MAX), "a number from -3.4e38 to 3.4e38")
}

/// A number that is infinite in `f32` leaves no number of a parameter.
fn at_least_zero(name: &str, value: f64) -> Result<()> {
    option(name, value, (0.0..=f64::from(f32::MAX)).contains(&value), "a number from 0 to 3.4e38")
}

/// An epsilon of 0, which PyTorch takes, turns a parameter that never had a gradient into 0 / 0. So does one that
/// vanishes in `f32`.
fn positive(name: &str, value: f64) -> Result<()> {
    let least = f64::from(f32::MIN_POSITIVE);
    option(name, value, value.is_finite() && value >= least, "a finite number of at least 1.2e-38")
}

fn share(name: &str, value: f64) -> Result<()> {
    option(name, value, (0.0..1.0).contains(&value), "a number of at least 0 and below 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> serde_json::Result<OptimizerConfig> {
        serde_json::from_str(json)
    }

    #[test]
    fn defaults_are_pytorchs() {
        // inspect.signature(torch.optim.SGD), RMSprop, Adagrad, Adam, AdamW of PyTorch 2.15.
        let sgd = OptimizerConfig::Sgd { momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };
        assert_eq!(parse(r#"{"sgd":{}}"#).unwrap(), sgd);
        let rmsprop =
            OptimizerConfig::Rmsprop { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 };
        assert_eq!(parse(r#"{"rmsprop":{}}"#).unwrap(), rmsprop);
        assert_eq!(
            parse(r#"{"adagrad":{}}"#).unwrap(),
            OptimizerConfig::Adagrad { epsilon: 1e-10, weight_decay: 0.0 }
        );
        let adam = OptimizerConfig::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
        assert_eq!(parse(r#"{"adam":{}}"#).unwrap(), adam);
        let adamw = OptimizerConfig::Adamw { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
        assert_eq!(parse(r#"{"adamw":{}}"#).unwrap(), adamw);
        for config in [sgd, rmsprop, adam, adamw] {
            config.check().unwrap();
            assert_eq!(parse(&serde_json::to_string(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn unknown_options_are_refused() {
        for json in [r#"{"adam":{"beta3":1}}"#, r#"{"lion":{}}"#, r#"{"sgd":{"weight_decay":1}}"#, r#""sgd""#]
        {
            assert!(parse(json).is_err(), "{json}");
        }
    }

    #[test]
    fn ranges_are_checked() {
        let bad = [
            (r#"{"sgd":{"momentum":-0.1}}"#, "sgd.momentum"),
            (r#"{"sgd":{"momentum":1e39}}"#, "sgd.momentum"),
            (r#"{"adam":{"weightDecay":1e39}}"#, "adam.weightDecay"),
            (r#"{"sgd":{"weightDecay":-1}}"#, "sgd.weightDecay"),
            (r#"{"sgd":{"nesterov":true}}"#, "sgd.nesterov"),
            (r#"{"sgd":{"nesterov":true,"momentum":0.9,"dampening":0.1}}"#, "sgd.nesterov"),
            (r#"{"rmsprop":{"alpha":1}}"#, "rmsprop.alpha"),
            (r#"{"rmsprop":{"epsilon":0}}"#, "rmsprop.epsilon"),
            (r#"{"rmsprop":{"momentum":-1}}"#, "rmsprop.momentum"),
            (r#"{"rmsprop":{"weightDecay":-1}}"#, "rmsprop.weightDecay"),
            (r#"{"adagrad":{"epsilon":-1}}"#, "adagrad.epsilon"),
            (r#"{"adagrad":{"weightDecay":-1}}"#, "adagrad.weightDecay"),
            (r#"{"adam":{"beta1":1}}"#, "adam.beta1"),
            (r#"{"adam":{"beta2":-0.5}}"#, "adam.beta2"),
            (r#"{"adam":{"epsilon":1e-50}}"#, "adam.epsilon"),
            (r#"{"adam":{"weightDecay":-1}}"#, "adam.weightDecay"),
            (r#"{"adamw":{"beta1":1}}"#, "adamw.beta1"),
            (r#"{"adamw":{"beta2":1}}"#, "adamw.beta2"),
            (r#"{"adamw":{"epsilon":0}}"#, "adamw.epsilon"),
            (r#"{"adamw":{"weightDecay":-1}}"#, "adamw.weightDecay"),
        ];
        for (json, name) in bad {
            let error = parse(json).unwrap().check().unwrap_err();
            assert!(error.code == crate::Code::Argument && error.message.contains(name), "{error}");
        }
        let infinite = OptimizerConfig::Sgd {
            momentum: 0.0,
            dampening: f64::INFINITY,
            nesterov: false,
            weight_decay: 0.0,
        };
        assert!(infinite.check().unwrap_err().message.contains("sgd.dampening"));
        assert!(check_rate(0.0).is_ok() && check_rate(-0.1).is_err() && check_rate(f64::NAN).is_err());
    }
}
