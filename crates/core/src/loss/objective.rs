//! One loss, of any kind, ready to use.

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut};

use super::binary_cross_entropy::BinaryCrossEntropy;
use super::cross_entropy::CrossEntropy;
use super::huber::Huber;
use super::mean_absolute::MeanAbsolute;
use super::mean_squared::MeanSquared;
use super::{LossConfig, Targets, elementwise};
use crate::{Error, Result};

/// A loss of rows of `width` logits (or values).
///
/// Rows do not meet: [`Loss::forward`] gives each row's loss by itself. The loss of a batch is their sum (PyTorch's
/// `reduction="sum"`), or the sum over [`Loss::weight`] (`"mean"`).
#[derive(Clone, Debug)]
pub struct Loss {
    kind: Kind,
    width: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    CrossEntropy(CrossEntropy),
    BinaryCrossEntropy(BinaryCrossEntropy),
    MeanSquared(MeanSquared),
    MeanAbsolute(MeanAbsolute),
    Huber(Huber),
}

/// Calls `$use` with the elementwise loss in `$kind` as `$loss`, or `$classes` with the cross-entropy.
macro_rules! each_kind {
    ($kind:expr, $classes:ident => $of_classes:expr, $loss:ident => $of_values:expr) => {
        match $kind {
            Kind::CrossEntropy($classes) => $of_classes,
            Kind::BinaryCrossEntropy($loss) => $of_values,
            Kind::MeanSquared($loss) => $of_values,
            Kind::MeanAbsolute($loss) => $of_values,
            Kind::Huber($loss) => $of_values,
        }
    };
}

impl Loss {
    /// The loss that `config` describes, of rows `width` wide.
    ///
    /// # Errors
    /// `Argument` for an option out of its range, naming it.
    pub fn new(config: &LossConfig, width: usize) -> Result<Self> {
        let kind = match config {
            LossConfig::CrossEntropy { label_smoothing, class_weights, ignore } => Kind::CrossEntropy(
                CrossEntropy::new(*label_smoothing, class_weights.as_deref(), *ignore, width)?,
            ),
            LossConfig::BinaryCrossEntropy {} => Kind::BinaryCrossEntropy(BinaryCrossEntropy),
            LossConfig::MeanSquared {} => Kind::MeanSquared(MeanSquared),
            LossConfig::MeanAbsolute {} => Kind::MeanAbsolute(MeanAbsolute),
            LossConfig::Huber { delta } => Kind::Huber(Huber::new(*delta)?),
        };
        Ok(Self { kind, width })
    }

    /// Logits of each row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Elements that [`Loss::forward`] and [`Loss::backward`] need as scratch.
    #[must_use]
    pub fn scratch(&self) -> usize {
        each_kind!(&self.kind, _loss => self.width, _loss => 0)
    }

    /// Whether targets are classes; otherwise they are values.
    #[must_use]
    pub fn takes_classes(&self) -> bool {
        matches!(self.kind, Kind::CrossEntropy(_))
    }

    /// Checks the targets of `rows` rows.
    ///
    /// # Errors
    /// `Kind` for classes where values are expected or the reverse, `Shape` for another number of rows or columns,
    /// `Value` for a class that does not exist, `NonFinite` for a value that is not finite.
    pub fn check<E: Element>(&self, targets: Targets<E>, rows: usize) -> Result<()> {
        let count = match (targets, &self.kind) {
            (Targets::Classes(classes), Kind::CrossEntropy(loss)) => {
                loss.check(classes)?;
                classes.len()
            }
            (Targets::Classes(_), _) => {
                return Err(Error::kind("the loss expects targets of numbers, got classes"));
            }
            (Targets::Values(_), Kind::CrossEntropy(_)) => {
                return Err(Error::kind("the loss expects a class for each row, got numbers"));
            }
            (Targets::Values(values), _) => {
                elementwise::check(values, self.width)?;
                values.rows()
            }
        };
        if count != rows {
            return Err(Error::shape(format!("the loss expects targets for {rows} rows, got {count}")));
        }
        Ok(())
    }

    /// The divisor of a mean over these targets: the weights of their classes, or the number of elements. Targets
    /// that do not count have no weight.
    #[must_use]
    pub fn weight<E: Element>(&self, targets: Targets<E>) -> f64 {
        match (targets, &self.kind) {
            (Targets::Classes(classes), Kind::CrossEntropy(loss)) => loss.weight(classes),
            _ => self.valid(targets) as f64,
        }
    }

    /// How many targets count: rows for classes, else elements.
    #[must_use]
    pub fn valid<E: Element>(&self, targets: Targets<E>) -> u64 {
        match (targets, &self.kind) {
            (Targets::Classes(classes), Kind::CrossEntropy(loss)) => loss.valid(classes),
            (Targets::Classes(classes), _) => classes.len() as u64,
            (Targets::Values(values), _) => (values.rows() * values.columns()) as u64,
        }
    }

    /// The loss of each row in `losses`, and in `correct` how many of its targets were hit: the class with the
    /// largest logit (the first of several), or elements on the target's side of 1/2 for binary cross-entropy.
    ///
    /// `logits` is rows x width, `scratch` has [`Loss::scratch`] elements.
    ///
    /// # Errors
    /// As [`Loss::check`].
    pub fn forward<E: Element>(
        &self,
        kernels: Kernels<E>,
        logits: Matrix<E>,
        targets: Targets<E>,
        scratch: &mut [E],
        losses: &mut [f64],
        correct: Option<&mut [u32]>,
    ) -> Result<()> {
        self.check(targets, logits.rows())?;
        match targets {
            Targets::Classes(classes) => {
                if let Kind::CrossEntropy(loss) = &self.kind {
                    loss.forward(kernels, logits, classes, scratch, losses, correct);
                }
            }
            Targets::Values(values) => each_kind!(
                &self.kind,
                _classes => {},
                loss => elementwise::forward(loss, logits, values, losses, correct)
            ),
        }
        Ok(())
    }

    /// Adds `scale` times the gradient of the summed losses to `d`, which is rows x width as `logits`. For a mean,
    /// `scale` is one over the total [`Loss::weight`].
    ///
    /// # Errors
    /// As [`Loss::check`].
    pub fn backward<E: Element>(
        &self,
        kernels: Kernels<E>,
        logits: Matrix<E>,
        targets: Targets<E>,
        scale: f64,
        scratch: &mut [E],
        d: MatrixMut<E>,
    ) -> Result<()> {
        self.check(targets, logits.rows())?;
        match targets {
            Targets::Classes(classes) => {
                if let Kind::CrossEntropy(loss) = &self.kind {
                    loss.backward(kernels, logits, classes, scale, scratch, d);
                }
            }
            Targets::Values(values) => each_kind!(
                &self.kind,
                _classes => {},
                loss => elementwise::backward(loss, logits, values, scale, d)
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
