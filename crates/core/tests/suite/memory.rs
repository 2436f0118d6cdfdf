//! The bytes of a training step, against the arithmetic of its tape, whole or in segments of time.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence, tokens};
use crate::support::runs::{ids, numbers, values};
use crate::support::tapes::needed;
use serde_json::{Value, json};
use unrolled_core::model::{Memory, Model, Precision, Report, Trainer, TrainerConfig};
use unrolled_core::{Code, Result};

const SIZE: usize = 24;
const INPUT: usize = 10;

/// The memory of one training step of a layer with a loss at every step.
fn memory(cell: &str, rows: usize, time: usize, lengths: Option<Vec<i32>>) -> (Memory, usize) {
    let (report, parameters) = step(cell, rows, time, lengths, &json!({})).unwrap();
    (report.memory, parameters.len())
}

/// Two training steps of a layer with a loss at every step, the second from the states of the first if the layer
/// may: the report of the second, and the parameters.
fn step(
    cell: &str,
    rows: usize,
    time: usize,
    lengths: Option<Vec<i32>>,
    more: &Value,
) -> Result<(Report, Vec<f32>)> {
    let mut b = Builder::default();
    b.node("x", sequence(INPUT), &[]);
    b.layer("a", cell, 0, "x", [INPUT, SIZE], true, false, &[]).output("y", "a:output");
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
    let config = TrainerConfig::from_json(&config.to_string())?;
    let mut trainer = Trainer::new(Arc::clone(&model), config)?;
    let mut x = values("x", &[rows, time, INPUT], numbers(rows * time * INPUT, 1));
    x.lengths = lengths;
    let y = values("y", &[rows, time, SIZE], numbers(rows * time * SIZE, 2));
    trainer.step(vec![x.clone()], vec![y.clone()], false)?;
    let report = trainer.step(vec![x], vec![y], true)?.clone();
    assert_eq!(report.memory, trainer.memory());
    Ok((report, model.parameters().unwrap()))
}

/// Numbers a row and step: the input, the values that the cell keeps, its output and the gradient of the output.
fn tape(cell: &str) -> usize {
    let inside = match cell {
        // The gates and c.
        "lstm" => 5 * SIZE,
        // The gates and n's part of the product with the state.
        "gru" => 4 * SIZE,
        _ => 0,
    };
    INPUT + inside + 2 * SIZE
}

#[test]
fn the_tape_is_what_the_arithmetic_says() {
    for cell in ["lstm", "gru", "rnn_tanh"] {
        for (rows, time) in [(64, 100), (37, 61)] {
            let (memory, _) = memory(cell, rows, time, None);
            let least = rows * time * tape(cell) * size_of::<f32>();
            assert!(memory.tape >= least, "{cell}: {} of at least {least}", memory.tape);
            assert!(memory.tape * 10 <= least * 12, "{cell}: {} of {least}", memory.tape);
        }
    }
}

#[test]
fn padding_takes_no_tape() {
    let lengths: Vec<i32> = (0..40).map(|row| 2 * row).collect();
    let steps: usize = lengths.iter().map(|&n| n as usize).sum();
    let (memory, _) = memory("lstm", 40, 78, Some(lengths));
    let least = steps * tape("lstm") * size_of::<f32>();
    assert!(memory.tape >= least && memory.tape * 10 <= least * 12, "{} of {least}", memory.tape);
}

#[test]
fn parameters_have_gradients_slots_and_packed_copies() {
    let (memory, count) = memory("lstm", 3, 4, None);
    let bytes = count * size_of::<f32>();
    assert_eq!((memory.gradients, memory.optimizer), (bytes, 2 * bytes));
    // Each weight at most once as it is, once for the products forward and once for those back.
    assert!(memory.weights > 2 * bytes && memory.weights < 4 * bytes, "{} of {bytes}", memory.weights);
}

#[test]
fn windows_take_a_small_part_of_a_long_tape() {
    for cell in ["lstm", "gru", "rnn_tanh"] {
        let (rows, time) = (32, 1024);
        let (whole, parameters) = step(cell, rows, time, None, &json!({})).unwrap();
        let (segmented, others) = step(cell, rows, time, None, &json!({ "memory": "sqrt" })).unwrap();
        assert!(parameters == others && whole.loss.to_bits() == segmented.loss.to_bits(), "{cell}");
        // 8 segments of 128 steps with the states between them; the input, which comes from outside, is whole.
        let states = if cell == "lstm" { 2 } else { 1 };
        let segment = (rows * 128 * (tape(cell) - INPUT) + rows * time * INPUT) * size_of::<f32>();
        let checkpoints = rows * 9 * states * SIZE * size_of::<f32>();
        let sums = 2 * parameters.len() * size_of::<f32>();
        let most = segment + checkpoints + sums;
        assert!(segmented.memory.tape * 10 <= most * 12, "{cell}: {} of {most}", segmented.memory.tape);
        assert!(segmented.memory.tape * 2 < whole.memory.tape, "{cell}: {}", whole.memory.tape);
    }
}

