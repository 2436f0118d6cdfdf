//! Short predictions for a caller that must not wait.

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{numbers, values};
use serde_json::json;
use unrolled_core::model::{Model, Precision};
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_kernels::{Isa, Kernels};

const ROWS: usize = 3;
const TIME: usize = 7;

fn model() -> Model<f32> {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).layer("a", "lstm", 0, "x", [2, 5], true, false, &[]);
    Model::new(b.output("y", "a:output").graph(), 3, Precision::Full).unwrap()
}

fn input() -> Tensor<f32> {
    values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5))
}

#[test]
fn little_work_is_done_at_once_to_the_same_bits_and_much_is_given_back() {
    let model = model();
    let at_once = model.predict_at_once(vec![input()], vec![]).unwrap();
    assert_eq!(at_once, model.predict(&model.snapshot(), vec![input()], vec![]));
    let long = || Tensor { shape: vec![1 << 20, 1 << 20, 2], ..input() };
    assert_eq!(model.predict_at_once(vec![long()], vec![]).unwrap_err(), (vec![long()], vec![]));
    let rows = || Tensor { shape: vec![1 << 16, 0, 2], ..input() };
    assert!(model.predict_at_once(vec![rows()], vec![]).is_err(), "many rows without a step");
    assert!(model.predict_at_once(vec![], vec![]).unwrap().is_err());
}

#[test]
fn how_much_is_little_depends_on_the_instructions() {
    let mut b = Builder::default();
    b.node("x", sequence(64), &[]).layer("a", "lstm", 0, "x", [64, 128], true, false, &[]);
    let model: Model<f32> = Model::new(b.output("y", "a:output").graph(), 3, Precision::Full).unwrap();
    let input = values("x", &[16, 16, 64], numbers(16 * 16 * 64, 5));
    let wide = matches!(Kernels::<f32>::detect().unwrap().isa(), Isa::Avx512 | Isa::Amx);
    assert_eq!(model.predict_at_once(vec![input], vec![]).is_ok(), wide);
}

#[test]
fn a_row_counts_where_it_is_narrow() {
    // A softmax of one number takes about 40 ns, whatever its arithmetic: 1280 of 50 steps take 3 ms.
    for nodes in [1, 1280] {
        let mut b = Builder::default();
        b.node("s0", sequence(1), &[]);
        for i in 1..=nodes {
            b.node(&format!("s{i}"), json!({ "activation": "softmax" }), &[&format!("s{}", i - 1)]);
        }
        let model: Model<f32> =
            Model::new(b.output("y", &format!("s{nodes}")).graph(), 3, Precision::Full).unwrap();
        let input = values("s0", &[1, 50, 1], numbers(50, 5));
        assert_eq!(model.predict_at_once(vec![input], vec![]).is_ok(), nodes == 1, "{nodes}");
    }
}

/// By hand: what goes in and out once a row (two numbers of each state and a place) and once a step (a number and a place),
/// and the largest product that a step waits for, wherever its loop stands.
#[test]
fn a_cost_counts_both_ends_and_the_largest_loop() {
    for sizes in [[5, 2], [2, 5]] {
        let [first, second] = sizes;
        let mut b = Builder::default();
        b.node("x", sequence(3), &[]).layer("a", "rnn_tanh", 0, "x", [3, first], true, false, &[]);
        b.layer("b", "rnn_tanh", 1, "a:output", [first, second], true, false, &[]);
        let cost = Program::compile(&b.output("y", "b:output").graph()).unwrap().cost();
        assert_eq!(cost.recurrent, 25, "{sizes:?}");
        assert_eq!(cost.numbers, [2 * 5 + 1 + 2 * 2 + 1, 3 + 1 + second + 1], "{sizes:?}");
    }
}
