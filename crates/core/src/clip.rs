//! Clipping gradients before an update.

use serde::{Deserialize, Serialize};
use unrolled_kernels::{Element, Kernels};

use crate::memory::{grow, zeros};
use crate::parallel::{Divide, Pool};
use crate::{Error, Result};

/// Elements of one partial norm: fixed, so that the bits do not depend on the pool. Another number changes them.
const PART: usize = 1 << 14;

/// Numbers of partial norms, in errors.
const NORM: &str = "the norm of the gradients";

/// The bound of gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Clip {
    /// `g * min(1, c / (|g| + 1e-6))` with the Euclidean norm `|g|` of all gradients together
    /// (`torch.nn.utils.clip_grad_norm_`).
    Norm(f64),
    /// Each element to `[-c, c]` (`torch.nn.utils.clip_grad_value_`).
    Value(f64),
}

impl Clip {
    /// Checks the bound: finite and more than 0.
    ///
    /// # Errors
    /// `Argument`, naming the option.
    pub fn check(&self) -> Result<()> {
        let (name, bound) = match *self {
            Self::Norm(bound) => ("norm", bound),
            Self::Value(bound) => ("value", bound),
        };
        if bound.is_finite() && bound > 0.0 {
            return Ok(());
        }
        Err(Error::argument(format!("clip.{name}: expected a finite number above 0, received {bound}")))
    }

    /// Clips `gradients`, whose norm is `norm` (see [`GradientNorm`]).
    pub fn apply<E: Element>(&self, pool: &Pool, gradients: &mut [E], norm: f64) {
        let length = gradients.len();
        match *self {
            Self::Norm(bound) => {
                let factor = bound / (norm + 1e-6);
                // The factor in f64: a large norm's reciprocal vanishes in f32.
                if factor < 1.0 {
                    pool.for_each_part(gradients, length, PART, |chunk| {
                        chunk.iter_mut().for_each(|g| *g = E::from_f64(g.to_f64() * factor));
                    });
                }
            }
            Self::Value(bound) => {
                let bound = E::from_f64(bound);
                pool.for_each_part(gradients, length, PART, |chunk| {
                    chunk.iter_mut().for_each(|g| *g = g.max(-bound).min(bound));
                });
            }
        }
    }
}

/// The Euclidean norm of a flat arena of gradients.
#[derive(Clone, Debug)]
pub struct GradientNorm {
    partial: Vec<f64>,
}

impl GradientNorm {
    /// Ready for arenas of `length` elements, so that measuring allocates nothing.
    ///
    /// # Errors
    /// `Size` when there is no memory.
    pub fn new(length: usize) -> Result<Self> {
        Ok(Self { partial: zeros(length.div_ceil(PART), NORM)? })
    }

    /// The norm of `gradients`, summed so that neither 1e20 in `f32` nor 1e200 in `f64` overflows.
    ///
    /// # Errors
    /// `NonFinite` when an element, or the norm itself, is not finite.
    pub fn measure<E: Element>(&mut self, pool: &Pool, kernels: Kernels<E>, gradients: &[E]) -> Result<f64> {
        let length = gradients.len();
        grow(&mut self.partial, length.div_ceil(PART), NORM)?;
        let data = Parts { gradients, norms: &mut self.partial };
        pool.for_each_part(data, length, PART, |data| {
            if let [norm] = data.norms {
                *norm = kernels.norm(data.gradients);
            }
        });
        let norm = combine(&self.partial);
        if norm.is_finite() {
            return Ok(norm);
        }
        Err(Error::non_finite(format!("gradient: expected a finite norm, received {norm}")))
    }
}

/// The norm of a vector from the norms of its parts, scaled by the largest so that no square overflows.
fn combine(parts: &[f64]) -> f64 {
    let largest = parts.iter().fold(0.0, |a: f64, &b| if b > a || b.is_nan() { b } else { a });
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * parts.iter().map(|part| (part / largest) * (part / largest)).sum::<f64>().sqrt()
}

/// Gradients and one norm for each part of them.
struct Parts<'a, E> {
    gradients: &'a [E],
    norms: &'a mut [f64],
}

