//! Rows of a generation: alone or among others, to their own ends, and id by id.

use std::sync::atomic::AtomicBool;

use unrolled_core::generate::{
    GenerateConfig, Generation, Items, Outlook, Prompts, Search, Sizes, Stepper, Stop,
};
use unrolled_core::{Code, Result};

use crate::support::tables::{LENGTHS, Table, VOCABULARY, beam, by_length, config, generate, sample};

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
