//! Losses that compare element with element.

use unrolled_kernels::{Element, Matrix, MatrixMut};

use super::binary_cross_entropy::BinaryCrossEntropy;
use super::huber::Huber;
use super::mean_absolute::MeanAbsolute;
use super::mean_squared::MeanSquared;
use crate::finite::first_non_finite;
use crate::{Error, Result};

/// Partial sums of a row's loss.
const LANES: usize = 8;

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
    /// Each row's loss is the sum of its elements'; `d += scale * slope`.
    pub(super) fn run<E: Element>(
        &self,
        logits: Matrix<E>,
        targets: Matrix<E>,
        losses: &mut [f64],
        correct: &mut [u32],
        gradient: Option<(f64, MatrixMut<E>)>,
    ) {
        with_comparison!(self, comparison => run(comparison, logits, targets, losses, correct, gradient));
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

fn run<E: Element>(
    loss: &impl Comparison,
    logits: Matrix<E>,
    targets: Matrix<E>,
    losses: &mut [f64],
    correct: &mut [u32],
    mut gradient: Option<(f64, MatrixMut<E>)>,
) {
    for (i, (row_loss, hits)) in losses.iter_mut().zip(correct).enumerate() {
        let (x, t) = (logits.row(i), targets.row(i));
        *row_loss = sum(loss, x, t);
        *hits = x.iter().zip(t).filter(|(x, t)| loss.correct(x.to_f64(), t.to_f64())).count() as u32;
        if let Some((scale, d)) = &mut gradient {
            for ((d, x), t) in d.row_mut(i).iter_mut().zip(x).zip(t) {
                *d += E::from_f64(*scale * loss.slope(x.to_f64(), t.to_f64()));
            }
        }
    }
}

/// The sum of the elements' losses, in lanes so that one does not wait for the one before.
fn sum<E: Element>(loss: &impl Comparison, x: &[E], t: &[E]) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut add = |x: &[E], t: &[E]| {
        for ((lane, x), t) in lanes.iter_mut().zip(x).zip(t) {
            *lane += loss.value(x.to_f64(), t.to_f64());
        }
    };
    let ((x, x_rest), (t, t_rest)) = (x.as_chunks::<LANES>(), t.as_chunks::<LANES>());
    for (x, t) in x.iter().zip(t) {
        add(x, t);
    }
    add(x_rest, t_rest);
    lanes.iter().sum()
}
