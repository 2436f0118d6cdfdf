//! Every operation against its arithmetic, worked by hand step by step; its gradients against slopes.

use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::operations::{inputs, operations};
use crate::support::plain::{check_forward, close};
use crate::support::runs::{Model, check_gradients, data, ids, numbers, values};
use crate::support::tapes::check_tapes;
use serde_json::json;
use unrolled_core::Code;
use unrolled_core::model::{Model as Network, Precision};
use unrolled_core::program::Program;

const LENGTHS: [i32; 6] = [3, 5, 0, 1, 4, 2];

#[test]
fn an_operation_is_its_arithmetic() {
    for (what, b) in operations() {
        eprintln!("{what}");
        for threads in [1, 2] {
            check_forward(&b, &inputs(&b, &LENGTHS, 5, 3), &[], threads);
        }
    }
}

#[test]
fn an_operation_has_the_slopes_of_its_arithmetic() {
    for (what, b) in operations() {
        eprintln!("{what}");
        check_gradients(&b.graph(), &inputs(&b, &LENGTHS, 5, 3), &[]);
    }
}

/// d Σ x² y / dx = 2 x y, whichever factor is named twice.
#[test]
fn a_factor_named_twice_has_both_its_gradients() {
    let x: [f64; 3] = [0.5, -2.0, 3.0];
    let z: [f64; 3] = [-1.5, 0.25, 4.0];
    let slopes = |factors: &[&str]| {
        let mut b = Builder::default();
        b.node("x", sequence(3), &[]).node("z", sequence(3), &[]);
        b.node("y", json!("multiply"), factors).output("y", "y");
        let model = Model::<f64>::new(&b.graph(), 1);
        let given = [("x", x), ("z", z)].map(|(name, x)| values(name, &[1, 1, 3], x.to_vec()));
        let (_, inner) = model.gradient(&model.batch(given.to_vec(), vec![]), &[vec![1.0; 3]]);
        inner.iter().map(|tensor| data(tensor).to_vec()).collect::<Vec<_>>()
    };
    let of = |by: fn(f64, f64) -> f64| -> Vec<f64> { x.iter().zip(z).map(|(&x, z)| by(x, z)).collect() };
    close("x x", &slopes(&["x", "x"])[0], &of(|x, _| 2.0 * x));
    close("x x x", &slopes(&["x", "x", "x"])[0], &of(|x, _| 3.0 * x * x));
    for factors in [["x", "x", "z"], ["x", "z", "x"], ["z", "x", "x"]] {
        let found = slopes(&factors);
        close("x x z, x", &found[0], &of(|x, z| 2.0 * x * z));
        close("x x z, z", &found[1], &of(|x, _| x * x));
    }
}

