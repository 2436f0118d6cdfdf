//! Cells of every shape that could be taken for one fused step: what the graph says, whoever else reads its parts.
#![allow(missing_docs, clippy::allow_attributes, clippy::unwrap_used, reason = "tests")]

mod support;

use support::cells::{cell, cell_from, given};
use support::plain::check_forward;
use support::runs::{Model, check_gradients, numbers, values};
use support::tapes::check_tapes;

const LENGTHS: [i32; 6] = [3, 5, 0, 1, 4, 2];

/// Pre-activation and product, each read by who else; what the pre-activation is.
const STEPS: [&str; 39] = [
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "p = W+ x; r = U+ h; s = add r p; n = sigmoid s; h' = n; out n",
    "p = W x; r = U h; s = add p r; n = relu s; h' = n; out n",
    "p = W x; r = U h; s = add p r; n = softmax s; h' = n; out n",
    // The pre-activation is read twice.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n p; h' = n; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n p",
    "p = W x; r = U h; s = add p r; n = tanh s; y = multiply n p; h' = y; out y",
    "p = W x; r = U h; q = V h; s = add p r; t = add p q; m = tanh s; n = sigmoid t; y = multiply m n; h' = y; out y",
    // It is what its own operation needs to go back.
    "w = W x; p = tanh w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = sigmoid w; r = U h; s = add r p; n = relu s; h' = n; out n",
    "w = W x; p = relu w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = softmax w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = norm w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = multiply w x; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = minus w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W3 x; p = third w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    // It comes from outside: of every step, of none, or read twice there.
    "r = U h; s = add x r; n = tanh s; h' = n; out n",
    "r = U h; s = add v r; n = tanh s; m = multiply n x; h' = m; out m",
    "r = U h; s = add x r; n = tanh s; y = multiply n x; h' = y; out y",
    // It is a state: another's past, another of the loop, the same.
    "q' = x; r = U h; s = add q r; n = tanh s; h' = n; out n",
    "w = W x; q' = w; r = U h; s = add q r; n = tanh s; h' = n; out n",
    "w = W x; o = tanh w; q' = o; r = U h; s = add q r; n = sigmoid s; h' = n; out n",
    "r = U h; s = add c r; n = tanh s; m = add n x; h' = n; c' = m; out n",
    "r = U h; s = add h r; n = tanh s; m = add n x; h' = m; out m",
    // It is made within the loop.
    "p = multiply x h; r = U h; s = add p r; n = tanh s; m = add n x; h' = m; out m",
    "q = V h; p = tanh q; r = U h; s = add p r; n = tanh s; m = add n x; h' = m; out m",
    "q = V h; o = add q x; p = tanh o; r = U h; s = add p r; n = sigmoid s; h' = n; out n",
    // The sum is read twice.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n s; h' = n; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n s",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = s; c' = n; out n",
    "p = W x; r = U h; s = add p r; m = tanh s; n = sigmoid s; y = multiply m n; h' = y; out y",
    // The product is read twice, or is both summands.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n r; h' = y; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n r",
    "r = U h; s = add r r; n = tanh s; m = add n x; h' = m; out m",
    // Both summands are products with a state.
    "q = V c; r = U h; s = add q r; n = tanh s; m = add n x; h' = n; c' = m; out m",
    // Three summands, the product at each place.
    "a = W x; b = V z; r = U h; s = add a r b; n = tanh s; h' = n; out n",
    "a = W x; b = V z; r = U h; s = add r a b; n = tanh s; h' = n; out n",
    "a = W x; b = V z; r = U h; s = add a b r; n = tanh s; h' = n; out n",
    // One step upon another.
    "p = W x; r = U h; s = add p r; m = tanh s; q = V m; t = add q z; n = sigmoid t; h' = n; out n m",
];

/// The same of the gates of an LSTM and a GRU.
const GATES: [&str; 25] = [
    "p = W4+ x; r = U4+ h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; r = U4 h; s = add r p; n = lstm s c; h' = n:h; c' = n:c; out n:h n:c",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h p",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h s",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h r",
    "w = W4 x; p = tanh w; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "r = U4 h; s = add x4 r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "r = U4 h; s = add v4 r; n = lstm s c; y = multiply n:h x; h' = y; c' = n:c; out y",
    "w = W4 x; q4' = w; r = U4 h; s = add q4 r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; q = V4 z; r = U4 h; s = add p r q; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; n = lstm p c; c' = n:c; out n:h",
    "w = W4 x; p = tanh w; n = lstm p c; c' = n:c; out n:h",
    "n = lstm x4 c; y = W n:h; c' = n:c; out y",
    "q4' = x4; n = lstm q4 c; y = W n:h; c' = n:c; out y",
    "p = W3+ x; r = U3+ h; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; r = U3 h; n = gru p r h; h' = n:h; out n:h p",
    "p = W3 x; r = U3 h; n = gru p r h; h' = n:h; out n:h r",
    "w = W3 x; p = tanh w; r = U3 h; n = gru p r h; h' = n:h; out n:h",
    "r = U3 h; n = gru x3 r h; h' = n:h; out n:h",
    "r = U3 h; n = gru v3 r h; y = multiply n:h x; h' = y; out y",
    "w = W3 x; q3' = w; r = U3 h; n = gru q3 r h; h' = n:h; out n:h",
    "p = W3 x; w = U3 h; r = tanh w; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; r = U3 z; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; n = gru p p h; h' = n:h; out n:h",
    "p = W3 x; r = U3 c; n = gru p r h; m = add n:h x; h' = n:h; c' = m; out n:h",
];

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
