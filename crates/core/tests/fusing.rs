//! Cells of every shape that could be taken for one fused step: what the graph says, whoever else reads its parts.
#![allow(missing_docs, clippy::allow_attributes, clippy::unwrap_used, reason = "tests")]

mod support;

use support::cells::{cell, cell_from, given};
use support::plain::check_forward;
use support::runs::{Model, check_gradients, numbers, values};
use support::shapes::{GATES, STEPS};
use support::tapes::check_tapes;

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
