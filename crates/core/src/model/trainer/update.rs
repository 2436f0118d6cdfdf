//! The update of a step: the parameters by the gradients, at the rate of the schedule.

use unrolled_kernels::Element;

use super::{Phase, Trainer};
use crate::model::OnNonFinite;
use crate::optimizer::{Overflow, Update};
use crate::params::Layout;
use crate::{Code, Error, Result};

impl<E: Element> Trainer<E> {
    /// Updates the parameters by the gradients; the states are those that the batch ended with. A step that
    /// [`Trainer::backward`] has skipped updates nothing; a step of batches without a target that counts, only the states.
    ///
    /// # Errors
    /// [`Code::State`] unless gradients were measured and have not updated yet; [`Code::NonFinite`] for gradients that were
    /// changed and are not finite, and for an update that would make a parameter or a slot of the optimizer infinite or NaN,
    /// unless such steps are skipped; [`Code::Argument`] where the schedule's rate is not finite; [`Code::Size`] when there
    /// is no memory.
    pub fn update(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.phase, Phase::Preparing) {
            Phase::Preparing => {
                return Err(Error::state(
                    "update: expected gradients of a step, received none: call backward first",
                ));
            }
            Phase::Skipped => return Ok(()),
            Phase::Untargeted => {
                self.carry_on();
                return Ok(());
            }
            Phase::Changed => {
                for range in self.engine.program().frozen.ranges() {
                    self.gradients[range.clone()].fill(E::ZERO);
                }
                self.report.norm = self.norm.measure(self.pool, self.model.kernels, &self.gradients)?;
            }
            Phase::Measured => {}
        }
        let Self { model, pool, config, optimizer, gradients, report, .. } = self;
        let rate = config.learning_rate * config.decay.factor(optimizer.steps());
        if !E::from_f64(rate).is_finite() {
            let step = optimizer.steps();
            return Err(Error::argument(format!(
                "schedule: the learning rate of step {step}, {rate}, is too large for float32"
            )));
        }
        let updated = pool.run(|| {
            if let Some(clip) = &config.clip {
                clip.apply(pool, gradients, report.norm);
            }
            model.change_weights(|weights| {
                weights.update(pool, |largest, values| {
                    let update = Update { rate, gradient: report.norm, largest, values, gradients };
                    let updated = optimizer.update(pool, model.kernels, update)?;
                    updated.map_err(|overflow| overflown(&model.program.layout, optimizer.steps(), overflow))
                })
            })
        });
        match updated {
            Err(error) if error.code == Code::NonFinite && config.on_non_finite == OnNonFinite::Skip => {
                report.skip(optimizer.steps());
                return Ok(());
            }
            updated => updated?,
        }
        (report.learning_rate, report.step, report.skipped) = (rate, optimizer.steps(), false);
        if let Some(average) = &mut self.average {
            average.update(pool, model.weights().values());
        }
        self.carry_on();
        Ok(())
    }

    /// The next step may begin as this one ended, if this was a step of one batch.
    fn carry_on(&mut self) {
        match self.taken {
            1 => self.carried.advance(),
            _ => self.carried.forget(),
        }
    }
}

/// The error of an update that would leave the range of numbers.
fn overflown(layout: &Layout, step: u64, Overflow { slot, at }: Overflow) -> Error {
    let entry = layout.entries().iter().find(|entry| entry.range().contains(&at));
    let name = entry.map_or("", |entry| entry.name.as_str());
    let what = slot.map_or_else(String::new, |slot| format!("{slot} of "));
    Error::non_finite(format!(
        "step {step}: {what}parameter '{name}': expected a finite number after the update, received a NaN or infinity; take \
         a smaller learning rate, or clip the gradients"
    ))
}