/// A loss of a pool over a long sequence: the report of the second step, and the parameters.
fn pooled(cell: &str, pool: &str, reverse: bool, memory: &Value) -> (Report, Vec<f32>) {
    let (rows, time) = (32, 1024);
    let mut b = Builder::default();
    b.node("x", sequence(INPUT), &[]).layer("a", cell, 0, "x", [INPUT, SIZE], true, reverse, &[]);
    match pool {
        "state" => b.output("y", "a:h"),
        _ => b.node("end", json!(pool), &["a:output"]).output("y", "end"),
    };
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
    let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
    let config = TrainerConfig::from_json(&config.to_string()).unwrap();
    let mut trainer = Trainer::new(Arc::clone(&model), config).unwrap();
    let mut x = values("x", &[rows, time, INPUT], numbers(rows * time * INPUT, 1));
    x.lengths = Some((0..rows).map(|row| [1024, 1000, 0, 1023][row % 4]).collect());
    let y = values("y", &[rows, SIZE], numbers(rows * SIZE, 2));
    trainer.step(vec![x.clone()], vec![y.clone()], false).unwrap();
    let report = trainer.step(vec![x], vec![y], false).unwrap().clone();
    (report, model.parameters().unwrap())
}

#[test]
fn windows_of_a_pool_take_what_those_of_the_last_state_take() {
    for cell in ["lstm", "gru", "rnn_tanh"] {
        for (pool, reverse) in [("last", false), ("last", true)] {
            let what = format!("{pool} of {cell}, reverse {reverse}");
            let sqrt = json!({ "memory": "sqrt" });
            let (whole, parameters) = pooled(cell, pool, reverse, &json!({}));
            let (segmented, others) = pooled(cell, pool, reverse, &sqrt);
            assert!(parameters == others && whole.loss.to_bits() == segmented.loss.to_bits(), "{what}");
            let (state, _) = pooled(cell, "state", reverse, &sqrt);
            let (tape, least) = (segmented.memory.tape, state.memory.tape);
            assert!(tape * 10 <= least * 11, "{what}: {tape} of {least}");
            assert!(tape * 2 < whole.memory.tape, "{what}: {tape} of {}", whole.memory.tape);
        }
    }
}

#[test]
fn a_budget_is_kept_and_one_too_small_refused() {
    let lengths: Vec<i32> = (0..20).map(|row| 11 * row).collect();
    let config = |bytes: u64| json!({ "memory": bytes });
    let (whole, parameters) = step("lstm", 20, 211, Some(lengths.clone()), &json!({})).unwrap();
    let error = step("lstm", 20, 211, Some(lengths.clone()), &config(1000)).unwrap_err();
    assert_eq!(error.code, Code::Size);
    let least = needed(&error);
    for budget in [least, least * 5 / 4, least * 2] {
        let (report, others) = step("lstm", 20, 211, Some(lengths.clone()), &config(budget)).unwrap();
        assert!(report.memory.tape as u64 <= budget, "{} of {budget}", report.memory.tape);
        assert!(others == parameters && report.loss.to_bits() == whole.loss.to_bits(), "{budget}");
    }
    assert!(step("lstm", 20, 211, Some(lengths), &config(least - 1)).is_err());
}

#[test]
fn windows_never_take_more_than_the_whole_tape() {
    for cell in ["lstm", "gru", "rnn_tanh"] {
        for (rows, time) in [(64, 3), (64, 17), (33, 40), (1, 5)] {
            let (whole, parameters) = step(cell, rows, time, None, &json!({})).unwrap();
            let tape = whole.memory.tape;
            let (sqrt, others) = step(cell, rows, time, None, &json!({ "memory": "sqrt" })).unwrap();
            assert!(sqrt.memory.tape <= tape, "{cell}, {rows} x {time}: {} of {tape}", sqrt.memory.tape);
            let (budget, again) = step(cell, rows, time, None, &json!({ "memory": tape })).unwrap();
            assert!(budget.memory.tape <= tape, "{cell}, {rows} x {time}: {} of {tape}", budget.memory.tape);
            assert!(others == parameters && again == parameters, "{cell}, {rows} x {time}");
        }
    }
}

