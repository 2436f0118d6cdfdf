//! The choice of one class by its probability: the likeliest, or a drawn one.

use std::cmp::Ordering;

use unrolled_kernels::math;

use super::Sample;
use crate::Result;
use crate::memory::refill;

/// The likeliest class that is allowed, the lower id among equals. None if none has a probability.
pub(super) fn likeliest(logs: &[f64], allowed: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut best, mut most) = (None, f64::NEG_INFINITY);
    for (id, &log) in logs.iter().enumerate() {
        if log > most && allowed(id) {
            (best, most) = (Some(id), log);
        }
    }
    best
}

/// The class at `point`, from 0 to 1, of the allowed classes side by side, each as wide as its probability. Temperature,
/// then `top_k`, then `top_p`. None if none has a probability.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(super) fn drawn(
    sample: &Sample,
    logs: &[f64],
    allowed: impl Fn(usize) -> bool,
    point: f64,
    ids: &mut Vec<usize>,
) -> Result<Option<usize>> {
    refill(ids, logs.len(), candidates(logs, allowed), "the ids to choose from")?;
    if sample.top_k.is_some() || sample.top_p < 1.0 {
        ids.sort_unstable_by(|&a, &b| {
            logs[b].partial_cmp(&logs[a]).unwrap_or(Ordering::Equal).then(a.cmp(&b))
        });
        ids.truncate(sample.top_k.unwrap_or(usize::MAX));
    }
    let most = ids.iter().map(|&id| logs[id]).fold(f64::NEG_INFINITY, f64::max);
    let weight = |id: usize| math::exp((logs[id] - most) / sample.temperature);
    let total = |ids: &[usize]| ids.iter().map(|&id| weight(id)).sum::<f64>();
    if sample.top_p < 1.0 {
        let nucleus = reached(ids, weight, sample.top_p * total(ids), |sum, share| sum >= share);
        ids.truncate(nucleus.map_or(ids.len(), |last| last + 1));
    }
    let at = reached(ids, weight, point * total(ids), |sum, share| sum > share);
    // Rounding may leave the point at the very end.
    Ok(at.map(|at| ids[at]).or(ids.last().copied()))
}

/// The allowed classes with a probability.
fn candidates(logs: &[f64], allowed: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
    (0..logs.len()).filter(move |&id| logs[id] > f64::NEG_INFINITY && allowed(id))
}

/// The first place at which the sum of the weights reaches a share.
fn reached(
    ids: &[usize],
    weight: impl Fn(usize) -> f64,
    share: f64,
    is: impl Fn(f64, f64) -> bool,
) -> Option<usize> {
    let mut sum = 0.0;
    ids.iter().position(|&id| {
        sum += weight(id);
        is(sum, share)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(temperature: f64, top_k: Option<usize>, top_p: f64) -> Sample {
        Sample { temperature, top_k, top_p, seed: 0 }
    }

    /// Classes over a grid of points, counted.
    fn counts(sample: &Sample, weights: &[f64], forbidden: usize) -> Vec<usize> {
        let logs: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
        let mut counts = vec![0; weights.len()];
        for i in 0..1000 {
            let point = (f64::from(i) + 0.5) / 1000.0;
            let id = drawn(sample, &logs, |id| id != forbidden, point, &mut Vec::new()).unwrap();
            counts[id.unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn the_lower_id_wins_among_equals() {
        assert_eq!(likeliest(&[-2.0, -1.0, -3.0, -1.0], |_| true), Some(1));
        assert_eq!(likeliest(&[-2.0, -1.0, -3.0, -1.0], |id| id != 1), Some(3));
        assert_eq!(likeliest(&[f64::NEG_INFINITY, -9.0], |id| id == 0), None);
    }

    #[test]
    fn classes_take_their_share_of_the_points() {
        let weights = [0.125, 0.5, 0.25, 0.125];
        assert_eq!(counts(&sample(1.0, None, 1.0), &weights, 9), [125, 500, 250, 125]);
        assert_eq!(counts(&sample(1.0, None, 1.0), &weights, 1), [250, 0, 500, 250]);
        // Squares at a temperature of 1/2: 1, 16, 4, 1 over 22.
        assert_eq!(counts(&sample(0.5, None, 1.0), &weights, 9), [45, 728, 182, 45]);
    }

    #[test]
    fn the_likeliest_k_and_the_nucleus_share_all_points() {
        let weights = [0.125, 0.5, 0.25, 0.125];
        assert_eq!(counts(&sample(1.0, Some(1), 1.0), &weights, 9), [0, 1000, 0, 0]);
        assert_eq!(counts(&sample(1.0, Some(2), 1.0), &weights, 9), [0, 667, 333, 0]);
        // The lower id of equals is the likelier.
        assert_eq!(counts(&sample(1.0, Some(3), 1.0), &weights, 9), [143, 571, 286, 0]);
        assert_eq!(counts(&sample(1.0, None, 0.5), &weights, 9), [0, 1000, 0, 0]);
        assert_eq!(counts(&sample(1.0, None, 0.51), &weights, 9), [0, 667, 333, 0]);
        assert_eq!(counts(&sample(1.0, None, 0.875), &weights, 9), [143, 571, 286, 0]);
        // Of the two likeliest, 2/3 and 1/3.
        assert_eq!(counts(&sample(1.0, Some(2), 0.6), &weights, 9), [0, 1000, 0, 0]);
        assert_eq!(counts(&sample(1.0, Some(2), 0.7), &weights, 9), [0, 667, 333, 0]);
        assert_eq!(counts(&sample(1.0, None, 1e-300), &weights, 9), [0, 1000, 0, 0]);
    }
}