impl<E: Element> Divide for Parts<'_, E> {
    fn divide(self, middle: usize) -> (Self, Self) {
        let (left, right) = self.gradients.split_at(middle);
        let (left_norms, right_norms) = self.norms.split_at_mut(middle / PART);
        (Self { gradients: left, norms: left_norms }, Self { gradients: right, norms: right_norms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn pool() -> Pool {
        Pool::with_threads(2).unwrap()
    }

    fn norm<E: Element>(gradients: &[E]) -> Result<f64> {
        GradientNorm::new(gradients.len()).unwrap().measure(&pool(), Kernels::detect().unwrap(), gradients)
    }

    #[test]
    fn pytorch_agrees() {
        let mut gradients = [3.0, -4.0, 12.0];
        let length = norm(&gradients).unwrap();
        assert_eq!(length, 13.0);
        Clip::Norm(2.0).apply(&pool(), &mut gradients, length);
        // torch.nn.utils.clip_grad_norm_([p], 2.0), PyTorch 2.15 in f64.
        for (g, expected) in
            gradients.iter().zip([0.46153842603550577, -0.615384568047341, 1.846153704142023])
        {
            assert!(f64::abs(g - expected) < 1e-15);
        }
        let mut small = [0.3f32, -0.4];
        Clip::Norm(2.0).apply(&pool(), &mut small, 0.5);
        assert_eq!(small, [0.3, -0.4]);
        let mut wide = [3.0f32, -4.0, 0.5, -0.0];
        Clip::Value(2.0).apply(&pool(), &mut wide, 5.0);
        assert_eq!(wide, [2.0, -2.0, 0.5, 0.0]);
    }

    #[test]
    fn the_norm_of_many_chunks_is_the_norm() {
        let gradients: Vec<f64> = (0..40_001).map(|i| f64::from(i % 7) - 3.0).collect();
        // Squares 9 4 1 0 1 4 9, 28 a period: 40001 = 5714 * 7 + 3, and 9 + 4 + 1 at the end.
        let expected = (5714.0 * 28.0 + 14.0f64).sqrt();
        assert!((norm(&gradients).unwrap() - expected).abs() < 1e-12 * expected);
        let measure = |threads| {
            let pool = Pool::with_threads(threads).unwrap();
            GradientNorm::new(0)
                .unwrap()
                .measure(&pool, Kernels::detect().unwrap(), &gradients)
                .unwrap()
                .to_bits()
        };
        assert_eq!(measure(1), measure(3));
        assert_eq!(norm::<f32>(&[]).unwrap(), 0.0);
        assert_eq!(norm(&vec![0.0f32; 20_000]).unwrap(), 0.0);
    }

    #[test]
    fn huge_gradients_keep_their_direction() {
        let check = |clipped: &[f64], large: usize| {
            let expected = 1.0 / (large as f64).sqrt();
            assert!(clipped.iter().all(|g| (g.abs() - expected).abs() < 1e-6 * expected), "{}", clipped[0]);
        };
        let n = 40_000;
        let mut single = vec![1e20f32; n];
        single[7] = -1e20;
        let length = norm(&single).unwrap();
        assert!((length / 2e22 - 1.0).abs() < 1e-6);
        Clip::Norm(1.0).apply(&pool(), &mut single, length);
        assert!(single[7] < 0.0 && single[8] > 0.0);
        check(&single.iter().map(|&g| g.into()).collect::<Vec<_>>(), n);
        let mut double = vec![1e200f64; n];
        let length = norm(&double).unwrap();
        Clip::Norm(1.0).apply(&pool(), &mut double, length);
        check(&double, n);
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        for (at, value) in [(0, f32::NAN), (39_999, f32::INFINITY), (20_000, f32::NEG_INFINITY)] {
            let mut gradients = vec![1.0; 40_000];
            gradients[at] = value;
            assert_eq!(norm(&gradients).unwrap_err().code, Code::NonFinite);
        }
        assert_eq!(norm(&[f64::MAX, f64::MAX]).unwrap_err().code, Code::NonFinite);
        assert!(combine(&[1.0, f64::NAN, 2.0]).is_nan() && combine(&[f64::INFINITY, 1.0]).is_infinite());
    }

    #[test]
    fn bounds_are_checked() {
        for clip in [Clip::Norm(0.0), Clip::Norm(-1.0), Clip::Value(f64::NAN), Clip::Value(f64::INFINITY)] {
            assert_eq!(clip.check().unwrap_err().code, Code::Argument);
        }
        assert_eq!(serde_json::from_str::<Clip>(r#"{"norm":1}"#).unwrap(), Clip::Norm(1.0));
        assert_eq!(serde_json::from_str::<Clip>(r#"{"value":0.5}"#).unwrap(), Clip::Value(0.5));
        assert!(serde_json::from_str::<Clip>(r#"{"norm":1,"value":2}"#).is_err());
    }
}
