//! Losses that compare element with element.

use unrolled_kernels::{Element, Matrix, MatrixMut, math};

use crate::finite::first_non_finite;
use crate::{Error, Result};

/// Partial sums of a row's loss.
const LANES: usize = 8;

/// The loss of one element.
trait Comparison {
    /// The loss of `x` where `t` was expected.
    fn value(&self, x: f64, t: f64) -> f64;
    /// Its derivative with respect to `x`.
    fn slope(&self, x: f64, t: f64) -> f64;
    /// True if `x` and `t` are on the same side, for a loss of yes and no; none for others.
    fn correct(&self, x: f64, t: f64) -> Option<bool>;
}

/// `-t ln σ(x) - (1 - t) ln(1 - σ(x)) = max(x, 0) - x t + ln(1 + e^-|x|)`, which neither overflows nor cancels.
#[derive(Clone, Copy, Debug)]
pub(super) struct BinaryCrossEntropy;

impl Comparison for BinaryCrossEntropy {
    fn value(&self, x: f64, t: f64) -> f64 {
        x.max(0.0) - x * t + math::ln_1p(math::exp(-x.abs()))
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        let e = math::exp(-x.abs());
        let sigmoid = if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
        sigmoid - t
    }

    fn correct(&self, x: f64, t: f64) -> Option<bool> {
        Some((x > 0.0) == (t > 0.5))
    }
}

/// `(x - t)^2`.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeanSquared;

impl Comparison for MeanSquared {
    fn value(&self, x: f64, t: f64) -> f64 {
        (x - t) * (x - t)
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        2.0 * (x - t)
    }

    fn correct(&self, _: f64, _: f64) -> Option<bool> {
        None
    }
}

/// `|x - t|`, with slope 0 where they are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeanAbsolute;

impl Comparison for MeanAbsolute {
    fn value(&self, x: f64, t: f64) -> f64 {
        (x - t).abs()
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        if x == t { 0.0 } else { (x - t).signum() }
    }

    fn correct(&self, _: f64, _: f64) -> Option<bool> {
        None
    }
}

/// `e^2 / 2` for `e = |x - t|` up to `delta`, then `delta (e - delta / 2)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Huber {
    delta: f64,
}

impl Huber {
    pub(super) fn new(delta: f64) -> Result<Self> {
        if !(delta.is_finite() && delta > 0.0) {
            return Err(Error::argument(format!(
                "huber.delta: expected a finite number above 0, received {delta}"
            )));
        }
        Ok(Self { delta })
    }
}

impl Comparison for Huber {
    fn value(&self, x: f64, t: f64) -> f64 {
        let error = (x - t).abs();
        if error <= self.delta { 0.5 * error * error } else { self.delta * (error - 0.5 * self.delta) }
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        (x - t).clamp(-self.delta, self.delta)
    }

    fn correct(&self, _: f64, _: f64) -> Option<bool> {
        None
    }
}

/// `e^x - t x`, the negative log-likelihood of a count `t` at the rate `e^x`, without the terms that x does not change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poisson;

impl Comparison for Poisson {
    fn value(&self, x: f64, t: f64) -> f64 {
        math::exp(x) - t * x
    }

    fn slope(&self, x: f64, t: f64) -> f64 {
        math::exp(x) - t
    }

    fn correct(&self, _: f64, _: f64) -> Option<bool> {
        None
    }
}

/// `x t`: the gradient of the output is the target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dot;

impl Comparison for Dot {
    fn value(&self, x: f64, t: f64) -> f64 {
        x * t
    }

    fn slope(&self, _: f64, t: f64) -> f64 {
        t
    }

    fn correct(&self, _: f64, _: f64) -> Option<bool> {
        None
    }
}

/// One of the comparisons.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elementwise {
    BinaryCrossEntropy(BinaryCrossEntropy),
    MeanSquared(MeanSquared),
    MeanAbsolute(MeanAbsolute),
    Huber(Huber),
    Poisson(Poisson),
    Dot(Dot),
}

/// One loop for each comparison, so that it is inlined.
macro_rules! with_comparison {
    ($loss:expr, $comparison:ident => $use:expr) => {
        match $loss {
            Elementwise::BinaryCrossEntropy($comparison) => $use,
            Elementwise::MeanSquared($comparison) => $use,
            Elementwise::MeanAbsolute($comparison) => $use,
            Elementwise::Huber($comparison) => $use,
            Elementwise::Poisson($comparison) => $use,
            Elementwise::Dot($comparison) => $use,
        }
    };
}

impl Elementwise {
    /// True where a target is met or missed: yes and no.
    pub(super) fn decides(&self) -> bool {
        with_comparison!(self, comparison => comparison.correct(0.0, 0.0).is_some())
    }

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

/// Refuses targets that are not `width` wide and finite.
pub(super) fn check<E: Element>(targets: Matrix<E>, width: usize) -> Result<()> {
    if targets.columns() != width {
        return Err(Error::shape(format!("expected {width} numbers a row, received {}", targets.columns())));
    }
    for i in 0..targets.rows() {
        if let Some(at) = first_non_finite(targets.row(i)) {
            return Err(Error::non_finite(format!(
                "row {i}: expected finite numbers, received {}",
                targets.element(i, at)
            )));
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
    for (i, (row_loss, met)) in losses.iter_mut().zip(correct).enumerate() {
        let (x, t) = (logits.row(i), targets.row(i));
        *row_loss = sum(loss, x, t);
        *met = x.iter().zip(t).filter(|(x, t)| loss.correct(x.to_f64(), t.to_f64()) == Some(true)).count()
            as u32;
        if let Some((scale, d)) = &mut gradient {
            for ((d, x), t) in d.row_mut(i).iter_mut().zip(x).zip(t) {
                *d += E::from_f64(*scale * loss.slope(x.to_f64(), t.to_f64()));
            }
        }
    }
}

/// The sum of the elements' losses, in independent lanes so that additions need not wait for one another.
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
