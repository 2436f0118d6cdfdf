//! One loss, of any kind, ready to use.

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut};

use super::cross_entropy::CrossEntropy;
use super::elementwise::{
    self, BinaryCrossEntropy, Dot, Elementwise, Huber, MeanAbsolute, MeanSquared, Poisson,
};
use super::{LossConfig, Targets};
use crate::{Error, Result};

/// A loss of rows of `width` logits (or values).
///
/// Rows are independent: [`Loss::run`] gives each row's loss. The loss of a batch is their sum (PyTorch's
/// `reduction="sum"`), or the sum over [`Loss::weight`] (`"mean"`).
#[derive(Clone, Debug)]
pub struct Loss {
    kind: Kind,
    width: usize,
}

/// The kind of targets.
#[derive(Clone, Debug)]
enum Kind {
    Classes(CrossEntropy),
    Values(Elementwise),
}

impl Loss {
    /// The loss that `config` describes, of rows `width` wide.
    ///
    /// # Errors
    /// `Argument` for an option out of its range, naming it.
    pub fn new(config: &LossConfig, width: usize) -> Result<Self> {
        let kind = match config {
            LossConfig::CrossEntropy { label_smoothing, class_weights, ignore } => {
                Kind::Classes(CrossEntropy::new(*label_smoothing, class_weights.as_deref(), *ignore, width)?)
            }
            LossConfig::BinaryCrossEntropy {} => {
                Kind::Values(Elementwise::BinaryCrossEntropy(BinaryCrossEntropy))
            }
            LossConfig::MeanSquared {} => Kind::Values(Elementwise::MeanSquared(MeanSquared)),
            LossConfig::MeanAbsolute {} => Kind::Values(Elementwise::MeanAbsolute(MeanAbsolute)),
            LossConfig::Huber { delta } => Kind::Values(Elementwise::Huber(Huber::new(*delta)?)),
            LossConfig::Poisson {} => Kind::Values(Elementwise::Poisson(Poisson)),
            LossConfig::Dot {} => Kind::Values(Elementwise::Dot(Dot)),
        };
        Ok(Self { kind, width })
    }

    /// Logits of each row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Elements that [`Loss::run`] needs as scratch.
    #[must_use]
    pub fn scratch(&self) -> usize {
        if self.takes_classes() { self.width } else { 0 }
    }

    /// True if targets are classes, false if they are values.
    #[must_use]
    pub fn takes_classes(&self) -> bool {
        matches!(self.kind, Kind::Classes(_))
    }

    /// True where a target is met or missed: a class, or yes and no.
    #[must_use]
    pub fn decides(&self) -> bool {
        match &self.kind {
            Kind::Classes(_) => true,
            Kind::Values(loss) => loss.decides(),
        }
    }

    /// Checks the targets of `rows` rows.
    ///
    /// # Errors
    /// `Kind` for classes where values are expected or the reverse, `Shape` for another number of rows or columns,
    /// `Value` for a class that does not exist, `NonFinite` for a value that is not finite.
    pub fn check<E: Element>(&self, targets: Targets<E>, rows: usize) -> Result<()> {
        let count = match (&self.kind, targets) {
            (Kind::Classes(loss), Targets::Classes(classes)) => {
                loss.check(classes)?;
                classes.len()
            }
            (Kind::Values(_), Targets::Values(values)) => {
                elementwise::check(values, self.width)?;
                values.rows()
            }
            _ => return Err(self.wrong_kind()),
        };
        if count != rows {
            return Err(Error::shape(format!("expected {rows} rows of targets, received {count}")));
        }
        Ok(())
    }

    fn wrong_kind(&self) -> Error {
        Error::kind(match self.kind {
            Kind::Classes(_) => "expected a class for each row, received numbers",
            Kind::Values(_) => "expected numbers, received classes",
        })
    }

    /// The divisor of a mean over these targets: the weights of their classes, or the number of elements. Targets
    /// that do not count have no weight.
    #[must_use]
    pub fn weight<E: Element>(&self, targets: Targets<E>) -> f64 {
        match (&self.kind, targets) {
            (Kind::Classes(loss), Targets::Classes(classes)) => loss.weight(classes),
            _ => self.valid(targets) as f64,
        }
    }

    /// The number of targets that count: rows for classes, else elements.
    #[must_use]
    pub fn valid<E: Element>(&self, targets: Targets<E>) -> u64 {
        match (&self.kind, targets) {
            (Kind::Classes(loss), Targets::Classes(classes)) => loss.valid(classes),
            (_, Targets::Classes(classes)) => classes.len() as u64,
            (_, Targets::Values(values)) => (values.rows() * values.columns()) as u64,
        }
    }

    /// The loss of each row in `losses`, and in `correct` the number of its targets that were met: the class with the
    /// largest logit (the first of several), or elements on the target's side of 1/2 for binary cross-entropy. With
    /// `gradient`, a scale and rows x width numbers, the scaled gradient of the summed losses is added to them; for a
    /// mean the scale is one over the total [`Loss::weight`].
    ///
    /// `logits` is rows x width, `scratch` has [`Loss::scratch`] elements.
    ///
    /// # Panics
    /// For targets that [`Loss::check`] refuses.
    #[expect(clippy::too_many_arguments, reason = "what a loss reads and writes")]
    pub fn run<E: Element>(
        &self,
        kernels: Kernels<E>,
        logits: Matrix<E>,
        targets: Targets<E>,
        scratch: &mut [E],
        losses: &mut [f64],
        correct: &mut [u32],
        gradient: Option<(f64, MatrixMut<E>)>,
    ) {
        match (&self.kind, targets) {
            (Kind::Classes(loss), Targets::Classes(classes)) => {
                loss.run(kernels, logits, classes, scratch, losses, correct, gradient);
            }
            (Kind::Values(loss), Targets::Values(values)) => {
                loss.run(logits, values, losses, correct, gradient)
            }
            _ => panic!("{}", self.wrong_kind().message),
        }
    }
}

#[cfg(test)]
mod tests;
