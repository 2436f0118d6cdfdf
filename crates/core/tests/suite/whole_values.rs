//! Vectors that a scan reads: entered once, multiplied once, and not stored for every step.

use crate::support::graphs::{Builder, sequence, vector};
use crate::support::runs::{Model, data, numbers, values};
use crate::support::tapes;
use serde_json::{Value, json};
use unrolled_core::program::{Operation, Tape};
use unrolled_core::storage::Tensor;

const SIZE: usize = 24;
const CONTEXT: usize = 64;
const ROWS: usize = 37;
const TIME: usize = 61;

fn linear(weight: &str) -> Value {
    json!({ "linear": { "weight": weight } })
}

/// `h' = tanh(W x + R v + U h)`, with `v` a vector or a sequence.
fn graph(context: Value, reverse: bool) -> Builder {
    let mut b = Builder::default();
    b.parameter("W", &[SIZE, 3]).parameter("R", &[SIZE, CONTEXT]).parameter("U", &[SIZE, SIZE]);
    b.node("x", sequence(3), &[]).node("v", context, &[]);
    let node = crate::support::graphs::node;
    let body = json!({ "nodes": [
        node("x", vector(3), &[]),
        node("v", vector(CONTEXT), &[]),
        node("h", json!({ "state": { "size": SIZE } }), &[]),
        node("p", linear("W"), &["x"]),
        node("r", linear("R"), &["v"]),
        node("u", linear("U"), &["h"]),
        node("pr", json!("add"), &["p", "r"]),
        node("s", json!("add"), &["pr", "u"]),
        node("n", json!({ "activation": "tanh" }), &["s"]),
    ], "outputs": [{ "name": "h", "from": "n" }, { "name": "y", "from": "n" }] });
    b.node("a", json!({ "scan": { "reverse": reverse, "body": body } }), &["x", "v"]).output("y", "a:y");
    b
}

fn lengths() -> Vec<i32> {
    (0..ROWS).map(|row| ((row * 29 + 5) % (TIME + 1)) as i32).collect()
}

fn over_time(name: &str, size: usize, numbers: Vec<f32>) -> Tensor<f32> {
    let mut tensor = values(name, &[ROWS, TIME, size], numbers);
    tensor.lengths = Some(lengths());
    tensor
}

#[test]
fn a_vector_has_the_bits_of_itself_at_every_step() {
    let x = || over_time("x", 3, numbers(ROWS * TIME * 3, 1));
    let context: Vec<f32> = numbers(ROWS * CONTEXT, 2);
    let repeated: Vec<f32> = context.chunks(CONTEXT).flat_map(|row| row.repeat(TIME)).collect();
    for reverse in [false, true] {
        let run = |kind: Value, v: Tensor<f32>| {
            let model = Model::<f32>::new(&graph(kind, reverse).graph(), 2);
            let batch = model.batch(vec![x(), v], Vec::new());
            let outputs = model.forward(&batch).outputs;
            let (_, inputs) = model.gradient(&batch, &model.upstream(&batch));
            let gradient = |name: &str| data(inputs.iter().find(|t| t.name == name).unwrap()).to_vec();
            (data(&outputs[0]).to_vec(), gradient("x"), gradient("v"))
        };
        let once = run(vector(CONTEXT), values("v", &[ROWS, CONTEXT], context.clone()));
        let many = run(sequence(CONTEXT), over_time("v", CONTEXT, repeated.clone()));
        assert!(once.0 == many.0 && once.1 == many.1, "reverse {reverse}");
        for (row, once) in once.2.chunks(CONTEXT).enumerate() {
            for (k, &once) in once.iter().enumerate() {
                let at = |t: usize| f64::from(many.2[(row * TIME + t) * CONTEXT + k]);
                let sum: f64 = (0..TIME).map(at).sum();
                assert!((f64::from(once) - sum).abs() <= 1e-4 * sum.abs().max(1.0), "{once} is not {sum}");
            }
        }
    }
}

#[test]
fn a_vector_is_multiplied_once_and_takes_no_tape_for_steps() {
    let b = graph(vector(CONTEXT), false);
    let model = Model::<f32>::new(&b.graph(), 1);
    let over_rows = |value: usize| model.program.values[value].axis.is_none();
    let products = model.program.instructions.iter().filter(|i| matches!(i.op, Operation::Linear(_)));
    assert_eq!(products.filter(|i| over_rows(i.outputs[0])).count(), 1);
    let held = |b: &Builder, inputs: Vec<Tensor<f32>>| {
        let model = Model::<f32>::new(&b.graph(), 1);
        let batch = model.batch(inputs, Vec::new());
        let upstream = model.upstream(&batch);
        tapes::run(&model, &batch, &upstream, Tape::Whole).unwrap().1
    };
    let x = || over_time("x", 3, numbers(ROWS * TIME * 3, 1));
    let with = held(&b, vec![x(), values("v", &[ROWS, CONTEXT], numbers(ROWS * CONTEXT, 2))]);
    let mut plain = Builder::default();
    plain.layer("a", "rnn_tanh", 0, "x", [3, SIZE], false, false, &[]).output("y", "a:output");
    plain.nodes.insert(0, crate::support::graphs::node("x", sequence(3), &[]));
    let without = held(&plain, vec![x()]);
    // The vector, its product and their gradients, once a row; the sum of both products before the loop.
    let steps: usize = lengths().iter().map(|&n| n as usize).sum();
    let rows = 2 * ROWS * (CONTEXT + SIZE) * size_of::<f32>();
    let sum = 2 * steps * SIZE * size_of::<f32>();
    assert!(with <= without + rows + sum + 4096, "{with} bytes, {without} without the vector");
    assert!(sum < steps * CONTEXT * size_of::<f32>(), "this would not notice a vector at every step");
}
