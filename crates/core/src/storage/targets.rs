//! The targets of a batch, checked and weighed.

use unrolled_kernels::{Element, Matrix};

use super::check::{
    Subject, check_item_weights, check_lengths, check_shape, check_values, check_weight_count, items_of,
};
use super::tensor::{Axis, Data, Tensor, pack};
use crate::loss::{self, Loss};
use crate::memory::copied;
use crate::program::Target;
use crate::{Error, Result};

/// Targets of an output, with a weight for each of its items if not all count alike.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenTargets<E> {
    /// Classes or numbers, named as their output.
    pub tensor: Tensor<E>,
    /// A weight for each row or step, `[rows]` or `[rows, time]`: finite, at least 0; items of weight 0 do not count and
    /// are not read.
    pub weights: Option<Vec<E>>,
}

impl<E> From<Tensor<E>> for GivenTargets<E> {
    fn from(tensor: Tensor<E>) -> Self {
        Self { tensor, weights: None }
    }
}

/// The targets of one loss in a batch.
#[derive(Clone, Debug)]
pub struct Targets<E> {
    data: Data<E>,
    weights: Option<Vec<E>>,
}

/// The weight of the targets of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weight {
    /// The sum over valid targets: the divisor of a mean.
    pub total: f64,
    /// The number of targets that count.
    pub valid: u64,
}

impl<E: Element> Targets<E> {
    /// Checks targets against their output, whose items lie on `axis` in a batch of `rows` rows, and adds their weight.
    pub(super) fn bind(
        target: &Target,
        given: GivenTargets<E>,
        rows: usize,
        axis: Option<&Axis>,
        sum: &mut Weight,
    ) -> Result<Self> {
        let GivenTargets { tensor, weights } = given;
        let what = Subject("target", &target.name);
        check_shape(what, &target.kind, &tensor)?;
        if tensor.shape[0] != rows {
            return Err(Error::shape(format!("{what}: expected {rows} rows, received {}", tensor.shape[0])));
        }
        if let Some(axis) = axis {
            check_lengths(what, &target.kind, &tensor)?;
            let whole = tensor.lengths.is_none() && tensor.shape[1] == axis.time;
            if !whole && !axis.is_of(&tensor) {
                let lengths = if tensor.shape[1] == axis.time { "other lengths" } else { "other steps" };
                return Err(Error::shape(format!(
                    "{what}: expected the {} steps and the lengths of its output, received {} steps and {lengths}",
                    axis.time, tensor.shape[1]
                )));
            }
        }
        let mut bound = Self { data: tensor.data, weights };
        if let Some(weights) = &bound.weights {
            check_weight_count(what, weights, rows, axis)?;
        }
        if let Some(axis) = axis {
            bound.data.pack(axis, target.kind.size().unwrap_or(1));
            bound.weights.iter_mut().for_each(|weights| pack(weights, axis, 1));
        }
        if let Some(weights) = &bound.weights {
            check_item_weights(what, weights, rows, axis)?;
        }
        let counts = |item: usize| bound.item_weight(item) != 0.0;
        if target.kind.size().is_some() {
            check_values(what, &target.kind, &bound.data, rows, axis, counts)?;
        }
        bound.add_weight(&target.loss, rows, axis, sum).map_err(|e| e.within(what))?;
        Ok(bound)
    }

    /// Adds the weight and number of all valid targets, row by row. Numbers are finite; classes are checked here.
    fn add_weight(&self, loss: &Loss, rows: usize, axis: Option<&Axis>, sum: &mut Weight) -> Result<()> {
        for row in 0..rows {
            let (first, items) = items_of(row, axis);
            let mut total = 0.0;
            for step in (0..items).filter(|step| self.item_weight(first + step) != 0.0) {
                let item = first + step;
                self.with_item(item, loss.width(), |targets| {
                    if let loss::Targets::Classes(_) = targets {
                        loss.check(targets, 1).map_err(|e| match axis {
                            Some(_) => e.within(format!("row {row}, step {step}")),
                            None => e.within(format!("row {row}")),
                        })?;
                    }
                    total += self.item_weight(item) * loss.weight(targets);
                    sum.valid += loss.valid(targets);
                    Ok(())
                })?;
            }
            sum.total += total;
        }
        Ok(())
    }

    /// Calls with the targets of a row or step of an output of `width` numbers.
    pub(crate) fn with_item<T>(
        &self,
        item: usize,
        width: usize,
        call: impl FnOnce(loss::Targets<'_, E>) -> T,
    ) -> T {
        match &self.data {
            Data::Ids(ids) => call(loss::Targets::Classes(&[ids[item].cast_unsigned()])),
            Data::Values(values) => {
                call(loss::Targets::Values(Matrix::new(&values[item * width..], 1, width)))
            }
        }
    }

    /// The weight of a row or step.
    pub(crate) fn item_weight(&self, item: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[item].to_f64())
    }

    /// The same in memory of their own.
    pub(super) fn try_clone(&self) -> Result<Self> {
        let weights = self.weights.as_ref().map(|weights| copied(weights, "the weights of targets"));
        Ok(Self { data: self.data.try_clone()?, weights: weights.transpose()? })
    }

    /// The steps `start..end` of targets along `axis`.
    pub(super) fn steps(&self, axis: &Axis, width: usize, start: usize, end: usize) -> Result<Self> {
        let weights = self.weights.as_ref().map(|weights| axis.cut(weights, 1, start, end)).transpose()?;
        Ok(Self { data: axis.slice(&self.data, width, start, end)?, weights })
    }
}
