//! The update rules with their slots.

use unrolled_kernels::{AdagradStep, AdamStep, Element, Kernels, RmspropStep, SgdStep};

use super::OptimizerConfig;
use crate::parallel::Pool;
use crate::tuning::UPDATED_TOGETHER;
use crate::{Error, Result};

/// An update rule. The slots are as long as the parameters and start at zero.
#[derive(Clone, Debug)]
pub(super) enum Rule<E> {
    Sgd {
        momentum: f64,
        dampening: f64,
        nesterov: bool,
        weight_decay: f64,
        buffer: Option<Vec<E>>,
    },
    Rmsprop {
        alpha: f64,
        epsilon: f64,
        momentum: f64,
        weight_decay: f64,
        mean_square: Vec<E>,
        buffer: Option<Vec<E>>,
    },
    Adagrad {
        epsilon: f64,
        weight_decay: f64,
        sum: Vec<E>,
    },
    Adam {
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        weight_decay: f64,
        decoupled: bool,
        mean: Vec<E>,
        mean_square: Vec<E>,
    },
}

impl<E: Element> Rule<E> {
    pub(super) fn new(config: &OptimizerConfig, length: usize) -> Result<Self> {
        let buffer = |momentum: f64| if momentum == 0.0 { Ok(None) } else { zeros(length).map(Some) };
        Ok(match *config {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                Self::Sgd { momentum, dampening, nesterov, weight_decay, buffer: buffer(momentum)? }
            }
            OptimizerConfig::Rmsprop { alpha, epsilon, momentum, weight_decay } => Self::Rmsprop {
                alpha,
                epsilon,
                momentum,
                weight_decay,
                mean_square: zeros(length)?,
                buffer: buffer(momentum)?,
            },
            OptimizerConfig::Adagrad { epsilon, weight_decay } => {
                Self::Adagrad { epsilon, weight_decay, sum: zeros(length)? }
            }
            OptimizerConfig::Adam { beta1, beta2, epsilon, weight_decay }
            | OptimizerConfig::Adamw { beta1, beta2, epsilon, weight_decay } => Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled: matches!(config, OptimizerConfig::Adamw { .. }),
                mean: zeros(length)?,
                mean_square: zeros(length)?,
            },
        })
    }

    /// Updates `values` by `gradients`, part by part: each element on its own, so the bits do not depend on the
    /// parts. `step` is the number of this update, from 1.
    pub(super) fn apply(
        &mut self,
        pool: &Pool,
        kernels: Kernels<E>,
        rate: f64,
        step: u64,
        values: &mut [E],
        gradients: &[E],
    ) {
        let length = values.len();
        match *self {
            Self::Sgd { momentum, dampening, nesterov, weight_decay, ref mut buffer } => {
                let options = SgdStep { rate, momentum, dampening, nesterov, weight_decay, first: step == 1 };
                let data = (values, gradients, buffer.as_deref_mut());
                pool.for_each_part(data, length, UPDATED_TOGETHER, |(p, g, buffer)| {
                    kernels.sgd(p, g, buffer, options)
                });
            }
            Self::Rmsprop { alpha, epsilon, momentum, weight_decay, ref mut mean_square, ref mut buffer } => {
                let options = RmspropStep { rate, alpha, epsilon, weight_decay, momentum };
                let data = (values, gradients, &mut mean_square[..], buffer.as_deref_mut());
                pool.for_each_part(data, length, UPDATED_TOGETHER, |(p, g, square, buffer)| {
                    kernels.rmsprop(p, g, square, buffer, options);
                });
            }
            Self::Adagrad { epsilon, weight_decay, ref mut sum } => {
                let options = AdagradStep { rate, epsilon, weight_decay };
                let data = (values, gradients, &mut sum[..]);
                pool.for_each_part(data, length, UPDATED_TOGETHER, |(p, g, sum)| {
                    kernels.adagrad(p, g, sum, options)
                });
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled,
                ref mut mean,
                ref mut mean_square,
            } => {
                let options = AdamStep { rate, beta1, beta2, epsilon, weight_decay, decoupled, step };
                let data = (values, gradients, &mut mean[..], &mut mean_square[..]);
                pool.for_each_part(data, length, UPDATED_TOGETHER, |(p, g, m, v)| {
                    kernels.adam(p, g, m, v, options)
                });
            }
        }
    }

    /// The number of slots.
    pub(super) fn slot_count(&self) -> usize {
        match self {
            Self::Sgd { buffer, .. } => buffer.iter().len(),
            Self::Rmsprop { buffer, .. } => 1 + buffer.iter().len(),
            Self::Adagrad { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// The slots by PyTorch's names, in a fixed order.
    pub(super) fn slots(&self) -> Vec<(&'static str, &[E])> {
        let mut slots: Vec<(&'static str, &[E])> = Vec::new();
        match self {
            Self::Sgd { buffer, .. } => slots.extend(buffer.iter().map(|b| ("momentum_buffer", &b[..]))),
            Self::Rmsprop { mean_square, buffer, .. } => {
                slots.push(("square_avg", mean_square));
                slots.extend(buffer.iter().map(|b| ("momentum_buffer", &b[..])));
            }
            Self::Adagrad { sum, .. } => slots.push(("sum", sum)),
            Self::Adam { mean, mean_square, .. } => {
                slots.extend([("exp_avg", &mean[..]), ("exp_avg_sq", &mean_square[..])]);
            }
        }
        slots
    }

    /// The slots in the order of [`Rule::slots`], to write.
    pub(super) fn slots_mut(&mut self) -> Vec<&mut [E]> {
        match self {
            Self::Sgd { buffer, .. } => buffer.iter_mut().map(|b| &mut b[..]).collect(),
            Self::Rmsprop { mean_square, buffer, .. } => {
                std::iter::once(mean_square).chain(buffer).map(|b| &mut b[..]).collect()
            }
            Self::Adagrad { sum, .. } => vec![sum],
            Self::Adam { mean, mean_square, .. } => vec![mean, mean_square],
        }
    }
}

fn zeros<E: Element>(length: usize) -> Result<Vec<E>> {
    let mut slot = Vec::new();
    slot.try_reserve_exact(length)
        .map_err(|_| Error::size(format!("no memory for an optimizer slot of {length} elements")))?;
    slot.resize(length, E::ZERO);
    Ok(slot)
}
