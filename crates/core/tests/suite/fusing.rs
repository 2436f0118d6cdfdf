//! Cells of every shape that could be taken for one fused step: the results are the graph's, whatever else reads the parts.

use crate::support::cells::{cell, cell_from, given};
use crate::support::plain::check_forward;
use crate::support::runs::{Model, check_gradients, numbers, values};
use crate::support::shapes::{GATES, STEPS};
use crate::support::tapes::check_tapes;
use crate::support::training::{model, trainer};
use serde_json::{Value, json};

const LENGTHS: [i32; 6] = [3, 5, 0, 1, 4, 2];

fn all() -> impl Iterator<Item = &'static str> {
    STEPS.into_iter().chain(GATES)
}

#[test]
fn a_cell_is_a_loop_of_its_nodes() {
    for text in all() {
        for reverse in [false, true] {
            eprintln!("{text}, reverse {reverse}");
            let b = cell(text, reverse);
            for threads in [1, 2] {
                check_forward(&b, &given(&b, &LENGTHS, 5), &[], threads);
            }
        }
    }
}

#[test]
fn a_cell_has_the_slopes_of_its_loop() {
    for text in all() {
        for reverse in [false, true] {
            eprintln!("{text}, reverse {reverse}");
            let b = cell(text, reverse);
            check_gradients(&b.graph(), &given(&b, &LENGTHS, 5), &[]);
        }
    }
}

#[test]
fn a_cell_in_windows_has_the_bits_of_the_whole() {
    let lengths: Vec<i32> = (0..19).map(|row| (row * 29 + 5) % 38).collect();
    for text in all() {
        for reverse in [false, true] {
            let b = cell(text, reverse);
            check_tapes(&format!("{text}, reverse {reverse}"), &b, &given(&b, &lengths, 37));
        }
    }
}

/// States given, by the run or the graph, count at a row's first step, and are the last of a row without any.
#[test]
fn a_cell_goes_on_from_the_states_it_is_given() {
    for text in [STEPS[0], STEPS[8], STEPS[20], STEPS[22], GATES[0], GATES[8], GATES[14], GATES[20]] {
        for reverse in [false, true] {
            eprintln!("{text}, reverse {reverse}");
            let b = cell(text, reverse);
            let states: Vec<_> = Model::<f64>::new(&b.graph(), 1)
                .program
                .states
                .iter()
                .enumerate()
                .map(|(i, state)| {
                    values(
                        &state.name,
                        &[LENGTHS.len(), state.size],
                        numbers(LENGTHS.len() * state.size, 50 + i as u64),
                    )
                })
                .collect();
            check_forward(&b, &given(&b, &LENGTHS, 5), &states, 2);
            check_gradients(&b.graph(), &given(&b, &LENGTHS, 5), &states);
            let b = cell_from(text, reverse, &["h"]);
            check_forward(&b, &given(&b, &LENGTHS, 5), &[], 2);
            check_gradients(&b.graph(), &given(&b, &LENGTHS, 5), &[]);
        }
    }
}

/// A scan right on its input, whose numbers come from outside: only the scan's own values fill the tape.
#[test]
fn a_scan_right_on_its_input_runs_in_segments() {
    for (rows, time) in [(32, 256), (19, 400)] {
        for text in
            ["r = U h; s = add x r; n = tanh s; out n; h' = n", "n = gru x3 r h; r = U3 h; out n:h; h' = n:h"]
        {
            let b = cell(text, false);
            let tape = |memory: Value| {
                let model = model::<f32>(&b);
                let name = b.outputs[0]["name"].as_str().unwrap();
                let mut options = json!({ "losses": [{ "output": name, "loss": { "meanSquared": {} } }] });
                options.as_object_mut().unwrap().extend(memory.as_object().unwrap().clone());
                let y = values(name, &[rows, time, 3], numbers(rows * time * 3, 2));
                let x = given(&b, &vec![time as i32; rows], time);
                let report = trainer(&model, &options).unwrap().step(x, vec![y], false).unwrap().clone();
                (report.memory.tape, report.loss.to_bits(), model.parameters().unwrap())
            };
            let (whole, segmented) = (tape(json!({})), tape(json!({ "memory": "sqrt" })));
            assert!((whole.1, whole.2) == (segmented.1, segmented.2), "{text}");
            // Only the input and the losses of the steps stay whole.
            let input = rows * time * 3 * size_of::<f32>();
            let losses = rows * time * size_of::<(f64, u32)>();
            let (segmented, whole) = (segmented.0 - losses, whole.0 - losses);
            assert!(segmented * 4 < whole * 3, "{text}: {segmented} of {whole}, input {input}");
        }
    }
}