/// One byte less than everything leaves two segments, each of more than half of the steps: no more are needed.
#[test]
fn a_budget_is_made_use_of() {
    let (whole, _) = step("lstm", 20, 211, None, &json!({})).unwrap();
    let (report, _) = step("lstm", 20, 211, None, &json!({ "memory": whole.memory.tape - 1 })).unwrap();
    let (tape, whole) = (report.memory.tape, whole.memory.tape);
    assert!(tape < whole && 2 * tape > whole, "{tape} of {whole}");
}

/// In steps of few numbers, the places in the lists count: once whole and once in a segment.
#[test]
fn the_lists_of_windows_are_counted() {
    let (rows, time) = (16, 512);
    let mut b = Builder::default();
    b.node("x", sequence(1), &[]).layer("a", "rnn_tanh", 0, "x", [1, 1], false, false, &[]);
    let model = Arc::new(Model::<f32>::new(b.output("y", "a:output").graph(), 1, Precision::Full).unwrap());
    let config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "sgd": {} },
        "learningRate": 0.1,
        "memory": "sqrt",
    });
    let mut trainer = Trainer::new(model, TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap();
    let of = |name| values(name, &[rows, time, 1], numbers(rows * time, 1));
    let tape = trainer.step(vec![of("x")], vec![of("y")], false).unwrap().memory.tape;
    // The input, and where each step and the one before it lie, in 4 bytes each.
    assert!(tape > 3 * rows * time * 4, "{tape}");
}

