//! The average of the parameters in their place, for a measurement or at the end of a run.

use unrolled_kernels::Element;

use super::Trainer;
use crate::finite::largest;
use crate::{Error, Result};

impl<E: Element> Trainer<E> {
    /// Gives the model the average of its parameters in exchange for those of the training; called again, gives them back.
    /// Does nothing without an average.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn exchange_average(&mut self) -> Result<()> {
        let Some(average) = self.average.as_mut().filter(|average| average.begun) else { return Ok(()) };
        let (pool, values) = (self.model.pool, &mut average.values);
        self.model.change_weights(|weights| {
            weights.update(pool, |_, parameters| {
                parameters.swap_with_slice(values);
                Ok(largest(parameters))
            })
        })?;
        average.exchanged = !average.exchanged;
        Ok(())
    }

    /// Refuses to go on while the model has the average.
    pub(super) fn check_in_place(&self) -> Result<()> {
        match &self.average {
            Some(average) if average.exchanged => {
                Err(Error::state("step: expected the parameters of the training, received their average"))
            }
            _ => Ok(()),
        }
    }
}