#[test]
fn the_first_of_the_largest_gets_the_gradient() {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).node("y", json!("max"), &["x"]).output("y", "y");
    let model = Model::<f64>::new(&b.graph(), 1);
    // The first feature is largest at steps 1 and 3, the second at steps 0, 1 and 2.
    let mut x = values("x", &[1, 5, 2], vec![1.0, 7.0, 4.0, 7.0, 2.0, 7.0, 4.0, 0.0, 9.0, 9.0]);
    x.lengths = Some(vec![4]);
    let (_, inner) = model.gradient(&model.batch(vec![x], vec![]), &[vec![0.5, -3.0]]);
    assert_eq!(data(&inner[0]), [0.0, -3.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

fn embedding(padding: u32, kind: &str) -> Builder {
    let mut b = Builder::default();
    let input =
        if kind == "tokens" { tokens(4) } else { json!({ "input": { "token": { "vocabulary": 4 } } }) };
    b.parameter("table", &[4, 3]).node("t", input, &[]);
    b.node("y", json!({ "embedding": { "weight": "table", "padding": padding } }), &["t"]).output("y", "y");
    b
}

/// Padding's row of the table is neither read nor trained, whatever its numbers.
#[test]
fn a_padding_id_gives_zeros_and_gets_no_gradient() {
    for padding in [0, 2, 3] {
        for (kind, shape) in [("tokens", &[2, 3][..]), ("token", &[6])] {
            let model = Model::<f64>::new(&embedding(padding, kind).graph(), 1);
            let table = model.weights.values().to_vec();
            assert!(table.iter().all(|&x| x != 0.0));
            let t = [3, 0, 2, 2, 1, 3];
            let batch = model.batch(vec![ids("t", shape, t.to_vec())], vec![]);
            let own = |id: i32| {
                if id == padding as i32 { [0.0; 3] } else { [0, 1, 2].map(|k| table[id as usize * 3 + k]) }
            };
            assert_eq!(data(&model.forward(&batch).outputs[0]), t.map(own).concat(), "{padding}");
            let counts = [0, 1, 2, 3]
                .map(|id| if id == padding as i32 { 0 } else { t.iter().filter(|&&x| x == id).count() });
            let (gradient, _) = model.gradient(&batch, &[vec![1.0; 18]]);
            assert_eq!(gradient, counts.map(|n| [n as f64; 3]).concat(), "{padding}");
        }
    }
}

/// Rows wider than are summed at a time: each number of the table gets the sum of its own.
#[test]
fn a_wide_table_gets_the_sum_of_each_id() {
    let (vocabulary, size, rows, time) = (3, 530, 2, 20);
    let mut b = Builder::default();
    b.parameter("table", &[vocabulary, size]).node("t", tokens(vocabulary), &[]);
    b.node("e", json!({ "embedding": { "weight": "table" } }), &["t"]).output("y", "e");
    let named: Vec<i32> = (0..rows * time).map(|i| (i * i % 3) as i32).collect();
    let model = Model::<f64>::new(&b.graph(), 2);
    let batch = model.batch(vec![ids("t", &[rows, time], named.clone())], vec![]);
    let upstream: Vec<f64> = numbers(rows * time * size, 4);
    let (found, _) = model.gradient(&batch, std::slice::from_ref(&upstream));
    let mut expected = vec![0.0; vocabulary * size];
    for (item, &id) in named.iter().enumerate() {
        for k in 0..size {
            expected[id as usize * size + k] += upstream[item * size + k];
        }
    }
    close("table", &found, &expected);
}

/// Straight into a cell, so that the operation runs in the cell's segments.
#[test]
fn a_padding_id_gets_no_gradient_in_segments() {
    for cell in ["rnn_tanh", "lstm", "gru"] {
        let mut b = Builder::default();
        b.parameter("table", &[6, 3]).node("t", tokens(6), &[]);
        b.node("e", json!({ "embedding": { "weight": "table", "padding": 2 } }), &["t"]);
        b.layer("a", cell, 0, "e", [3, 5], true, false, &[]).output("y", "a:output");
        let mut t = ids("t", &[18, 40], (0..18 * 40).map(|i| i * 7 % 6).collect());
        t.lengths = Some((0..18).map(|row| 40 - row).collect());
        check_tapes(cell, &b, &[t]);
    }
}

#[test]
fn a_padding_id_is_below_the_vocabulary() {
    let refused = |b: &Builder| Program::compile(&b.graph()).err().map(|error| (error.code, error.message));
    assert_eq!(refused(&embedding(3, "tokens")), None);
    for padding in [4, 5, u32::MAX] {
        for kind in ["tokens", "token"] {
            let (code, message) = refused(&embedding(padding, kind)).unwrap();
            assert_eq!(code, Code::Argument);
            assert!(
                ["'y'", &padding.to_string(), "4"].iter().all(|word| message.contains(word)),
                "{message}"
            );
        }
    }
    // A file may have such an id too.
    let model = Network::<f32>::new(embedding(3, "tokens").graph(), 3, Precision::Full).unwrap();
    let bytes = model.to_bytes(&model.snapshot(), None).unwrap();
    let file = unrolled_core::format::read(&bytes).unwrap();
    let edited = file.metadata.iter().map(|(key, text)| {
        let text = text.replace("\"padding\":3", "\"padding\":4");
        (key.clone(), text)
    });
    let tensors: Vec<_> =
        file.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    let edited = unrolled_core::format::write(edited.collect(), &tensors).unwrap();
    assert_ne!(edited, bytes);
    let error = Network::<f32>::from_bytes(&edited, Precision::Full).err().unwrap();
    assert!(error.message.contains("expected a padding id below the vocabulary of 4, received 4"), "{error}");
}

/// The slope of |x| at 0 is 0, and the sign of zero is lost.
#[test]
fn a_magnitude_has_no_slope_at_zero() {
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]);
    b.node("x", vector(1), &[]).node("y", json!("abs"), &["x"]).node(
        "unused",
        json!({ "linear": { "weight": "w" } }),
        &["y"],
    );
    b.output("y", "y").output("unused", "unused");
    let model = Model::<f64>::new(&b.graph(), 1);
    let batch = model.batch(vec![values("x", &[4, 1], vec![-2.0, -0.0, 0.0, 3.0])], vec![]);
    let outputs = model.forward(&batch).outputs;
    assert_eq!(
        data(&outputs[0]).iter().map(|y| y.to_bits()).collect::<Vec<_>>(),
        [2.0_f64, 0.0, 0.0, 3.0].map(f64::to_bits)
    );
    let (_, inner) = model.gradient(&batch, &[vec![5.0; 4], vec![0.0; 4]]);
    assert_eq!(*data(&inner[0]), [-5.0, 0.0, 0.0, 5.0]);
}

