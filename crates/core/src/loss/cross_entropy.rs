//! Cross-entropy of logits against classes.

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, math};

use crate::memory::{copied, refill};
use crate::{Error, Result};

/// With `p = softmax(x)`, class weights `w`, smoothing `s` and K classes, the loss of a row of class `y` is
/// `(1 - s) w_y (-ln p_y) + (s / K) Σ_k w_k (-ln p_k)`, and its weight in a mean is `w_y` (PyTorch's formulas).
#[derive(Clone, Debug)]
pub(super) struct CrossEntropy {
    /// `s / K`.
    spread: f64,
    /// `1 - s`.
    sharp: f64,
    /// One weight for each class.
    weights: Vec<f64>,
    /// `Σ_k w_k`.
    total: f64,
    ignore: Option<u32>,
}

impl CrossEntropy {
    pub(super) fn new(
        label_smoothing: f64,
        class_weights: Option<&[f64]>,
        ignore: Option<i32>,
        classes: usize,
    ) -> Result<Self> {
        if !(0.0..=1.0).contains(&label_smoothing) {
            return Err(Error::argument(format!(
                "crossEntropy.labelSmoothing: expected a number from 0 to 1, received {label_smoothing}"
            )));
        }
        let mut weights = Vec::new();
        let what = "the weights of classes";
        match class_weights {
            Some(given) => weights = copied(given, what)?,
            None => refill(&mut weights, classes, std::iter::repeat_n(1.0, classes), what)?,
        }
        if weights.len() != classes {
            return Err(Error::argument(format!(
                "crossEntropy.classWeights: expected {classes} weights, received {}",
                weights.len()
            )));
        }
        if let Some(weight) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(Error::argument(format!(
                "crossEntropy.classWeights: expected finite numbers of at least 0, received {weight}"
            )));
        }
        let total = weights.iter().sum();
        let ignore = ignore.map(i32::cast_unsigned);
        Ok(Self {
            spread: label_smoothing / classes as f64,
            sharp: 1.0 - label_smoothing,
            weights,
            total,
            ignore,
        })
    }

    fn counts(&self, class: u32) -> bool {
        Some(class) != self.ignore
    }

    pub(super) fn check(&self, classes: &[u32]) -> Result<()> {
        let known = |class: u32| (class as usize) < self.weights.len();
        match classes.iter().find(|&&class| self.counts(class) && !known(class)) {
            Some(class) => Err(Error::value(format!(
                "expected a class from 0 to {}, received {}",
                self.weights.len() - 1,
                class.cast_signed()
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn valid(&self, classes: &[u32]) -> u64 {
        classes.iter().filter(|&&class| self.counts(class)).count() as u64
    }

    pub(super) fn weight(&self, classes: &[u32]) -> f64 {
        classes.iter().filter(|&&class| self.counts(class)).map(|&class| self.weights[class as usize]).sum()
    }

    #[expect(clippy::too_many_arguments, reason = "what a loss reads and writes")]
    pub(super) fn run<E: Element>(
        &self,
        kernels: Kernels<E>,
        logits: Matrix<E>,
        classes: &[u32],
        scratch: &mut [E],
        losses: &mut [f64],
        correct: &mut [u32],
        mut gradient: Option<(f64, MatrixMut<E>)>,
    ) {
        for (i, &class) in classes.iter().enumerate() {
            (losses[i], correct[i]) = (0.0, 0);
            if !self.counts(class) {
                continue;
            }
            let (class, x) = (class as usize, logits.row(i));
            softmax(kernels, logits, i, scratch);
            let top = first_largest(x);
            // ln Σ e^x - x_k, from the largest probability e^(x_top) / Σ e^x. The logits come first: the logarithm is lost
            // beside a large one.
            let least = -math::ln(scratch[top].to_f64());
            let surprise = |k: usize| (x[top].to_f64() - x[k].to_f64()) + least;
            losses[i] = self.sharp * self.weights[class] * surprise(class);
            if self.spread > 0.0 {
                losses[i] += self.spread * (0..x.len()).map(|k| self.weights[k] * surprise(k)).sum::<f64>();
            }
            correct[i] = (top == class).into();
            if let Some((scale, d)) = &mut gradient {
                self.add_gradient(kernels, class, *scale, scratch, d.row_mut(i));
            }
        }
    }

    /// `d += scale ((1 - s) w_y (p_k - [k = y]) + (s / K) (p_k Σ w - w_k))`; `p` is changed.
    fn add_gradient<E: Element>(
        &self,
        kernels: Kernels<E>,
        class: usize,
        scale: f64,
        p: &mut [E],
        d: &mut [E],
    ) {
        if self.spread > 0.0 {
            for ((d, p), w) in d.iter_mut().zip(&*p).zip(&self.weights) {
                *d += E::from_f64(scale * self.spread * (p.to_f64() * self.total - w));
            }
        }
        p[class] += -E::ONE;
        kernels.add_scaled(d, E::from_f64(scale * self.sharp * self.weights[class]), &p[..d.len()]);
    }
}

/// `scratch = softmax(logits[row])`.
fn softmax<E: Element>(kernels: Kernels<E>, logits: Matrix<E>, row: usize, scratch: &mut [E]) {
    let width = logits.columns();
    kernels.softmax_rows(MatrixMut::new(&mut scratch[..width], 1, width), logits.row_range(row..row + 1));
}

fn first_largest<E: Element>(x: &[E]) -> usize {
    (1..x.len()).fold(0, |top, k| if x[k] > x[top] { k } else { top })
}
