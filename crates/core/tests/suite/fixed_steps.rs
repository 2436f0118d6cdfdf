//! Loops of a fixed number of steps, which no input feeds.

use crate::support::graphs::{Builder, node, sequence, tokens, vector};
use crate::support::runs::{Model, check_gradients, data, ids, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use crate::support::training::{self, step, trainer};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::model::Session;
use unrolled_core::program::Program;
use unrolled_core::storage::Tensor;
use unrolled_kernels::Element;

const SIZE: usize = 3;

fn fixed(count: usize) -> Value {
    json!({ "repeat": { "steps": { "count": count, "axis": format!("{count} steps") } } })
}

/// `s(t) = tanh(w s(t - 1) + b)`, a system of its own; its step sees an input that it does not read.
fn system(count: usize) -> Builder {
    let body = json!({ "nodes": [
        node("x", json!({ "input": { "vector": { "size": SIZE } } }), &[]),
        node("s", json!({ "state": { "size": SIZE } }), &[]),
        node("a", json!({ "linear": { "weight": "w", "bias": "b" } }), &["s"]),
        node("next", json!({ "activation": "tanh" }), &["a"]),
    ], "outputs": [{ "name": "output", "from": "next" }, { "name": "s", "from": "next" }] });
    let mut b = Builder::default();
    b.parameter("w", &[SIZE, SIZE]).parameter("b", &[SIZE]);
    b.node("s", vector(SIZE), &[]).node("steps", fixed(count), &["s"]);
    b.node("cell", json!({ "scan": { "initial": ["s"], "body": body } }), &["steps", "s"]);
    b.output("y", "cell:output").output("last", "cell:s");
    b
}

fn start<E: Element>(rows: usize) -> Tensor<E> {
    values("s", &[rows, SIZE], numbers(rows * SIZE, 6))
}

/// s(3) = f(f(s(1))): chapter 10, equation 10.3.
#[test]
fn two_steps_are_two_nested_calls() {
    let mut b = Builder::default();
    b.parameter("w", &[SIZE, SIZE]).parameter("b", &[SIZE]).node("s", vector(SIZE), &[]);
    let linear = json!({ "linear": { "weight": "w", "bias": "b" } });
    for (at, from) in [("1", "s"), ("2", "s1")] {
        b.node(&format!("a{at}"), linear.clone(), &[from]);
        b.node(&format!("s{at}"), json!({ "activation": "tanh" }), &[&format!("a{at}")]);
    }
    b.output("first", "s1").output("second", "s2");
    for threads in [1, 2] {
        let outputs = |b: &Builder| {
            let model = Model::<f32>::new(&b.graph(), threads);
            model.forward(&model.batch(vec![start(19)], vec![])).outputs
        };
        let (nested, unrolled) = (outputs(&b), outputs(&system(2)));
        assert_eq!(unrolled[0].shape, [19, 2, SIZE]);
        assert_eq!(unrolled[0].lengths, None);
        assert_eq!(bits(data(&unrolled[1])), bits(data(&nested[1])));
        for (row, steps) in data(&unrolled[0]).chunks(2 * SIZE).enumerate() {
            for (output, step) in nested.iter().zip(steps.chunks(SIZE)) {
                assert_eq!(bits(step), bits(&data(output)[row * SIZE..][..SIZE]));
            }
        }
    }
}

#[test]
fn a_loop_of_fixed_steps_has_the_slopes_of_its_arithmetic() {
    check_gradients(&system(4).graph(), &[start(5)], &[]);
    check_tapes("system", &system(40), &[start(18)]);
}

/// A vector at each step of a fixed axis is that vector at each step of a sequence of that length, to the bit.
#[test]
fn a_vector_is_repeated_so_many_times() {
    let graph = |op: Value, inputs: &[&str]| {
        let mut b = Builder::default();
        b.parameter("w", &[SIZE, SIZE]).parameter("table", &[4, SIZE]);
        b.node("s", vector(SIZE), &[]).node("like", sequence(1), &[]);
        b.node("one", json!({ "input": { "token": { "vocabulary": 4 } } }), &[]);
        let with = |first| [&[first], inputs].concat();
        b.node("p", json!({ "linear": { "weight": "w" } }), &["s"]);
        b.node("repeated", op.clone(), &with("p")).node("ids", op, &with("one"));
        b.node("e", json!({ "embedding": { "weight": "table" } }), &["ids"]);
        b.node("x", json!("multiply"), &["repeated", "e"]);
        b.layer("a", "gru", 0, "x", [SIZE, 5], true, false, &[]).output("y", "a:output");
        b
    };
    let rows = 17;
    let given = vec![
        start::<f32>(rows),
        values("like", &[rows, 6, 1], vec![0.0; rows * 6]),
        ids("one", &[rows], (0..rows).map(|i| (i % 4) as i32).collect()),
    ];
    let run = |b: &Builder| {
        let model = Model::<f32>::new(&b.graph(), 2);
        let batch = model.batch(given.clone(), vec![]);
        let output = bits(data(&model.forward(&batch).outputs[0]));
        let (parameters, inputs) = model.gradient(&batch, &model.upstream(&batch));
        (output, bits(&parameters), inputs.iter().map(|tensor| bits(data(tensor))).collect::<Vec<_>>())
    };
    let (fixed, like) = (run(&graph(fixed(6), &[])), run(&graph(json!({ "repeat": {} }), &["like"])));
    assert!(fixed == like);
    assert!(fixed.1.iter().any(|&x| x != 0));
}

/// Targets have as many steps as the axis; batches of other counts of rows follow one another.
#[test]
fn a_loop_of_fixed_steps_learns() {
    let mut b = system(3);
    b.outputs.pop();
    let model = training::model::<f32>(&b);
    let mut training = trainer(&model, &json!({})).unwrap();
    let losses: Vec<f64> = [8, 8, 8, 5, 8, 8, 8]
        .map(|rows| {
            let y = values("y", &[rows, 3, SIZE], vec![0.5; rows * 3 * SIZE]);
            step(&mut training, &[start(rows)], &y, false).unwrap().loss
        })
        .to_vec();
    assert!(losses[6] < 0.5 * losses[0], "{losses:?}");
    let y = values("y", &[8, 4, SIZE], vec![0.5; 8 * 4 * SIZE]);
    let error = step(&mut training, &[start(8)], &y, false).unwrap_err();
    assert_eq!(error.code, Code::Shape, "{error}");
}

#[test]
fn what_cannot_be_repeated_is_refused() {
    let check = |b: &Builder, code: Code, words: &[&str]| {
        let error = Program::compile(&b.graph()).err().unwrap();
        assert!(error.code == code && words.iter().all(|word| error.message.contains(word)), "{error}");
    };
    let graph = |op: Value, inputs: &[&str]| {
        let mut b = Builder::default();
        b.node("s", vector(SIZE), &[]).node("x", sequence(2), &[]).node("t", tokens(4), &[]);
        b.node("y", op, inputs).output("y", "y");
        b
    };
    let named = |axis: &str| json!({ "repeat": { "steps": { "count": 4, "axis": axis } } });
    check(&graph(named("time"), &["s"]), Code::Graph, &["'y'", "'time'", "4 steps"]);
    check(&graph(fixed(0), &["s"]), Code::Argument, &["'y'", "received 0"]);
    check(&graph(fixed(1 << 25), &["s"]), Code::Argument, &["'y'", "received 33554432"]);
    check(&graph(fixed(4), &["x"]), Code::Kind, &["'y'", "a vector or a token", "sequence"]);
    check(&graph(fixed(4), &["t"]), Code::Kind, &["'y'", "a vector or a token", "tokens"]);
    check(&graph(fixed(4), &["s", "x"]), Code::Graph, &["'y'", "expected 1 inputs"]);
    check(&graph(json!({ "repeat": {} }), &["s"]), Code::Graph, &["'y'", "expected 2 inputs"]);
    check(&graph(json!({ "repeat": {} }), &["s", "s"]), Code::Kind, &["'y'", "with steps", "vector[3]"]);
    let mut b = graph(named("a"), &["s"]);
    b.node("z", json!({ "repeat": { "steps": { "count": 5, "axis": "a" } } }), &["s"]).output("z", "z");
    check(&b, Code::Graph, &["'a'", "which has others"]);
    // Nothing says which of the steps a stream pushes.
    let error = Session::new(training::model::<f32>(&system(3)), 1).err().unwrap();
    assert!(error.message.contains("node 'cell' runs for a fixed number of steps"), "{error}");
    let rows = 1 << 20;
    let network = training::model::<f32>(&system(1 << 20));
    let many = values("s", &[rows, SIZE], vec![0.0; rows * SIZE]);
    let error = network.predict(&network.snapshot(), vec![many], vec![]).err().unwrap();
    assert!(error.code == Code::Size && error.message.contains("axis '1048576 steps'"), "{error}");
}