fn slopes(
    op: serde_json::Value,
    inputs: &[(&str, Vec<f64>)],
    upstream: Vec<f64>,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]);
    for (name, _) in inputs {
        b.node(name, vector(1), &[]);
    }
    let names: Vec<&str> = inputs.iter().map(|&(name, _)| name).collect();
    b.node("y", op, &names).node("unused", json!({ "linear": { "weight": "w" } }), &["y"]);
    b.output("y", "y").output("unused", "unused");
    let model = Model::<f64>::new(&b.graph(), 1);
    let given = inputs.iter().map(|(name, x)| values(name, &[x.len(), 1], x.clone())).collect();
    let batch = model.batch(given, vec![]);
    let outputs = model.forward(&batch).outputs;
    let zeros = vec![0.0; upstream.len()];
    let (_, inner) = model.gradient(&batch, &[upstream, zeros]);
    (data(&outputs[0]).to_vec(), inner.iter().map(|tensor| data(tensor).to_vec()).collect())
}

/// The values of `PyTorch`: halves at ties, and the lower side of a corner.
#[test]
fn corners_have_the_slopes_of_pytorch() {
    let (y, dx) =
        slopes(json!("maximum"), &[("a", vec![1.0, 2.0, -3.0]), ("b", vec![1.0, 5.0, -4.0])], vec![8.0; 3]);
    assert_eq!((y, dx), (vec![1.0, 5.0, -3.0], vec![vec![4.0, 0.0, 8.0], vec![4.0, 8.0, 0.0]]));
    let (y, dx) =
        slopes(json!("minimum"), &[("a", vec![1.0, 2.0, -3.0]), ("b", vec![1.0, 5.0, -4.0])], vec![8.0; 3]);
    assert_eq!((y, dx), (vec![1.0, 2.0, -4.0], vec![vec![4.0, 8.0, 0.0], vec![4.0, 0.0, 8.0]]));
    let (y, dx) =
        slopes(json!({ "leakyRelu": { "slope": 0.25 } }), &[("x", vec![0.0, -4.0, 4.0])], vec![1.0; 3]);
    assert_eq!((y, dx), (vec![0.0, -1.0, 4.0], vec![vec![0.25, 0.25, 1.0]]));
    let (y, dx) = slopes(json!({ "elu": { "alpha": 2.0 } }), &[("x", vec![0.0, -800.0, 4.0])], vec![1.0; 3]);
    assert_eq!((y, dx), (vec![0.0, -2.0, 4.0], vec![vec![2.0, 0.0, 1.0]]));
    let (y, dx) =
        slopes(json!({ "activation": "hardSigmoid" }), &[("x", vec![-3.0, 3.0, 9.0])], vec![6.0; 3]);
    assert_eq!((y, dx), (vec![0.0, 1.0, 1.0], vec![vec![0.0, 0.0, 0.0]]));
    let (y, dx) = slopes(json!({ "activation": "softplus" }), &[("x", vec![1000.0, -1000.0])], vec![1.0; 2]);
    assert_eq!((y, dx), (vec![1000.0, 0.0], vec![vec![1.0, 0.0]]));
    let (y, dx) = slopes(json!({ "activation": "gelu" }), &[("x", vec![40.0, -40.0])], vec![1.0; 2]);
    assert_eq!((y, dx), (vec![40.0, 0.0], vec![vec![1.0, 0.0]]));
}

/// An infinity that is not chosen stays out; the condition has no slope.
#[test]
fn a_choice_keeps_nothing_of_the_other() {
    let given = [("c", vec![-0.5, 0.0]), ("a", vec![1.0, 7.0]), ("b", vec![9.0, 4.0])];
    let (y, dx) = slopes(json!("where"), &given, vec![3.0, 5.0]);
    assert_eq!((y, dx), (vec![1.0, 4.0], vec![vec![0.0, 0.0], vec![3.0, 0.0], vec![0.0, 5.0]]));
    let mut b = Builder::default();
    b.node("c", vector(1), &[]).node("a", vector(1), &[]).node("log", json!("log"), &["a"]);
    b.node("y", json!("where"), &["c", "log", "a"]).output("y", "y");
    let model = Model::<f64>::new(&b.graph(), 1);
    let batch =
        model.batch(vec![values("c", &[2, 1], vec![1.0, 0.0]), values("a", &[2, 1], vec![1.0, 0.0])], vec![]);
    assert_eq!(data(&model.forward(&batch).outputs[0]), [0.0, 0.0]);
}

