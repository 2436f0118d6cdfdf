//! Searches without a model: scores from a table of prefixes, against every sequence there is.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use unrolled_core::generate::{
    Beam, Form, GenerateConfig, Generation, Hypothesis, Items, Outlook, Prompts, Sample, Search, Sizes,
    Stepper, Stop,
};
use unrolled_core::{Code, Result};

use crate::support::runs::numbers;

/// A model whose scores are numbers that depend on all that a row was fed, and on nothing else.
struct Table {
    rows: Vec<Vec<i32>>,
    remaining: Vec<Vec<f64>>,
    vocabulary: usize,
    lengths: usize,
    outputs: Vec<f64>,
    stops: Vec<f64>,
    /// Rows of each step.
    taken: Vec<usize>,
}

const VOCABULARY: usize = 3;

impl Table {
    fn new(rows: usize) -> Self {
        let (outputs, stops, taken) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            rows: vec![Vec::new(); rows],
            remaining: vec![Vec::new(); rows],
            vocabulary: VOCABULARY,
            lengths: 0,
            outputs,
            stops,
            taken,
        }
    }

    /// Logits after a prefix, then the logit of an end.
    fn scores(vocabulary: usize, fed: &[i32], remaining: &[f64]) -> Vec<f64> {
        let seed = fed.iter().fold(17, |seed: u64, &id| seed.wrapping_mul(31).wrapping_add(id as u64 + 1));
        let seed = remaining.iter().fold(seed, |seed, &r| seed.wrapping_mul(37).wrapping_add(r as u64 + 1));
        numbers::<f64>(vocabulary + 1, seed).into_iter().map(|x| 2.0 * x).collect()
    }
}

impl Stepper<f64> for Table {
    fn lengths(&mut self) -> Result<Vec<f64>> {
        Ok(self.rows.iter().flat_map(|_| numbers::<f64>(self.lengths, 5)).collect())
    }

    fn memory(&self, _: usize) -> usize {
        0
    }

    fn step(&mut self, items: &Items<f64>) -> Result<Outlook<'_, f64>> {
        assert_eq!(items.ids.len(), self.rows.len());
        self.taken.push(self.rows.len());
        (self.outputs, self.stops) = (Vec::new(), Vec::new());
        for (i, row) in self.rows.iter_mut().enumerate() {
            row.push(items.ids[i]);
            self.remaining[i].extend(items.remaining.get(i));
            let scores = Self::scores(self.vocabulary, row, &self.remaining[i]);
            self.outputs.extend(&scores[..self.vocabulary]);
            self.stops.push(scores[self.vocabulary]);
        }
        Ok(Outlook { scores: &self.outputs, stop: &self.stops, alignment: &[] })
    }

    fn reorder(&mut self, rows: &[usize]) -> Result<()> {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
        self.remaining = rows.iter().map(|&row| self.remaining[row].clone()).collect();
        Ok(())
    }
}

fn config(search: Search, stop: Stop, max_steps: usize) -> GenerateConfig {
    let (input, output) = ("tokens".to_owned(), "scores".to_owned());
    let (min_steps, start, forbidden, first_row, alignment) = (0, None, Vec::new(), 0, None);
    GenerateConfig {
        input,
        output,
        search,
        stop,
        max_steps,
        min_steps,
        start,
        forbidden,
        first_row,
        alignment,
    }
}

fn beam(width: usize, n_best: usize, length_penalty: f64) -> Search {
    Search::Beam(Beam { width, length_penalty, n_best, coverage_penalty: 0.0 })
}

fn sample(seed: u64) -> Search {
    Search::Sample(Sample { temperature: 1.0, top_k: None, top_p: 1.0, seed })
}

fn by_length() -> Stop {
    Stop::Length { length: "length".to_owned(), remaining: "remaining".to_owned() }
}

/// Three ways to stop, and none.
fn stops() -> [Stop; 4] {
    [Stop::EndToken(1), Stop::Output("stop".to_owned()), by_length(), Stop::Never]
}

const LENGTHS: usize = 5;

fn sizes(stop: &Stop) -> Sizes {
    let lengths = if matches!(stop, Stop::Length { .. }) { LENGTHS } else { 0 };
    Sizes { lengths, ..Sizes::tokens(VOCABULARY) }
}

