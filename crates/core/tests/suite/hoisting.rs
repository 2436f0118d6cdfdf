//! States that wait for no state: out of the loop, with the results of the graph, in either direction.

use crate::support::cells::{cell, cell_from, given};
use crate::support::graphs::Builder;
use crate::support::plain::{check_forward, close};
use crate::support::runs::{Model, check_gradients, data, looped, numbers, values};
use crate::support::shapes::DELAYS;
use crate::support::tapes::check_tapes;
use unrolled_core::storage::Tensor;

const LENGTHS: [i32; 6] = [3, 5, 0, 1, 4, 2];

fn each(mut check: impl FnMut(&str, bool, &Builder)) {
    for (text, _) in DELAYS {
        for reverse in [false, true] {
            eprintln!("{text}, reverse {reverse}");
            check(text, reverse, &cell(text, reverse));
        }
    }
}

/// Numbers for all states of a model.
fn states(b: &Builder) -> Vec<Tensor<f64>> {
    let rows = LENGTHS.len();
    let model = Model::<f64>::new(&b.graph(), 1);
    let states = model.program.states.iter().enumerate();
    states
        .map(|(i, state)| values(&state.name, &[rows, state.size], numbers(rows * state.size, 50 + i as u64)))
        .collect()
}

#[test]
fn only_what_waits_for_a_state_is_in_the_loop() {
    for (text, expected) in DELAYS {
        for reverse in [false, true] {
            assert_eq!(looped(&cell(text, reverse).graph()), expected, "{text}, reverse {reverse}");
        }
    }
}

#[test]
fn a_delay_is_the_step_before() {
    each(|_, _, b| {
        for threads in [1, 2] {
            check_forward(b, &given(b, &LENGTHS, 5), &[], threads);
            check_forward(b, &given(b, &LENGTHS, 5), &states(b), threads);
        }
        check_gradients(&b.graph(), &given(b, &LENGTHS, 5), &[]);
        check_gradients(&b.graph(), &given(b, &LENGTHS, 5), &states(b));
    });
}

#[test]
fn a_delay_begins_with_what_the_graph_gives() {
    for (text, _) in DELAYS {
        for reverse in [false, true] {
            let named = |state: &&&str| text.contains(&format!("{state}' ="));
            for state in ["h", "q", "p", "o", "past", "g"].iter().filter(named) {
                eprintln!("{text}, {state}, reverse {reverse}");
                let b = cell_from(text, reverse, &[state]);
                check_forward(&b, &given(&b, &LENGTHS, 5), &[], 2);
                check_gradients(&b.graph(), &given(&b, &LENGTHS, 5), &[]);
            }
        }
    }
}

#[test]
fn a_delay_in_windows_has_the_bits_of_the_whole() {
    let lengths: Vec<i32> = (0..19).map(|row| (row * 29 + 5) % 38).collect();
    each(|text, reverse, b| check_tapes(&format!("{text}, reverse {reverse}"), b, &given(b, &lengths, 37)));
}

/// By hand: `y(t)` is `x(t - 1)`, or `x(t + 1)` from last to first, and the state is left at the step that ran last.
#[test]
fn a_pure_delay_by_hand() {
    for (reverse, y, last) in [(false, [9.0, 1.0, 2.0], 3.0), (true, [2.0, 3.0, 9.0], 1.0)] {
        let b = cell("n = minus q; out n; q' = x", reverse);
        let model = Model::<f64>::new(&b.graph(), 1);
        let spread = |all: &[f64]| all.iter().flat_map(|&x| [x, 10.0 * x, -x]).collect::<Vec<_>>();
        let mut x = values("x", &[2, 4, 3], spread(&[1.0, 2.0, 3.0, 0.0, 7.0, 7.0, 7.0, 7.0]));
        x.lengths = Some(vec![3, 0]);
        let begin = values("a:q", &[2, 3], spread(&[9.0, 8.0]));
        let run = model.forward(&model.batch(vec![x], vec![begin]));
        let affine = |x: f64| 0.25 - 0.75 * x;
        let expected: Vec<f64> = spread(&y).into_iter().map(affine).collect();
        close("y", &data(&run.outputs[0])[..9], &expected);
        assert_eq!(data(&run.outputs[0])[9..], [0.0; 15]);
        assert_eq!(data(&run.states[0]), spread(&[last, 8.0]), "a row without steps keeps its state");
        assert_eq!(data(&run.outputs[1]), data(&run.states[0]));
    }
}