/// d (x detach(x)) / dx = x: the second factor counts as a number.
#[test]
fn a_detached_value_sends_no_gradient() {
    let mut b = Builder::default();
    b.parameter("w", &[3, 3]).node("x", sequence(3), &[]);
    b.node("p", json!({ "linear": { "weight": "w" } }), &["x"]);
    b.node("d", json!("detach"), &["p"]).node("y", json!("multiply"), &["p", "d"]).output("y", "y");
    let mut other = Builder::default();
    other.parameter("w", &[3, 3]).node("x", sequence(3), &[]);
    other.node("p", json!({ "linear": { "weight": "w" } }), &["x"]);
    other.node("y", json!("multiply"), &["p", "p"]).output("y", "y");
    let gradient = |b: &Builder, scale: f64| {
        let model = Model::<f64>::new(&b.graph(), 2);
        let batch = model.batch(inputs(b, &LENGTHS, 5, 3), vec![]);
        model.gradient(&batch, &[vec![scale; LENGTHS.len() * 15]]).0
    };
    close("half of the square's", &gradient(&b, 1.0), &gradient(&other, 0.5));
    // A model of which nothing but a detached value reaches the loss learns nothing.
    b.nodes.pop();
    b.outputs.clear();
    b.output("y", "d");
    assert!(gradient(&b, 1.0).iter().all(|&x| x == 0.0));
}

/// `PyTorch` takes the first of equal numbers, and a NaN before all numbers.
#[test]
fn the_largest_is_one_of_the_features() {
    let choices = |numbers: &[f64]| {
        let mut b = Builder::default();
        b.node("x", vector(numbers.len()), &[]).node("y", json!("argmax"), &["x"]).output("y", "y");
        let model = Model::<f64>::new(&b.graph(), 1);
        let batch = model.batch(vec![values("x", &[1, numbers.len()], numbers.to_vec())], vec![]);
        data(&model.forward(&batch).outputs[0]).to_vec()
    };
    assert_eq!(choices(&[1.0, 3.0, 3.0, -2.0]), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(choices(&[-0.0, 0.0]), [1.0, 0.0]);
    assert_eq!(choices(&[-7.0]), [1.0]);
    // An infinity minus itself is NaN, which an input may not be.
    let mut b = Builder::default();
    b.node("x", vector(3), &[]).node("log", json!("log"), &["x"]).node("y", json!("argmax"), &["log"]);
    b.output("y", "y");
    let model = Model::<f64>::new(&b.graph(), 1);
    let batch = model.batch(vec![values("x", &[1, 3], vec![9.0, -1.0, -2.0])], vec![]);
    assert_eq!(data(&model.forward(&batch).outputs[0]), [0.0, 1.0, 0.0]);
}

/// The value of the one and the gradient of the other, whichever of them is a vector.
#[test]
fn a_straight_through_choice_learns_as_the_soft_one() {
    let (hard, soft) = (vec![1.0, 0.0, 0.1, 7.0, 1e30, -3.0], vec![0.1, 0.2, 0.3, 0.4, 1e-30, 0.6]);
    let (y, dx) = slopes(
        json!("straightThrough"),
        &[("hard", hard.clone()), ("soft", soft)],
        vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    );
    assert_eq!((y, dx), (hard, vec![vec![0.0; 6], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]));
    for over_time in [true, false] {
        let mut b = Builder::default();
        b.parameter("w", &[3, 3]).node("x", sequence(3), &[]).node("v", vector(3), &[]);
        let pair = if over_time { ["v", "p"] } else { ["x", "p"] };
        b.node("p", json!({ "linear": { "weight": "w" } }), &[if over_time { "x" } else { "v" }]);
        b.node("y", json!("straightThrough"), &pair).output("y", "y");
        let model = Model::<f64>::new(&b.graph(), 2);
        let given = inputs(&b, &LENGTHS, 5, 3);
        let batch = model.batch(given.clone(), vec![]);
        let upstream = model.upstream(&batch);
        let (found, _) = model.gradient(&batch, &upstream);
        let mut plain = Builder::default();
        plain.parameter("w", &[3, 3]).node("x", sequence(3), &[]).node("v", vector(3), &[]);
        plain.node("p", json!({ "linear": { "weight": "w" } }), &[if over_time { "x" } else { "v" }]);
        plain.node("zero", json!({ "affine": { "scale": 0.0, "shift": 0.0 } }), &["x"]);
        plain.node("y", json!("add"), &["zero", "p"]).output("y", "y");
        let model = Model::<f64>::new(&plain.graph(), 2);
        let (expected, _) = model.gradient(&model.batch(given, vec![]), &upstream);
        close("soft", &found, &expected);
        assert!(found.iter().any(|&x| x != 0.0));
    }
}