fn generate(config: &GenerateConfig, prompts: &[&[i32]]) -> Vec<Vec<Hypothesis<f64>>> {
    let sizes = sizes(&config.stop);
    let table = Table { lengths: sizes.lengths, ..Table::new(prompts.len()) };
    let lengths: Vec<u32> = prompts.iter().map(|prompt| prompt.len() as u32).collect();
    let prompts = Prompts::tokens(config.start, &prompts.concat(), &lengths).unwrap();
    Generation::begin(table, sizes, config.clone(), prompts).unwrap().run(&AtomicBool::new(false)).unwrap()
}

fn log_softmax(scores: &[f64]) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|x| x.exp()).sum();
    scores.iter().map(|x| x - sum.ln()).collect()
}

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

fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-10, "{a} is not {b}");
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

/// Prompts of unlike lengths.
const PROMPTS: [&[i32]; 6] = [&[0], &[2, 2, 1, 0], &[1], &[0, 1], &[2, 0, 2, 1, 1, 0, 2], &[0]];

#[test]
fn a_row_alone_is_the_row_among_others() {
    for search in [Search::Greedy {}, sample(3), beam(4, 3, 0.5)] {
        for stop in [Stop::EndToken(1), Stop::Output("stop".to_owned()), Stop::Never] {
            let config = config(search.clone(), stop, 6);
            let together = generate(&config, &PROMPTS);
            for (row, prompt) in PROMPTS.iter().enumerate() {
                let alone = GenerateConfig { first_row: row as u64, ..config.clone() };
                assert_eq!(generate(&alone, &[prompt])[0], together[row], "row {row}");
            }
        }
    }
}

#[test]
fn a_row_that_ended_is_not_stepped() {
    let config = config(sample(5), Stop::EndToken(1), 30);
    let lengths = [1; 200];
    let prompts = Prompts::tokens(None, &[0; 200], &lengths).unwrap();
    let mut generation =
        Generation::begin(Counted::new(200), Sizes::tokens(VOCABULARY), config, prompts).unwrap();
    let rows = generation.run(&AtomicBool::new(false)).unwrap();
    let items: usize = rows.iter().map(|row| row[0].ids.len()).sum();
    assert_eq!(COUNT.with(std::cell::Cell::get), items);
}

