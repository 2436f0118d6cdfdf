//! The update rules and their slots.

use std::ops::Range;

use unrolled_kernels::{AdagradStep, AdamStep, Element, Kernels, RmspropStep, SgdStep};

use super::OptimizerConfig;
use super::reach::Reach;
use crate::Result;
use crate::finite::largest;
use crate::memory::{copied, zeros};
use crate::parallel::Pool;
use crate::tuning::UPDATED_TOGETHER;

/// An update rule with its slots, which are as long as the parameters and start at zero.
#[derive(Clone, Debug)]
pub(super) struct Rule<E> {
    config: OptimizerConfig,
    /// The slots of [`slot_names`], in that order.
    slots: Vec<Vec<E>>,
}

/// The slots of a rule by PyTorch's names. A momentum of 0 keeps no buffer.
fn slot_names(config: &OptimizerConfig) -> &'static [&'static str] {
    match *config {
        OptimizerConfig::Sgd { momentum: 0.0, .. } => &[],
        OptimizerConfig::Sgd { .. } => &["momentum_buffer"],
        OptimizerConfig::Rmsprop { momentum: 0.0, .. } => &["square_avg"],
        OptimizerConfig::Rmsprop { .. } => &["square_avg", "momentum_buffer"],
        OptimizerConfig::Adagrad { .. } => &["sum"],
        OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => &["exp_avg", "exp_avg_sq"],
    }
}

impl<E: Element> Rule<E> {
    pub(super) fn new(config: &OptimizerConfig, length: usize) -> Result<Self> {
        let slots = slot_names(config).iter().map(|name| zeros(length, name)).collect::<Result<_>>()?;
        Ok(Self { config: *config, slots })
    }

    /// Updates the elements `own`, whose values and gradients are given, part by part: each element on its own, so the bits
    /// do not depend on the parts. `step` is the number of this update, from 1.
    pub(super) fn apply(
        &mut self,
        pool: &Pool,
        kernels: Kernels<E>,
        rate: f64,
        step: u64,
        own: Range<usize>,
        (values, gradients): (&mut [E], &[E]),
    ) {
        let length = values.len();
        let mut slots = self.slots.iter_mut().map(|slot| &mut slot[own.clone()]);
        // A slot that were missing would be empty, which no kernel takes.
        let mut slot = || slots.next().unwrap_or_default();
        match self.config {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let options = SgdStep { rate, momentum, dampening, nesterov, weight_decay, first: step == 1 };
                pool.for_each_part(
                    (values, gradients, slots.next()),
                    length,
                    UPDATED_TOGETHER,
                    |(p, g, buffer)| kernels.sgd(p, g, buffer, options),
                );
            }
            OptimizerConfig::Rmsprop { alpha, epsilon, momentum, weight_decay } => {
                let options = RmspropStep { rate, alpha, epsilon, weight_decay, momentum };
                let data = (values, gradients, slot(), slots.next());
                pool.for_each_part(data, length, UPDATED_TOGETHER, |(p, g, square, buffer)| {
                    kernels.rmsprop(p, g, square, buffer, options);
                });
            }
            OptimizerConfig::Adagrad { epsilon, weight_decay } => {
                let options = AdagradStep { rate, epsilon, weight_decay };
                pool.for_each_part((values, gradients, slot()), length, UPDATED_TOGETHER, |(p, g, sum)| {
                    kernels.adagrad(p, g, sum, options)
                });
            }
            OptimizerConfig::Adam { beta1, beta2, epsilon, weight_decay }
            | OptimizerConfig::Adamw { beta1, beta2, epsilon, weight_decay } => {
                let decoupled = matches!(self.config, OptimizerConfig::Adamw { .. });
                let options = AdamStep { rate, beta1, beta2, epsilon, weight_decay, decoupled, step };
                pool.for_each_part(
                    (values, gradients, slot(), slot()),
                    length,
                    UPDATED_TOGETHER,
                    |(p, g, m, v)| kernels.adam(p, g, m, v, options),
                );
            }
        }
    }

    /// The settings.
    pub(super) fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    pub(super) fn copied(&self) -> Result<Self> {
        let slots = self
            .slots
            .iter()
            .map(|slot| copied(slot, "a copy of the optimizer's slots"))
            .collect::<Result<_>>()?;
        Ok(Self { config: self.config, slots })
    }

    /// The largest magnitudes in the slots.
    pub(super) fn reach(&self) -> Reach {
        let mut reach = Reach::default();
        for (name, slot) in self.slots() {
            let most = match name {
                "momentum_buffer" | "exp_avg" => &mut reach.direction,
                _ => &mut reach.square,
            };
            *most = most.max(largest(slot));
        }
        reach
    }

    /// The number of slots.
    pub(super) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The slots by name, in a fixed order.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&'static str, &[E])> {
        slot_names(&self.config).iter().copied().zip(self.slots.iter().map(|slot| &slot[..]))
    }

    /// The slots in the order of [`Rule::slots`], to write.
    pub(super) fn slots_mut(&mut self) -> impl Iterator<Item = &mut [E]> {
        self.slots.iter_mut().map(|slot| &mut slot[..])
    }
}