/// The sums of a table's segments are those of the ids that a batch names, however large the table.
#[test]
fn windows_of_a_large_table_take_what_its_ids_take() {
    let (vocabulary, size, rows, time) = (20_000, 8, 3, 1024);
    let mut b = Builder::default();
    b.parameter("table", &[vocabulary, size]).node("t", tokens(vocabulary), &[]);
    b.node("e", json!({ "embedding": { "weight": "table" } }), &["t"]);
    b.layer("a", "rnn_tanh", 0, "e", [size, size], true, false, &[]).output("y", "a:output");
    let named = (0..rows * time).map(|i| (i * 7919 % vocabulary) as i32).collect::<Vec<_>>();
    let step = |memory: Value| {
        let mut config = json!({
            "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
            "optimizer": { "sgd": {} },
            "learningRate": 0.1,
        });
        config.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
        let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
        let mut trainer =
            Trainer::new(model, TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap();
        let y = values("y", &[rows, time, size], numbers(rows * time * size, 2));
        trainer.step(vec![ids("t", &[rows, time], named.clone())], vec![y], false).cloned()
    };
    let whole = step(json!({})).unwrap().memory.tape as u64;
    let error = step(json!({ "memory": 1 })).unwrap_err();
    assert_eq!(error.code, Code::Size);
    let least = needed(&error);
    assert!(3 * least < 2 * whole, "{least} of {whole}");
    assert!(step(json!({ "memory": least })).unwrap().memory.tape as u64 <= least);
}

/// The memory that a run reports after each of its batches, given by the lengths of their rows.
fn tapes(memory: &Value, batches: &[Vec<i32>]) -> Vec<usize> {
    let mut b = Builder::default();
    b.node("x", sequence(INPUT), &[]);
    b.layer("a", "lstm", 0, "x", [INPUT, SIZE], true, false, &[]).output("y", "a:output");
    let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
    let config = TrainerConfig::from_json(&config.to_string()).unwrap();
    let mut trainer = Trainer::new(model, config).unwrap();
    let tape = |lengths: &Vec<i32>| {
        let (rows, time) = (lengths.len(), *lengths.iter().max().unwrap() as usize);
        let mut x = values("x", &[rows, time, INPUT], numbers(rows * time * INPUT, 1));
        x.lengths = Some(lengths.clone());
        let y = values("y", &[rows, time, SIZE], numbers(rows * time * SIZE, 2));
        trainer.step(vec![x], vec![y], false).unwrap().memory.tape
    };
    batches.iter().map(tape).collect()
}

#[test]
fn a_budget_holds_for_batches_of_all_shapes() {
    // One batch has more rows, the other more steps: storage for both would be more than either needs.
    let batches = [vec![1; 300], vec![400]];
    let alone = batches.clone().map(|batch| tapes(&json!({}), &[batch])[0]);
    let budget = alone[0].max(alone[1]);
    let again = [&batches[..], &batches[..]].concat();
    assert!(tapes(&json!({}), &again).iter().any(|&tape| tape > budget), "the shapes are too much alike");
    let kept = tapes(&json!({ "memory": budget }), &again);
    assert_eq!(kept, [alone[0], budget, budget, budget], "the most so far");
}

#[test]
fn windows_of_one_length_are_not_held_beside_those_of_another() {
    let batches = [vec![64; 64], vec![1500; 2]];
    let sqrt = json!({ "memory": "sqrt" });
    let alone = batches.clone().map(|batch| tapes(&sqrt, &[batch])[0]);
    let most = alone[0].max(alone[1]);
    assert_eq!(tapes(&sqrt, &batches), [alone[0], most]);
}

#[test]
fn a_budget_holds_where_threads_have_other_parts_of_as_large_a_batch() {
    let long_first: Vec<i32> = (0..32).map(|row| if row < 16 { 400 } else { 16 }).collect();
    let long_last: Vec<i32> = long_first.iter().rev().copied().collect();
    let budget = tapes(&json!({}), std::slice::from_ref(&long_first))[0];
    let batches = [long_first.clone(), long_last.clone(), long_first, long_last];
    for budget in [budget, budget / 2] {
        let kept = tapes(&json!({ "memory": budget }), &batches);
        assert!(kept.iter().all(|&tape| tape <= budget), "{kept:?} of {budget}");
    }
}

#[test]
fn what_truncation_takes_is_that_of_its_largest_cut() {
    let lengths: Vec<i32> = (0..18).map(|row| 33 - row).collect();
    let run = |more: &Value| {
        let mut config = json!({ "truncate": { "k1": 7, "k2": 8 } });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step("lstm", 18, 33, Some(lengths.clone()), &config)
    };
    let (whole, parameters) = run(&json!({})).unwrap();
    let error = run(&json!({ "memory": 1 })).unwrap_err();
    let least = needed(&error) as usize;
    for budget in [least, whole.memory.tape] {
        let (report, others) = run(&json!({ "memory": budget })).unwrap();
        assert!(report.memory.tape <= budget && others == parameters, "{budget}");
    }
    assert_eq!(needed(&run(&json!({ "memory": least - 1 })).unwrap_err()), least as u64);
}

#[test]
fn windows_inside_of_truncation() {
    let truncate = json!({ "truncate": { "k1": 40, "k2": 70 } });
    let both = json!({ "truncate": { "k1": 40, "k2": 70 }, "memory": "sqrt" });
    let (whole, parameters) = step("lstm", 18, 150, None, &truncate).unwrap();
    let (segmented, others) = step("lstm", 18, 150, None, &both).unwrap();
    assert!(parameters == others && whole.loss.to_bits() == segmented.loss.to_bits());
}

#[test]
fn only_sqrt_and_bytes_are_memory() {
    for memory in [json!("all"), json!(0), json!(-4), json!(1.5), json!(null), json!({})] {
        let error = step("lstm", 2, 3, None, &json!({ "memory": memory })).unwrap_err();
        assert_eq!(error.code, Code::Argument, "{memory}");
    }
}

/// A decoder shifts its targets, and a label is an id of a row: both lie in the tape, once.
#[test]
fn a_budget_holds_with_ids_that_are_shifted_and_ids_of_rows() {
    let (vocabulary, size) = (7, 3);
    for (rows, time) in [(1, 70), (1, 33), (19, 5), (40, 1)] {
        let mut b = Builder::default();
        b.parameter("table", &[vocabulary, size]).parameter("labels", &[vocabulary, size]);
        b.node("t", tokens(vocabulary), &[]);
        b.node("label", json!({ "input": { "token": { "vocabulary": vocabulary } } }), &[]);
        b.node("s", json!({ "shift": { "start": 0 } }), &["t"]);
        b.node("e", json!({ "embedding": { "weight": "table" } }), &["s"]);
        b.node("l", json!({ "embedding": { "weight": "labels" } }), &["label"]);
        b.node("both", json!("add"), &["e", "l"]);
        b.layer("a", "rnn_tanh", 0, "both", [size, size], true, false, &[]).output("y", "a:output");
        let step = |memory: Value| {
            let mut config = json!({
                "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
                "optimizer": { "sgd": {} },
                "learningRate": 0.1,
            });
            config.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
            let config = TrainerConfig::from_json(&config.to_string()).unwrap();
            let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
            let words = |by: usize, count| (0..count).map(|i| (i * by % vocabulary) as i32).collect();
            let x =
                vec![ids("t", &[rows, time], words(3, rows * time)), ids("label", &[rows], words(5, rows))];
            let y = values("y", &[rows, time, size], numbers(rows * time * size, 2));
            Trainer::new(model, config)?.step(x, vec![y], false).cloned()
        };
        let least = needed(&step(json!({ "memory": 1 })).unwrap_err());
        let whole = step(json!({})).unwrap().memory.tape as u64;
        for budget in [least, least.midpoint(whole), whole] {
            let tape = step(json!({ "memory": budget })).unwrap().memory.tape as u64;
            assert!(tape <= budget, "{rows} x {time}: {tape} of {budget}");
        }
    }
}