thread_local! {
    static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A table that counts the rows of its steps.
struct Counted(Table);

impl Counted {
    fn new(rows: usize) -> Self {
        COUNT.with(|count| count.set(0));
        Self(Table::new(rows))
    }
}

impl Stepper<f64> for Counted {
    fn lengths(&mut self) -> Result<Vec<f64>> {
        self.0.lengths()
    }

    fn memory(&self, _: usize) -> usize {
        0
    }

    fn step(&mut self, items: &Items<f64>) -> Result<Outlook<'_, f64>> {
        COUNT.with(|count| count.set(count.get() + items.ids.len()));
        self.0.step(items)
    }

    fn reorder(&mut self, rows: &[usize]) -> Result<()> {
        self.0.reorder(rows)
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

#[test]
fn an_early_end_and_forbidden_ids_are_not_chosen() {
    for search in [Search::Greedy {}, sample(1), beam(3, 3, 0.0)] {
        for stop in [Stop::EndToken(1), Stop::Output("stop".to_owned()), by_length()] {
            let config = GenerateConfig {
                min_steps: 3,
                forbidden: vec![2],
                ..config(search.clone(), stop.clone(), 4)
            };
            for row in generate(&config, &[&[0], &[2], &[1]]) {
                for one in row {
                    let end = usize::from(matches!(stop, Stop::EndToken(_)) && one.finished);
                    assert!(one.ids.len() >= 3 + end || !one.finished, "{one:?}");
                    assert!(!one.ids.contains(&2));
                    assert!(one.ids[..3].iter().all(|&id| id != 1) || end == 0 && stop != Stop::EndToken(1));
                }
            }
        }
    }
}

#[test]
fn a_start_stands_before_every_prompt() {
    let plain = config(Search::Greedy {}, Stop::Never, 5);
    let started = GenerateConfig { start: Some(2), ..plain.clone() };
    assert_eq!(generate(&started, &[&[], &[0, 1]]), generate(&plain, &[&[2], &[2, 0, 1]]));
}

#[test]
fn a_predicted_length_is_kept() {
    for search in [Search::Greedy {}, sample(8), beam(6, 6, 0.0)] {
        let found = generate(&config(search, by_length(), 9), &vec![&[1][..]; 40]);
        assert!(found.iter().flatten().all(|one| one.finished && one.ids.len() < LENGTHS));
    }
}

#[test]
fn a_generation_ends_when_it_is_cancelled() {
    let table = Table::new(1);
    let prompts = Prompts::tokens(None, &[0], &[1]).unwrap();
    let config = config(Search::Greedy {}, Stop::Never, 1 << 24);
    let mut generation = Generation::begin(table, Sizes::tokens(VOCABULARY), config, prompts).unwrap();
    assert!(generation.advance().unwrap());
    assert_eq!(generation.run(&AtomicBool::new(true)).unwrap_err().code, Code::Cancelled);
    assert!(
        generation.next_id(&AtomicBool::new(true)).unwrap().is_some(),
        "the item of the step that was taken"
    );
    assert_eq!(generation.next_id(&AtomicBool::new(true)).unwrap_err().code, Code::Cancelled);
}

#[test]
fn one_row_goes_on_id_by_id() {
    let begin = |search: Search, rows: usize| {
        let prompts = Prompts::tokens(None, &vec![0; rows], &vec![1; rows]).unwrap();
        let config = config(search, Stop::EndToken(1), 6);
        Generation::begin(Table::new(rows), Sizes::tokens(VOCABULARY), config, prompts).unwrap()
    };
    let going = AtomicBool::new(false);
    for search in [Search::Greedy {}, sample(2)] {
        let mut one = begin(search.clone(), 1);
        let ids: Vec<i32> = std::iter::from_fn(|| one.next_id(&going).unwrap()).collect();
        assert_eq!(ids, generate(&config(search, Stop::EndToken(1), 6), &[&[0]])[0][0].ids);
        assert_eq!(one.results().unwrap()[0][0].ids, ids);
    }
    for mut other in [begin(Search::Greedy {}, 2), begin(beam(2, 1, 0.0), 1)] {
        assert_eq!(other.next_id(&going).unwrap_err().code, Code::Argument);
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let json = |options: &str| {
        format!(r#"{{"input":"x","output":"y","maxSteps":4,"search":{{"greedy":{{}}}}{options}}}"#)
    };
    assert!(GenerateConfig::from_json(&json("")).is_ok());
    let search = |search: &str| json("").replace(r#"{"greedy":{}}"#, search);
    for (text, words) in [
        (json(r#","minSteps":5"#), "generate minSteps: expected a whole number from 0 to 4, received 5"),
        (
            json("").replace(":4", ":0"),
            "generate maxSteps: expected a whole number from 1 to 16777216, received 0",
        ),
        (json(r#","wdith":1"#), "unknown field `wdith`"),
        (search(r#"{"viterbi":{}}"#), "unknown variant `viterbi`"),
        (search(r#"{"beam":{}}"#), "missing field `width`"),
        (
            search(r#"{"beam":{"width":0}}"#),
            "generate beam width: expected a whole number from 1 to 65536, received 0",
        ),
        (
            search(r#"{"beam":{"width":2,"nBest":3}}"#),
            "generate beam nBest: expected a whole number from 1 to 2, received 3",
        ),
        (search(r#"{"beam":{"width":2,"lengthPenalty":-1}}"#), "at least 0, received -1"),
        (
            search(r#"{"sample":{"temperature":0}}"#),
            "generate temperature: expected a number above 0, received 0",
        ),
        (search(r#"{"sample":{"topK":0}}"#), "generate topK: expected a whole number from 1"),
        (
            search(r#"{"sample":{"topP":0}}"#),
            "generate topP: expected a number above 0 and at most 1, received 0",
        ),
        (search(r#"{"sample":{"topP":1.1}}"#), "received 1.1"),
    ] {
        let error = GenerateConfig::from_json(&text).unwrap_err();
        assert_eq!(error.code, Code::Argument);
        assert!(error.message.contains(words), "{text}: {}", error.message);
    }
    let greedy = || config(Search::Greedy {}, Stop::Never, 2);
    let top = |k| Search::Sample(Sample { temperature: 1.0, top_k: Some(k), top_p: 1.0, seed: 0 });
    let refusals = [
        (
            config(Search::Greedy {}, Stop::EndToken(3), 2),
            "generate endToken: expected an id below 3, received 3",
        ),
        (GenerateConfig { start: Some(7), ..greedy() }, "generate start: expected an id below 3, received 7"),
        (
            GenerateConfig { forbidden: vec![4], ..greedy() },
            "generate forbidden: expected an id below 3, received 4",
        ),
        (GenerateConfig { forbidden: vec![2, 1, 0], ..greedy() }, "at least one of 3 ids"),
        (
            GenerateConfig {
                forbidden: vec![2, 0],
                min_steps: 1,
                ..config(Search::Greedy {}, Stop::EndToken(1), 2)
            },
            "at least one",
        ),
        (config(top(4), Stop::Never, 2), "generate topK: expected a whole number from 1 to 3, received 4"),
        (
            config(beam(10, 1, 0.0), Stop::Never, 2),
            "generate beam width: expected a whole number from 1 to 9, received 10",
        ),
    ];
    for (config, words) in refusals {
        let prompts = Prompts::tokens(config.start, &[0], &[1]).unwrap();
        let begun = Generation::begin(Table::new(1), Sizes::tokens(VOCABULARY), config, prompts);
        let error = begun.err().unwrap();
        assert_eq!(error.code, Code::Argument);
        assert!(error.message.contains(words), "{}", error.message);
    }
    let prompts = Prompts::tokens(None, &[0], &[1, 0]).unwrap();
    let error = Generation::begin(Table::new(2), Sizes::tokens(VOCABULARY), greedy(), prompts).err().unwrap();
    assert_eq!(error.code, Code::Value);
    assert!(error.message.contains("row 1"), "{}", error.message);
}

#[test]
fn no_rows_give_no_rows() {
    assert!(generate(&config(Search::Greedy {}, Stop::Never, 4), &[]).is_empty());
}

/// A table of one set of scores.
struct Fixed(Vec<f64>, Vec<f64>);

impl Stepper<f64> for Fixed {
    fn lengths(&mut self) -> Result<Vec<f64>> {
        Ok(Vec::new())
    }

    fn memory(&self, _: usize) -> usize {
        0
    }

    fn step(&mut self, _: &Items<f64>) -> Result<Outlook<'_, f64>> {
        Ok(Outlook { scores: &self.0, stop: &self.1, alignment: &[] })
    }

    fn reorder(&mut self, _: &[usize]) -> Result<()> {
        Ok(())
    }
}

#[test]
fn scores_that_leave_no_choice_are_refused_and_probabilities_are_taken_as_they_are() {
    let run = |scores: &[f64], search: Search, forbidden: Vec<u32>| {
        let sizes = Sizes { form: Form::Probabilities, ..Sizes::tokens(3) };
        let config = GenerateConfig { forbidden, ..config(search, Stop::Never, 1) };
        let prompts = Prompts::tokens(None, &[0], &[1]).unwrap();
        let table = Fixed(scores.to_vec(), vec![0.0]);
        Generation::begin(table, sizes, config, prompts).unwrap().run(&AtomicBool::new(false))
    };
    for search in [Search::Greedy {}, sample(1), beam(2, 1, 0.0)] {
        let found = run(&[0.0, 0.25, 0.75], search.clone(), vec![2]).unwrap();
        assert_eq!(found[0][0].ids, [1]);
        assert_close(found[0][0].score, 0.25_f64.ln());
        for (scores, forbidden, words) in [
            ([f64::NAN, 0.5, 0.5], vec![], "output 'scores': expected finite scores in row 0, item 0"),
            (
                [0.0, 0.0, 1.0],
                vec![2],
                "output 'scores': expected a probability above 0 among the ids to choose from",
            ),
        ] {
            let error = run(&scores, search.clone(), forbidden).unwrap_err();
            assert_eq!(error.code, Code::NonFinite);
            assert!(error.message.contains(words), "{}", error.message);
        }
    }
}
