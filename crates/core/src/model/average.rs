//! A running mean of the parameters over the steps of a run.

use unrolled_kernels::Element;

use crate::memory::zeros;
use crate::parallel::Pool;
use crate::tuning::UPDATED_TOGETHER;
use crate::{Error, Result};

/// The mean `a`: the parameters `p` after the first update, then `a + (1 - decay) (p - a)` after each.
pub(super) struct Average<E> {
    rest: E,
    pub(super) values: Vec<E>,
    pub(super) begun: bool,
    /// True while the model has the mean, and `values` the parameters of the training.
    pub(super) exchanged: bool,
}

impl<E: Element> Average<E> {
    /// A mean of nothing yet.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a decay that is not from 0 to 1, [`crate::Code::Size`] when there is no memory.
    pub(super) fn new(decay: f64, length: usize) -> Result<Self> {
        if !(0.0..=1.0).contains(&decay) {
            return Err(Error::argument(format!("average: expected a decay from 0 to 1, received {decay}")));
        }
        let values = zeros(length, "the average of the parameters")?;
        Ok(Self { rest: E::from_f64(1.0 - decay), values, begun: false, exchanged: false })
    }

    /// Takes the parameters after an update. Each element on its own: the bits do not depend on the pool.
    pub(super) fn update(&mut self, pool: &Pool, parameters: &[E]) {
        if !std::mem::replace(&mut self.begun, true) {
            self.values.copy_from_slice(parameters);
            return;
        }
        let (rest, length) = (self.rest, parameters.len());
        let data = (&mut self.values[..], parameters);
        pool.for_each_part(data, length, UPDATED_TOGETHER, |(means, parameters): (&mut [E], &[E])| {
            for (mean, &parameter) in means.iter_mut().zip(parameters) {
                *mean = *mean + rest * (parameter - *mean);
            }
        });
    }

    /// The mean, if there has been an update.
    pub(super) fn values(&self) -> Option<&[E]> {
        self.begun.then_some(&self.values)
    }

    /// Goes on from a mean; without one, begins anew.
    pub(super) fn restore(&mut self, values: Option<Vec<E>>) {
        self.begun = values.is_some();
        self.values = values.unwrap_or_else(|| std::mem::take(&mut self.values));
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.values[..])
    }
}
