//! A model whose scores are a table of prefixes, and searches in it.

use std::sync::atomic::AtomicBool;

use unrolled_core::Result;
use unrolled_core::generate::{
    Beam, GenerateConfig, Generation, Hypothesis, Items, Outlook, Prompts, Sample, Search, Sizes, Stepper,
    Stop,
};

use super::runs::numbers;

/// A model whose scores are numbers that depend on all that a row was fed, and on nothing else.
pub struct Table {
    rows: Vec<Vec<i32>>,
    remaining: Vec<Vec<f64>>,
    vocabulary: usize,
    lengths: usize,
    outputs: Vec<f64>,
    stops: Vec<f64>,
    /// Rows of each step.
    taken: Vec<usize>,
}

pub const VOCABULARY: usize = 3;

impl Table {
    pub fn new(rows: usize) -> Self {
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
    pub fn scores(vocabulary: usize, fed: &[i32], remaining: &[f64]) -> Vec<f64> {
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

pub fn config(search: Search, stop: Stop, max_steps: usize) -> GenerateConfig {
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

pub fn beam(width: usize, n_best: usize, length_penalty: f64) -> Search {
    Search::Beam(Beam { width, length_penalty, n_best, coverage_penalty: 0.0 })
}

pub fn sample(seed: u64) -> Search {
    Search::Sample(Sample { temperature: 1.0, top_k: None, top_p: 1.0, seed })
}

pub fn by_length() -> Stop {
    Stop::Length { length: "length".to_owned(), remaining: "remaining".to_owned() }
}

/// Three ways to stop, and none.
pub fn stops() -> [Stop; 4] {
    [Stop::EndToken(1), Stop::Output("stop".to_owned()), by_length(), Stop::Never]
}

pub const LENGTHS: usize = 5;

pub fn sizes(stop: &Stop) -> Sizes {
    let lengths = if matches!(stop, Stop::Length { .. }) { LENGTHS } else { 0 };
    Sizes { lengths, ..Sizes::tokens(VOCABULARY) }
}

pub fn generate(config: &GenerateConfig, prompts: &[&[i32]]) -> Vec<Vec<Hypothesis<f64>>> {
    let sizes = sizes(&config.stop);
    let table = Table { lengths: sizes.lengths, ..Table::new(prompts.len()) };
    let lengths: Vec<u32> = prompts.iter().map(|prompt| prompt.len() as u32).collect();
    let prompts = Prompts::tokens(config.start, &prompts.concat(), &lengths).unwrap();
    Generation::begin(table, sizes, config.clone(), prompts).unwrap().run(&AtomicBool::new(false)).unwrap()
}

pub fn log_softmax(scores: &[f64]) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|x| x.exp()).sum();
    scores.iter().map(|x| x - sum.ln()).collect()
}

pub fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-10, "{a} is not {b}");
}
