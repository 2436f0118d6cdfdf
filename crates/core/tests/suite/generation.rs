//! Searches without a model: scores from a table of prefixes, against every sequence there is.

use std::collections::HashMap;

use unrolled_core::generate::{Search, Stop};

use crate::support::runs::numbers;
use crate::support::tables::{
    LENGTHS, Table, VOCABULARY, assert_close, beam, config, generate, log_softmax, sample, stops,
};

/// Every sequence of at most `most` items after a prompt, its `ln P`, and if it ended by itself.
fn all(stop: &Stop, prompt: &[i32], most: usize) -> Vec<(Vec<i32>, f64, bool)> {
    let mut found = Vec::new();
    match stop {
        Stop::Length { .. } => {
            for (length, log) in log_softmax(&numbers::<f64>(LENGTHS, 5)).into_iter().enumerate() {
                extend(stop, prompt, Vec::new(), log, Some(length), most, &mut found);
            }
        }
        _ => extend(stop, prompt, Vec::new(), 0.0, None, most, &mut found),
    }
    found
}

fn extend(
    stop: &Stop,
    prompt: &[i32],
    ids: Vec<i32>,
    log: f64,
    length: Option<usize>,
    most: usize,
    found: &mut Vec<(Vec<i32>, f64, bool)>,
) {
    let ended = match stop {
        Stop::EndToken(end) => ids.last() == Some(&(*end as i32)),
        _ => length == Some(ids.len()),
    };
    if ended || ids.len() == most {
        return found.push((ids, log, ended));
    }
    let fed = [prompt, &ids].concat();
    let remaining: Vec<f64> =
        length.iter().flat_map(|&length| (0..fed.len()).map(move |t| (length - t) as f64)).collect();
    let scores = Table::scores(VOCABULARY, &fed, &remaining);
    let logs = log_softmax(&scores[..VOCABULARY]);
    for (id, item) in logs.iter().enumerate() {
        let next = [&ids[..], &[id as i32]].concat();
        if let Stop::Output(_) = stop {
            let s = 1.0 / (1.0 + (-scores[VOCABULARY]).exp());
            found.push((next.clone(), log + item + s.ln(), true));
            extend(stop, prompt, next, log + item + (1.0 - s).ln(), length, most, found);
        } else {
            extend(stop, prompt, next, log + item, length, most, found);
        }
    }
}

/// The best first: those that ended, then those cut off, by the score over the penalty.
fn ranked(mut all: Vec<(Vec<i32>, f64, bool)>, penalty: f64) -> Vec<(Vec<i32>, f64, bool)> {
    let normalized = |ids: &[i32], log: f64| log / ((5.0 + ids.len() as f64) / 6.0).powf(penalty);
    all.sort_by(|a, b| b.2.cmp(&a.2).then(normalized(&b.0, b.1).total_cmp(&normalized(&a.0, a.1))));
    all
}

#[test]
fn probabilities_of_all_sequences_sum_to_one() {
    for stop in stops() {
        for most in 1..=5 {
            let sum: f64 = all(&stop, &[0], most).iter().map(|(_, log, _)| log.exp()).sum();
            assert_close(sum, 1.0);
        }
    }
}

#[test]
fn a_beam_as_wide_as_the_tree_finds_the_best_of_all() {
    for stop in stops() {
        for (most, penalty) in [(1, 0.0), (3, 0.0), (5, 0.0), (4, 0.7), (5, 2.0)] {
            let expected = ranked(all(&stop, &[2], most), penalty);
            // A sequence of all steps may also end there by itself, and each length has its own.
            let ends = match stop {
                Stop::Output(_) => 2,
                Stop::Length { .. } => LENGTHS,
                _ => 1,
            };
            let width = ends * VOCABULARY.pow(most as u32);
            let count = width.min(expected.len()).min(7);
            let found = generate(&config(beam(width, count, penalty), stop.clone(), most), &[&[2]]);
            assert_eq!(found[0].len(), count, "{stop:?}");
            for (found, (ids, log, ended)) in found[0].iter().zip(expected) {
                assert_eq!((&found.ids, found.finished), (&ids, ended), "{stop:?}, {most} steps");
                assert_close(found.score, log);
                let divisor = ((5.0 + ids.len() as f64) / 6.0).powf(penalty);
                assert_close(found.normalized_score, log / divisor);
            }
        }
    }
}

#[test]
fn greedy_is_a_beam_of_one() {
    for stop in stops() {
        for prompt in [&[0_i32][..], &[2, 2], &[1, 0, 1, 2]] {
            // A prompt longer than the lengths leaves none.
            if prompt.len() > 2 && matches!(stop, Stop::Length { .. }) {
                continue;
            }
            let greedy = generate(&config(Search::Greedy {}, stop.clone(), 9), &[prompt]);
            let beam = generate(&config(beam(1, 1, 0.0), stop.clone(), 9), &[prompt]);
            assert_eq!(greedy, beam, "{stop:?} after {prompt:?}");
        }
    }
}

#[test]
fn samples_come_as_often_as_they_are_likely() {
    const ROWS: usize = 4000;
    for stop in stops() {
        let found = generate(&config(sample(11), stop.clone(), 3), &vec![&[0][..]; ROWS]);
        let mut counts: HashMap<(Vec<i32>, bool), usize> = HashMap::new();
        let expected = all(&stop, &[0], 3);
        for row in found {
            let [one] = &row[..] else { panic!("one sequence a row") };
            assert_close(
                one.score,
                expected.iter().find(|it| it.0 == one.ids && it.2 == one.finished).unwrap().1,
            );
            let sum: f64 = one.log_probabilities.iter().sum();
            let length = if matches!(stop, Stop::Length { .. }) && one.finished {
                log_softmax(&numbers::<f64>(LENGTHS, 5))[one.ids.len()]
            } else {
                one.score - sum
            };
            assert_close(sum + length, one.score);
            *counts.entry((one.ids.clone(), one.finished)).or_default() += 1;
        }
        // Sequences cut off after a length of 3 and one of 4 have the same ids.
        let mut likely: HashMap<(Vec<i32>, bool), f64> = HashMap::new();
        expected
            .into_iter()
            .for_each(|(ids, log, ended)| *likely.entry((ids, ended)).or_default() += log.exp());
        let square: f64 = likely
            .iter()
            .map(|(key, p)| {
                let (count, mean) = (counts.get(key).copied().unwrap_or(0) as f64, p * ROWS as f64);
                (count - mean).powi(2) / mean
            })
            .sum();
        // Chi-square has this mean and twice it as variance; four deviations.
        let freedom = likely.len() as f64 - 1.0;
        assert!(square < freedom + 4.0 * (2.0 * freedom).sqrt(), "{stop:?}: {square} with {freedom}");
    }
}
