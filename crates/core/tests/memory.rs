//! What a training step holds, against the arithmetic of its tape.
#![allow(missing_docs, clippy::allow_attributes, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use serde_json::json;
use support::graphs::{Builder, sequence};
use support::runs::{numbers, values};
use unrolled_core::model::{Memory, Model, Precision, Trainer, TrainerConfig};

const SIZE: usize = 24;
const INPUT: usize = 10;

/// What one training step of a layer with a loss at every step holds.
fn memory(cell: &str, rows: usize, time: usize, lengths: Option<Vec<i32>>) -> (Memory, usize) {
    let mut b = Builder::default();
    b.node("x", sequence(INPUT), &[]);
    b.layer("a", cell, 0, "x", [INPUT, SIZE], true, false, &[]).output("y", "a:output");
    let config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "rate": 0.1,
    });
    let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
    let config = TrainerConfig::from_json(&config.to_string()).unwrap();
    let mut trainer = Trainer::new(Arc::clone(&model), config).unwrap();
    let mut x = values("x", &[rows, time, INPUT], numbers(rows * time * INPUT, 1));
    x.lengths = lengths;
    let y = values("y", &[rows, time, SIZE], numbers(rows * time * SIZE, 2));
    let report = trainer.step(vec![x], vec![y], false).unwrap().clone();
    assert_eq!(report.memory, trainer.memory());
    (trainer.memory(), model.parameters().len())
}

/// Numbers a row and step: the input, what the cell leaves of itself, its output and the gradient of that.
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
