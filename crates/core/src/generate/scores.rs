//! Logarithms of probabilities from what a model gives, in double precision and one order.

use unrolled_kernels::{Element, Kernels, math};

use super::stepper::Form;

/// `ln P` of each class: of logits `(x - max) - ln Σ e^(x - max)`. Probabilities are taken by their logarithms, which makes
/// their sum 1 as well. False if a score is NaN, or the largest is infinite.
pub(super) fn log_probabilities<E: Element>(
    kernels: Kernels<f64>,
    form: Form,
    scores: &[E],
    logs: &mut [f64],
) -> bool {
    let scores = scores.iter().map(|score| score.to_f64());
    match form {
        Form::Logits => logs.iter_mut().zip(scores).for_each(|(log, score)| *log = score),
        Form::Probabilities => logs.iter_mut().zip(scores).for_each(|(log, score)| *log = math::ln(score)),
    }
    let most = kernels.max(logs);
    let known = logs.iter().fold(true, |known, log| known & !log.is_nan());
    if !known || !most.is_finite() {
        return false;
    }
    let least = math::ln(kernels.exponential_sum(logs, most));
    logs.iter_mut().for_each(|log| *log = (*log - most) - least);
    true
}

/// `[ln s, ln (1 - s)]` of the probability s of an end. None if the score is none.
pub(super) fn log_odds<E: Element>(form: Form, score: E) -> Option<[f64; 2]> {
    let score = score.to_f64();
    match form {
        Form::Logits if score.is_nan() => None,
        Form::Logits => Some([log_sigmoid(score), log_sigmoid(-score)]),
        Form::Probabilities if !(0.0..=1.0).contains(&score) => None,
        Form::Probabilities => Some([math::ln(score), math::ln_1p(-score)]),
    }
}

/// `ln 1 / (1 + e^-x)`.
fn log_sigmoid(x: f64) -> f64 {
    if x >= 0.0 { -math::ln_1p(math::exp(-x)) } else { x - math::ln_1p(math::exp(x)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernels() -> Kernels<f64> {
        Kernels::detect().unwrap()
    }

    #[test]
    fn logits_and_probabilities_give_the_same_logarithms() {
        // softmax([0, ln 2, ln 5]) = [1, 2, 5] / 8.
        let logits = [0.0, 2.0_f64.ln(), 5.0_f64.ln()];
        let mut logs = [0.0; 3];
        for (form, scores) in [(Form::Logits, logits), (Form::Probabilities, [0.125, 0.25, 0.625])] {
            for shift in [0.0, if form == Form::Logits { 700.0 } else { 0.0 }] {
                assert!(log_probabilities(kernels(), form, &scores.map(|x| x + shift), &mut logs));
                for (log, expected) in logs.iter().zip([0.125_f64, 0.25, 0.625]) {
                    assert!((log - expected.ln()).abs() < 1e-13, "{log}");
                }
            }
        }
    }

    #[test]
    fn a_class_without_probability_is_not_an_error_and_a_nan_is() {
        let mut logs = [0.0; 2];
        assert!(log_probabilities(kernels(), Form::Probabilities, &[0.0, 1.0], &mut logs));
        assert_eq!(logs, [f64::NEG_INFINITY, 0.0]);
        assert!(log_probabilities(kernels(), Form::Logits, &[f64::NEG_INFINITY, 3.0], &mut logs));
        assert_eq!(logs, [f64::NEG_INFINITY, 0.0]);
        for bad in [[f64::NAN, 1.0], [f64::INFINITY, 1.0], [f64::NEG_INFINITY; 2]] {
            assert!(!log_probabilities(kernels(), Form::Logits, &bad, &mut logs));
        }
        assert!(!log_probabilities(kernels(), Form::Probabilities, &[-0.1, 1.1], &mut logs));
    }

    #[test]
    fn odds_of_an_end_are_those_of_a_sigmoid() {
        for (logit, p) in [(0.0, 0.5), (3.0_f64.ln(), 0.75), (-(7.0_f64.ln()), 0.125)] {
            for odds in [log_odds(Form::Logits, logit), log_odds(Form::Probabilities, p)] {
                let [ends, goes_on] = odds.unwrap();
                assert!((ends - f64::ln(p)).abs() < 1e-15 && (goes_on - f64::ln(1.0 - p)).abs() < 1e-15);
            }
        }
        assert_eq!(log_odds(Form::Logits, -800.0), Some([-800.0, 0.0]));
        assert_eq!(log_odds(Form::Probabilities, 1.0), Some([0.0, f64::NEG_INFINITY]));
        assert_eq!((log_odds(Form::Logits, f64::NAN), log_odds(Form::Probabilities, 1.5)), (None, None));
    }
}
