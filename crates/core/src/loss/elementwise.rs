//! Losses that compare element with element.

use unrolled_kernels::{Element, Matrix, MatrixMut};

use super::binary_cross_entropy::BinaryCrossEntropy;
use super::huber::Huber;
use super::mean_absolute::MeanAbsolute;
use super::mean_squared::MeanSquared;
use crate::finite::first_non_finite;
use crate::{Error, Result};

/// The loss of one element.
pub(super) trait Comparison {
    /// The loss of `x` where `t` was expected.
    fn value(&self, x: f64, t: f64) -> f64;
    /// Its derivative with respect to `x`.
    fn slope(&self, x: f64, t: f64) -> f64;
    /// Whether `x` says what `t` does, where that is a yes or no.
    fn correct(&self, _x: f64, _t: f64) -> bool {
        false
    }
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elementwise {
    BinaryCrossEntropy(BinaryCrossEntropy),
    MeanSquared(MeanSquared),
    MeanAbsolute(MeanAbsolute),
    Huber(Huber),
}

/// One loop for each comparison, so that it is inlined.
macro_rules! with_comparison {
    ($loss:expr, $comparison:ident => $use:expr) => {
        match $loss {
            Elementwise::BinaryCrossEntropy($comparison) => $use,
            Elementwise::MeanSquared($comparison) => $use,
            Elementwise::MeanAbsolute($comparison) => $use,
            Elementwise::Huber($comparison) => $use,
        }
    };
}

impl Elementwise {
    /// Each row's loss is the sum of its elements'.
    pub(super) fn forward<E: Element>(
        &self,
        logits: Matrix<E>,
        targets: Matrix<E>,
        losses: &mut [f64],
        correct: Option<&mut [u32]>,
    ) {
        with_comparison!(self, comparison => forward(comparison, logits, targets, losses, correct));
    }

    /// `d += scale * slope`.
    pub(super) fn backward<E: Element>(
        &self,
        logits: Matrix<E>,
        targets: Matrix<E>,
        scale: f64,
        d: MatrixMut<E>,
    ) {
        with_comparison!(self, comparison => backward(comparison, logits, targets, scale, d));
    }
}

/// Targets must be `width` wide and finite.
pub(super) fn check<E: Element>(targets: Matrix<E>, width: usize) -> Result<()> {
    if targets.columns() != width {
        return Err(Error::shape(format!(
            "the loss expects targets of size {width}, got {}",
            targets.columns()
        )));
    }
    for i in 0..targets.rows() {
        if let Some(at) = first_non_finite(targets.row(i)) {
            return Err(Error::non_finite(format!("target {i} holds {}", targets.element(i, at))));
        }
    }
    Ok(())
}

fn forward<E: Element>(
    loss: &impl Comparison,
    logits: Matrix<E>,
    targets: Matrix<E>,
    losses: &mut [f64],
    mut correct: Option<&mut [u32]>,
) {
    for (i, row_loss) in losses.iter_mut().enumerate() {
        let pairs = || logits.row(i).iter().zip(targets.row(i)).map(|(x, t)| (x.to_f64(), t.to_f64()));
        *row_loss = pairs().map(|(x, t)| loss.value(x, t)).sum();
        if let Some(correct) = &mut correct {
            correct[i] = pairs().filter(|&(x, t)| loss.correct(x, t)).count() as u32;
        }
    }
}

fn backward<E: Element>(
    loss: &impl Comparison,
    logits: Matrix<E>,
    targets: Matrix<E>,
    scale: f64,
    mut d: MatrixMut<E>,
) {
    for i in 0..logits.rows() {
        for ((d, x), t) in d.row_mut(i).iter_mut().zip(logits.row(i)).zip(targets.row(i)) {
            *d += E::from_f64(scale * loss.slope(x.to_f64(), t.to_f64()));
        }
    }
}
