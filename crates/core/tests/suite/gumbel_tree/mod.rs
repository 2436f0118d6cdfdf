//! The Gumbel Tree-LSTM against its paper's form, its laws and refusals.

mod reference;

use crate::support::backward::Backward;
use crate::support::graphs::{Builder, sequence, tokens, vector};
use crate::support::plain::close;
use crate::support::runs::{Model, data, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use reference::{Choice, Tree};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::program::{Program, Tape};
use unrolled_core::random::Stream;
use unrolled_core::storage::{RngKey, Tensor, Weights};
use unrolled_kernels::{Element, Kernels};

const SIZE: usize = 3;
const TIME: usize = 8;
const LENGTHS: [i32; 9] = [5, 8, 0, 1, 2, 3, 4, 8, 7];
const TRAINING: RngKey = RngKey { training: true, seed: 5, step: 2, time: 0, row: 40 };

fn op(temperature: f64) -> Value {
    json!({ "gumbelTree": { "weight": "weight", "bias": "bias", "query": "query", "temperature": temperature } })
}

/// A tree straight over given states.
fn tree(temperature: f64) -> Builder {
    let mut b = Builder::default();
    b.parameter("weight", &[5 * SIZE, 2 * SIZE]).parameter("bias", &[5 * SIZE]).parameter("query", &[SIZE]);
    b.node("x", sequence(2 * SIZE), &[]).node("tree", op(temperature), &["x"]);
    b.output("state", "tree:state").output("merges", "tree:merges");
    b
}

/// A tree between layers of other kinds, as in a model.
fn deep(size: usize) -> Builder {
    let mut b = Builder::default();
    b.parameter("leaf", &[2 * size, 4])
        .parameter("weight", &[5 * size, 2 * size])
        .parameter("bias", &[5 * size]);
    b.parameter("query", &[size]).parameter("out", &[2, 2 * size]);
    b.node("x", sequence(5), &[]);
    b.layer("a", "gru", 0, "x", [5, 4], true, false, &[]);
    b.node("leaves", json!({ "linear": { "weight": "leaf" } }), &["a:output"]);
    b.node("tree", op(0.7), &["leaves"]);
    b.node("y", json!({ "linear": { "weight": "out" } }), &["tree:state"]);
    b.output("y", "y").output("h", "a:h");
    b
}

fn given<E: Element>(rows: usize, time: usize, width: usize, lengths: Vec<i32>) -> Tensor<E> {
    let mut x = values("x", &[rows, time, width], numbers(rows * time * width, 11));
    x.lengths = Some(lengths);
    x
}

fn leaves() -> Tensor<f64> {
    given(LENGTHS.len(), TIME, 2 * SIZE, LENGTHS.to_vec())
}

/// A model whose scores differ enough that noise does not decide alone.
fn model(temperature: f64) -> Model<f64> {
    let mut model = Model::<f64>::new(&tree(temperature).graph(), 2);
    let mut values = model.weights.values().to_vec();
    let query = model.program.layout.find("query").unwrap().range();
    values[query].iter_mut().for_each(|x| *x *= 8.0);
    model.weights = Weights::new(&model.program, values, &model.pool).unwrap();
    model
}

fn reference(model: &Model<f64>, values: &[f64], temperature: f64) -> Tree {
    let of = |name: &str| values[model.program.layout.find(name).unwrap().range()].to_vec();
    Tree { size: SIZE, weight: of("weight"), bias: of("bias"), query: of("query"), temperature }
}

fn steps_of(x: &[f64], row: usize) -> Vec<Vec<f64>> {
    let own = &x[row * TIME * 2 * SIZE..];
    own.chunks(2 * SIZE).take(LENGTHS[row] as usize).map(<[f64]>::to_vec).collect()
}

/// The noise of the core: a stream of the node, by row and merge.
fn noise(key: RngKey, row: usize, t: usize, j: usize) -> f64 {
    if !key.training {
        return 0.0;
    }
    let mut draws = Stream::new(key.seed, "tree", key.step).at(key.row + row as u64, key.time + t as u64);
    let mut uniform = 0.0;
    (0..=j).for_each(|_| uniform = draws.uniform());
    -(-(uniform + 0.5 / (1_u64 << 53) as f64).ln()).ln()
}

fn places(choices: &[Choice]) -> Vec<f64> {
    choices.iter().map(|choice| choice.hard.iter().position(|&x| x == 1.0).unwrap() as f64).collect()
}

#[test]
fn the_tree_is_that_of_the_paper() {
    let (model, x) = (model(1.0), leaves());
    let tree = reference(&model, model.weights.values(), 1.0);
    let run = model.forward(&model.batch(vec![x.clone()], vec![]));
    let (states, merges) = (data(&run.outputs[0]), data(&run.outputs[1]));
    let mut first = 0;
    for (row, &length) in LENGTHS.iter().enumerate() {
        let grown = tree.grow(&steps_of(data(&x), row), |_, _| 0.0, None);
        close(&format!("row {row}"), &states[row * 2 * SIZE..][..2 * SIZE], &grown.root);
        let mut expected = places(&grown.choices);
        first += expected.iter().filter(|&&place| place == 0.0).count();
        expected.resize((length as usize).max(1) - 1, f64::NAN);
        if length > 0 {
            expected.push(-1.0);
        }
        expected.resize(TIME, 0.0);
        assert_eq!(merges[row * TIME..][..TIME], expected, "row {row}");
    }
    // Neither a chain from the left nor one from the right.
    let all: i32 = LENGTHS.iter().map(|&n| (n - 1).max(0)).sum();
    assert!(first > 8 && first < all as usize - 8, "{first} of {all}");
}

/// A loss of the root in one step, and its gradients: of the parameters, then of the leaves.
fn step(model: &Model<f64>, x: &Tensor<f64>, upstream: &[f64], key: RngKey) -> (f64, Vec<f64>, Vec<f64>) {
    let mut backward = Backward::new(&model.graph, &["state"], Tape::Whole, model.kernels);
    let mut gradients = vec![0.0; model.program.layout.total()];
    let batch = model.batch(vec![x.clone()], vec![]);
    let upstream = [upstream.to_vec()];
    let found = backward.run(&model.weights, &batch, &upstream, key, &model.pool, &mut gradients).unwrap();
    let mut scores = [unrolled_core::run::Score::default()];
    backward.engine.add_scores(&mut scores);
    (scores[0].loss, gradients, data(&found.inputs[0]).to_vec())
}

/// Losses of the paper's form, and its slopes by differences with the choices held.
#[test]
fn a_step_takes_the_losses_and_slopes_of_the_straight_through_choice() {
    for (key, temperature) in
        [(RngKey::default(), 1.0), (RngKey::default(), 0.4), (TRAINING, 1.0), (TRAINING, 2.5)]
    {
        let (model, x) = (model(temperature), leaves());
        let upstream: Vec<f64> = numbers(LENGTHS.len() * 2 * SIZE, 9);
        let (loss, gradients, inner) = step(&model, &x, &upstream, key);
        let held: Vec<Vec<Choice>> = (0..LENGTHS.len())
            .map(|row| {
                let tree = reference(&model, model.weights.values(), temperature);
                tree.grow(&steps_of(data(&x), row), |t, j| noise(key, row, t, j), None).choices
            })
            .collect();
        let total = |values: &[f64], x: &[f64]| -> f64 {
            let tree = reference(&model, values, temperature);
            let losses = (0..LENGTHS.len()).map(|row| {
                let grown = tree.grow(&steps_of(x, row), |t, j| noise(key, row, t, j), Some(&held[row]));
                grown.root.iter().zip(&upstream[row * 2 * SIZE..]).map(|(a, b)| a * b).sum::<f64>()
            });
            losses.sum()
        };
        let what = format!("training {}, temperature {temperature}", key.training);
        close(&what, &[loss], &[total(model.weights.values(), data(&x))]);
        let slopes = |numbers: &[f64], loss: &dyn Fn(&[f64]) -> f64, found: &[f64], what: &str| {
            for (i, &found) in found.iter().enumerate() {
                let moved = |by: f64| {
                    let mut numbers = numbers.to_vec();
                    numbers[i] += by;
                    loss(&numbers)
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(
                    (found - slope).abs() <= 1e-7 * slope.abs().max(1.0),
                    "{what}[{i}]: {found} is not {slope}"
                );
            }
        };
        let values = model.weights.values().to_vec();
        slopes(&values, &|values| total(values, data(&x)), &gradients, &format!("{what}: parameter"));
        slopes(data(&x), &|x| total(&values, x), &inner, &format!("{what}: leaf"));
    }
}

/// Noise changes trees, by row, step and seed.
#[test]
fn noise_belongs_to_row_step_and_seed() {
    let (model, x) = (model(1.0), leaves());
    let upstream: Vec<f64> = numbers(LENGTHS.len() * 2 * SIZE, 9);
    let loss = |key| step(&model, &x, &upstream, key).0.to_bits();
    let base = loss(TRAINING);
    assert_eq!(base, loss(TRAINING));
    for other in [
        RngKey::default(),
        RngKey { seed: 6, ..TRAINING },
        RngKey { step: 3, ..TRAINING },
        RngKey { row: 41, ..TRAINING },
    ] {
        assert_ne!(base, loss(other), "{other:?}");
    }
}

fn ragged<E: Element>(rows: usize, time: usize) -> Tensor<E> {
    given(rows, time, 5, (0..rows).map(|row| ((row * 7 + 4) % (time + 1)) as i32).collect())
}

/// Outputs and gradients in training, as bits.
fn everything<E: Element>(model: &Model<E>, x: Tensor<E>) -> Vec<Vec<u64>> {
    let batch = model.batch(vec![x], vec![]);
    let run = model.forward(&batch);
    let (gradients, inputs) = model.gradient(&batch, &model.upstream(&batch));
    let outputs = run.outputs.iter().chain(&inputs).map(|tensor| bits(data(tensor)));
    outputs.chain([bits(&gradients)]).collect()
}

#[test]
fn threads_and_instruction_sets_do_not_change_a_bit() {
    for (size, rows, time) in [(7, 37, 11), (90, 2, 5)] {
        let graph = deep(size).graph();
        let one = everything(&Model::<f32>::new(&graph, 1), ragged(rows, time));
        assert!(one.iter().all(|list| list.iter().any(|&x| x != 0)));
        for threads in 2..=4 {
            assert!(
                one == everything(&Model::<f32>::new(&graph, threads), ragged(rows, time)),
                "{threads} threads"
            );
        }
        for isa in Kernels::<f32>::available() {
            let other = Model::<f32>::with(&graph, 2, Kernels::with(isa).unwrap());
            assert!(one == everything(&other, ragged(rows, time)), "{isa:?}");
        }
    }
}

#[test]
fn every_tape_gives_the_same_bits() {
    check_tapes("a tree", &deep(5), &[ragged(19, 40)]);
}

/// Rows of a batch have the bits of each alone, with the noise of its place in the run.
#[test]
fn a_row_alone_has_the_same_bits() {
    let (rows, time) = (21, 9);
    let (model, x) = (Model::<f32>::new(&deep(6).graph(), 2), ragged::<f32>(rows, time));
    let whole = model.forward(&model.batch(vec![x.clone()], vec![]));
    let upstream = model.upstream(&model.batch(vec![x.clone()], vec![]));
    let run = |x: &Tensor<f32>, upstream: &[Vec<f32>], key| {
        let mut backward = Backward::new(&model.graph, &["y", "h"], Tape::Whole, model.kernels);
        let mut gradients = vec![0.0; model.program.layout.total()];
        let batch = model.batch(vec![x.clone()], vec![]);
        let found = backward.run(&model.weights, &batch, upstream, key, &model.pool, &mut gradients).unwrap();
        bits(data(&found.inputs[0]))
    };
    let together = run(&x, &upstream, TRAINING);
    for row in 0..rows {
        let length = x.lengths.as_ref().unwrap()[row] as usize;
        let own = values("x", &[1, length, 5], data(&x)[row * time * 5..][..length * 5].to_vec());
        let alone = model.forward(&model.batch(vec![own.clone()], vec![]));
        assert_eq!(
            bits(data(&alone.outputs[0])),
            bits(&data(&whole.outputs[0])[row * 2..][..2]),
            "row {row}"
        );
        let upstream = [upstream[0][row * 2..][..2].to_vec(), upstream[1][row * 4..][..4].to_vec()];
        let key = RngKey { row: TRAINING.row + row as u64, ..TRAINING };
        assert_eq!(run(&own, &upstream, key), together[row * time * 5..][..length * 5], "row {row}");
    }
}

/// Micro-batches of whole row groups add up to the whole batch, without bias too; not to the bit, for the three sums of each
/// weight go one after the other.
#[test]
fn row_groups_add_up() {
    let mut b = deep(4);
    let tree = b.nodes.iter_mut().find(|node| node["name"] == "tree").unwrap();
    tree["op"]["gumbelTree"]["bias"] = json!(null);
    b.parameters.retain(|parameter| parameter["name"] != "bias");
    let (model, x) = (Model::<f64>::new(&b.graph(), 1), ragged::<f64>(37, 7));
    let batch = model.batch(vec![x.clone()], vec![]);
    let upstream = model.upstream(&batch);
    let run = |x: Tensor<f64>, upstream: &[Vec<f64>], row, gradients: &mut [f64]| {
        let mut backward = Backward::new(&model.graph, &["y", "h"], Tape::Whole, model.kernels);
        let key = RngKey { row, ..TRAINING };
        let batch = model.batch(vec![x], vec![]);
        backward.run(&model.weights, &batch, upstream, key, &model.pool, gradients).unwrap();
    };
    let [mut whole, mut sum] = [(); 2].map(|()| vec![0.0; model.program.layout.total()]);
    run(x.clone(), &upstream, 0, &mut whole);
    for rows in [0..16, 16..37] {
        let pick = |list: &[f64], width: usize| list[rows.start * width..rows.end * width].to_vec();
        let mut part = values("x", &[rows.len(), 7, 5], pick(data(&x), 35));
        part.lengths = Some(x.lengths.as_ref().unwrap()[rows.clone()].to_vec());
        run(part, &[pick(&upstream[0], 2), pick(&upstream[1], 4)], rows.start as u64, &mut sum);
    }
    assert!(whole.iter().all(|&x| x != 0.0));
    close("gradients", &sum, &whole);
}

/// Equal states: of equal scores the first is chosen.
#[test]
fn the_first_of_equal_scores_is_chosen() {
    let model = model(1.0);
    let x = values("x", &[1, 4, 2 * SIZE], [0.5, -0.25, 1.0, 0.75, -1.0, 0.125].repeat(4));
    let run = model.forward(&model.batch(vec![x], vec![]));
    assert_eq!(data(&run.outputs[1])[0], 0.0);
}

#[test]
fn merges_send_nothing_back() {
    let mut b = tree(1.0);
    b.node("sum", json!("sumOverTime"), &["tree:merges"]);
    b.outputs.clear();
    b.output("y", "sum");
    let model = Model::<f64>::new(&b.graph(), 1);
    let (gradients, inputs) =
        model.gradient(&model.batch(vec![leaves()], vec![]), &[vec![1.0; LENGTHS.len()]]);
    assert!(gradients.iter().all(|&x| x == 0.0));
    assert!(inputs.iter().all(|tensor| data(tensor).iter().all(|&x| x == 0.0)));
}

#[test]
fn what_has_no_tree_is_refused() {
    let node = |input: Value, op: Value| {
        let mut b = Builder::default();
        b.parameter("weight", &[15, 6])
            .parameter("bias", &[15])
            .parameter("query", &[3])
            .parameter("four", &[4]);
        b.node("x", input, &[]).node("tree", op, &["x"]).output("y", "tree:state");
        Program::compile(&b.graph()).unwrap_err()
    };
    let with = |name: &str, value: Value| {
        let mut op = op(1.0);
        op["gumbelTree"][name] = value;
        op
    };
    let cases = [
        (vector(6), op(1.0), Code::Kind, "expected a sequence for a tree, received vector[6]"),
        (tokens(6), op(1.0), Code::Kind, "expected numbers, received tokens"),
        (sequence(5), op(1.0), Code::Shape, "expected states [h c] of an even number of features"),
        (sequence(8), op(1.0), Code::Shape, "expected parameter 'weight' of shape [20, 8]"),
        (sequence(6), with("query", json!("four")), Code::Shape, "expected parameter 'four' of shape [3]"),
        (
            sequence(6),
            with("bias", json!("four")),
            Code::Shape,
            "expected parameter 'four' of shape [15], received [4]",
        ),
        (sequence(6), op(0.0), Code::Argument, "expected temperature"),
        (sequence(6), op(-1.0), Code::Argument, "expected temperature"),
        (sequence(6), op(1e39), Code::Argument, "expected temperature"),
    ];
    for (input, op, code, message) in cases {
        let error = node(input, op);
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}

/// A tree needs all steps: no stream, and no chunk of time.
#[test]
fn a_tree_is_not_cut_in_time() {
    let reason = Program::compile(&tree(1.0).graph()).unwrap().indivisible();
    assert_eq!(reason.as_deref(), Some("node 'tree' builds a tree over the whole sequence"));
}
