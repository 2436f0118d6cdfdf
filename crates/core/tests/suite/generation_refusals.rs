//! Options, prompts and scores that a search refuses.

use std::sync::atomic::AtomicBool;

use unrolled_core::generate::{
    Form, GenerateConfig, Generation, Items, Outlook, Prompts, Sample, Search, Sizes, Stepper, Stop,
};
use unrolled_core::{Code, Result};

use crate::support::tables::{Table, VOCABULARY, assert_close, beam, config, generate, sample};

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
