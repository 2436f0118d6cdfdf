//! Ids that a program chooses: free running, teachers, samples, and states that hold an id.

use crate::support::backward::Backward;
use crate::support::graphs::{Builder, node, tokens, vector};
use crate::support::plain::close;
use crate::support::runs::{Model, check_gradients, data, ids, looped, numbers, values};
use crate::support::tapes::{bits, check_tapes};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::model::{Model as Network, Precision, Session};
use unrolled_core::program::{Program, Tape};
use unrolled_core::random::Stream;
use unrolled_core::storage::{RngKey, Tensor};
use unrolled_kernels::Element;

const IDS: usize = 5;
const SIZE: usize = 4;
const START: usize = 2;
const LENGTHS: [i32; 6] = [7, 3, 0, 1, 9, 9];
const TIME: usize = 9;

fn choose(by: &str, ratio: f64, evaluation: &str) -> Value {
    json!({ "choose": { "by": by, "ratio": ratio, "evaluation": evaluation } })
}

/// A decoder that reads the id of the step before: its own choice, or the teacher's.
fn decoder(op: Value) -> Builder {
    let linear = |weight: &str| json!({ "linear": { "weight": weight } });
    let body = json!({ "nodes": [
        node("taught", json!({ "input": { "token": { "vocabulary": IDS } } }), &[]),
        node("h", json!({ "state": { "size": SIZE } }), &[]),
        node("y", json!({ "tokenState": { "vocabulary": IDS, "start": START } }), &[]),
        node("e", json!({ "embedding": { "weight": "table" } }), &["y"]),
        node("in", linear("ih"), &["e"]),
        node("rec", linear("hh"), &["h"]),
        node("sum", json!("add"), &["in", "rec"]),
        node("next", json!({ "activation": "tanh" }), &["sum"]),
        node("scores", linear("out"), &["next"]),
        node("chosen", op, &["scores", "taught"]),
    ], "outputs": [
        { "name": "output", "from": "scores" }, { "name": "h", "from": "next" }, { "name": "y", "from": "chosen" },
    ] });
    let mut b = parameters();
    b.node("teacher", tokens(IDS), &[]).node("v", vector(SIZE), &[]);
    b.node("cell", json!({ "scan": { "initial": ["h"], "body": body } }), &["teacher", "v"]);
    b.output("scores", "cell:output");
    b
}

fn parameters() -> Builder {
    let mut b = Builder::default();
    b.parameter("table", &[IDS, 3]).parameter("ih", &[SIZE, 3]).parameter("hh", &[SIZE, SIZE]);
    b.parameter("out", &[IDS, SIZE]);
    b
}

/// The same decoder, fed the teacher's ids from outside.
fn fed() -> Builder {
    let mut b = parameters();
    b.node("teacher", tokens(IDS), &[]).node("v", vector(SIZE), &[]);
    b.node("before", json!({ "shift": { "start": START } }), &["teacher"]);
    b.node("e", json!({ "embedding": { "weight": "table" } }), &["before"]);
    let linear = |weight: &str| json!({ "linear": { "weight": weight } });
    let body = json!({ "nodes": [
        node("e", json!({ "input": { "vector": { "size": 3 } } }), &[]),
        node("h", json!({ "state": { "size": SIZE } }), &[]),
        node("in", linear("ih"), &["e"]),
        node("rec", linear("hh"), &["h"]),
        node("sum", json!("add"), &["in", "rec"]),
        node("next", json!({ "activation": "tanh" }), &["sum"]),
        node("scores", linear("out"), &["next"]),
    ], "outputs": [{ "name": "output", "from": "scores" }, { "name": "h", "from": "next" }] });
    b.node("cell", json!({ "scan": { "initial": ["h"], "body": body } }), &["e", "v"]);
    b.output("scores", "cell:output");
    b
}

fn inputs<E: Element>(lengths: &[i32], time: usize) -> Vec<Tensor<E>> {
    let rows = lengths.len();
    let mut teacher =
        ids("teacher", &[rows, time], (0..rows * time).map(|i| (i * i * 7 % IDS) as i32).collect());
    teacher.lengths = Some(lengths.to_vec());
    vec![teacher, values("v", &[rows, SIZE], numbers(rows * SIZE, 5))]
}

/// Gradients in training: of the parameters, and by name of inputs and initial states.
fn train<E: Element>(b: &Builder, given: &[Tensor<E>], threads: usize) -> Vec<(String, Vec<E>)> {
    let model = Model::<E>::new(&b.graph(), threads);
    let batch = model.batch(given.to_vec(), vec![]);
    let upstream = model.upstream(&batch);
    let mut backward = Backward::new(&b.graph(), &["scores"], Tape::Whole, model.kernels);
    let mut gradients = vec![E::ZERO; model.program.layout.total()];
    let found =
        backward.run(&model.weights, &batch, &upstream, TRAINING, &model.pool, &mut gradients).unwrap();
    let inputs = found.inputs.iter().map(|tensor| (tensor.name.clone(), data(tensor).to_vec()));
    [("parameters".to_owned(), gradients)].into_iter().chain(inputs).collect()
}

const TRAINING: RngKey = RngKey { training: true, seed: 3, step: 0, time: 0, row: 0 };

/// Worked by hand: each step reads the largest of the scores of the step before.
#[test]
fn a_decoder_runs_freely_as_a_plain_loop_does() {
    for (op, forced) in [(choose("argmax", 0.25, "free"), false), (choose("sample", 0.5, "forced"), true)] {
        let b = decoder(op);
        let model = Model::<f64>::new(&b.graph(), 2);
        let given = inputs(&LENGTHS, TIME);
        let run = model.forward(&model.batch(given.clone(), vec![]));
        let weight = |name: &str| {
            let entry = model.program.layout.find(name).unwrap();
            model.weights.values()[entry.range()]
                .chunks(entry.shape[1])
                .map(<[f64]>::to_vec)
                .collect::<Vec<_>>()
        };
        let [table, ih, hh, out] = ["table", "ih", "hh", "out"].map(weight);
        let product = |w: &[Vec<f64>], x: &[f64]| -> Vec<f64> {
            w.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
        };
        let mut seen = std::collections::BTreeSet::new();
        for (row, &length) in LENGTHS.iter().enumerate() {
            let mut h = data(&given[1])[row * SIZE..][..SIZE].to_vec();
            let mut y = START;
            for t in 0..length as usize {
                let (a, r) = (product(&ih, &table[y]), product(&hh, &h));
                h = a.iter().zip(&r).map(|(a, r)| (a + r).tanh()).collect();
                let scores = product(&out, &h);
                let at = (row * TIME + t) * IDS;
                close(&format!("row {row}, step {t}"), &data(&run.outputs[0])[at..at + IDS], &scores);
                let largest = (0..IDS).reduce(|a, b| if scores[b] > scores[a] { b } else { a }).unwrap();
                y = if forced { (row * TIME + t).pow(2) * 7 % IDS } else { largest };
                seen.insert(y);
            }
            // The state of each row after its last step.
            let last = run.states.iter().find(|state| state.name == "cell:y").unwrap();
            assert_eq!(data(last)[row], y as f64);
        }
        assert!(seen.len() > 1, "{seen:?}");
    }
}

#[test]
fn a_decoder_has_the_slopes_of_its_arithmetic() {
    check_gradients(&decoder(choose("argmax", 0.0, "free")).graph(), &inputs(&LENGTHS, TIME), &[]);
}

/// Ratio 1 is the teacher's sequence fed in by hand: outputs to the bit, gradients to rounding, since a loop adds the gradient
/// of its scores to that of the step after and not the other way round.
#[test]
fn a_teacher_at_ratio_one_is_a_sequence_that_is_fed() {
    let taught = decoder(choose("sample", 1.0, "forced"));
    let outputs = |b: &Builder, threads| {
        let model = Model::<f32>::new(&b.graph(), threads);
        bits(data(&model.forward(&model.batch(inputs(&LENGTHS, TIME), vec![])).outputs[0]))
    };
    let exact = train::<f64>(&fed(), &inputs(&LENGTHS, TIME), 1);
    let given = inputs::<f32>(&LENGTHS, TIME);
    for threads in [1, 2] {
        assert!(outputs(&taught, threads) == outputs(&fed(), threads));
        let found = train::<f64>(&taught, &inputs(&LENGTHS, TIME), threads);
        assert_eq!(found.len(), exact.len());
        for ((name, found), (_, exact)) in found.iter().zip(&exact) {
            close(name, found, exact);
        }
    }
    // A state that is the teacher's id alone is no recurrence: the loop keeps only what waits for the step before.
    let mut b = decoder(choose("argmax", 1.0, "forced"));
    b.nodes[2]["op"]["scan"]["body"]["outputs"][2]["from"] = json!("taught");
    let bits_of = |b: &Builder| -> Vec<(String, Vec<u64>)> {
        train(b, &given, 2).into_iter().map(|(name, numbers)| (name, bits(&numbers))).collect()
    };
    assert_eq!(bits_of(&b), bits_of(&fed()));
    let inside = looped(&b.graph());
    assert!(!inside.iter().any(|name| name.ends_with(".e") || name.ends_with(".scores")), "{inside:?}");
}

/// The sums of the chosen ids over a batch, by id: the gradient of a parameter that is added once for each choice.
fn counts(op: &Value, scores: &[f64], rows: usize, time: usize, threads: usize, key: RngKey) -> Vec<f64> {
    let mut b = Builder::default();
    b.parameter("p", &[scores.len()]).node("teacher", tokens(scores.len()), &[]);
    b.node("scores", json!({ "constant": { "values": scores } }), &[]);
    b.node("chosen", op.clone(), &["scores", "teacher"]).node("hot", json!("oneHot"), &["chosen"]);
    b.node("p", json!({ "parameter": { "weight": "p" } }), &[]);
    b.node("y", json!("multiply"), &["hot", "p"]).output("y", "y");
    let model = Model::<f64>::new(&b.graph(), threads);
    let batch = model.batch(vec![ids("teacher", &[rows, time], vec![1; rows * time])], vec![]);
    let mut backward = Backward::new(&b.graph(), &["y"], Tape::Whole, model.kernels);
    let mut gradients = vec![0.0; scores.len()];
    let upstream = vec![vec![1.0; rows * time * scores.len()]];
    backward.run(&model.weights, &batch, &upstream, key, &model.pool, &mut gradients).unwrap();
    gradients
}

#[test]
fn a_ratio_takes_the_teacher_that_often() {
    let (rows, time) = (40, 50);
    let scores = [7.0, 1.0, 2.0];
    for ratio in [0.0, 0.25, 0.5, 1.0] {
        let op = choose("argmax", ratio, "free");
        let found = counts(&op, &scores, rows, time, 1, TRAINING);
        // The numbers that the run draws, by seed, node, row and step.
        let stream = Stream::new(TRAINING.seed, "chosen", TRAINING.step);
        let places = (0..rows as u64).flat_map(|row| (0..time as u64).map(move |t| (row, t)));
        let taught = places.filter(|&(row, t)| stream.at(row, t).uniform() < ratio).count() as f64;
        assert_eq!(found, [(rows * time) as f64 - taught, taught, 0.0]);
        // Five standard deviations.
        let deviation = (2000.0 * ratio * (1.0 - ratio)).sqrt();
        assert!((taught - 2000.0 * ratio).abs() <= 5.0 * deviation, "{ratio}: {taught}");
        for threads in [2, 3] {
            assert_eq!(counts(&op, &scores, rows, time, threads, TRAINING), found);
        }
        let [first, rest] = [(0, 16), (16, rows - 16)]
            .map(|(row, rows)| counts(&op, &scores, rows, time, 1, RngKey { row, ..TRAINING }));
        assert_eq!(first.iter().zip(&rest).map(|(a, b)| a + b).collect::<Vec<_>>(), found);
    }
    // Outside of training, the one or the other.
    let free = RngKey::default();
    assert_eq!(counts(&choose("sample", 0.5, "free"), &scores, 3, 4, 1, free), [12.0, 0.0, 0.0]);
    assert_eq!(counts(&choose("sample", 0.5, "forced"), &scores, 3, 4, 1, free), [0.0, 12.0, 0.0]);
}

#[test]
fn a_sample_is_one_of_the_softmax() {
    // Probabilities 0.1, 0.2, 0.3 and 0.4.
    let scores = [1.0_f64, 2.0, 3.0, 4.0].map(f64::ln);
    let found = counts(&choose("sample", 0.0, "free"), &scores, 50, 80, 2, TRAINING);
    assert_eq!(found.iter().sum::<f64>(), 4000.0);
    for (k, count) in found.iter().enumerate() {
        let p = 0.1 * (k + 1) as f64;
        assert!((count - 4000.0 * p).abs() < 5.0 * (4000.0 * p * (1.0 - p)).sqrt(), "{k}: {count}");
    }
    let other = RngKey { step: 1, ..TRAINING };
    assert_ne!(counts(&choose("sample", 0.0, "free"), &scores, 50, 80, 2, other), found);
}

/// A probability for each row and step: of the teacher's id, in training and outside of it.
#[test]
fn an_input_may_give_the_ratio() {
    let mut b = Builder::default();
    b.parameter("p", &[3]).node("teacher", tokens(3), &[]);
    b.node("ratio", json!({ "input": { "sequence": { "size": 1 } } }), &[]);
    b.node("scores", json!({ "constant": { "values": [1.0, 0.0, 0.0] } }), &[]);
    b.node("chosen", choose("argmax", 0.5, "free"), &["scores", "teacher", "ratio"]);
    b.node("hot", json!("oneHot"), &["chosen"]).output("y", "hot");
    let model = Model::<f64>::new(&b.graph(), 1);
    let given = vec![
        ids("teacher", &[1, 4], vec![1, 2, 2, 1]),
        values("ratio", &[1, 4, 1], vec![0.0, 1.0, 0.25, 0.75]),
    ];
    let run = model.forward(&model.batch(given, vec![]));
    assert_eq!(*data(&run.outputs[0]), [1., 0., 0., 0., 0., 1., 1., 0., 0., 0., 1., 0.]);
}

#[test]
fn samples_are_the_same_for_any_threads_and_tape() {
    let lengths: Vec<i32> = (0..34).map(|row| 40 - row).collect();
    for op in [choose("sample", 0.5, "free"), choose("argmax", 0.5, "free")] {
        check_tapes("decoder", &decoder(op), &inputs(&lengths, 40));
    }
}

/// Noise in the loop that backward draws again.
#[test]
fn gumbels_noise_is_the_same_for_any_threads_and_tape() {
    let mut b = Builder::default();
    b.parameter("w", &[4, 3]).node("x", json!({ "input": { "sequence": { "size": 3 } } }), &[]);
    b.node("p", json!({ "linear": { "weight": "w" } }), &["x"]).node("noisy", json!("gumbelNoise"), &["p"]);
    b.node("soft", json!({ "activation": "softmax" }), &["noisy"]);
    b.layer("a", "lstm", 0, "soft", [4, 5], true, false, &[]).output("y", "a:output");
    let mut x = values("x", &[18, 40, 3], numbers(18 * 40 * 3, 8));
    x.lengths = Some((0..18).map(|row| 40 - row).collect());
    check_tapes("gumbel", &b, &[x]);
}

/// Half of the samples that a hard choice with Gumbel's noise gives lie with each of two equal scores.
#[test]
fn gumbels_noise_has_its_moments() {
    let (rows, time) = (50, 100);
    let mut b = Builder::default();
    b.parameter("p", &[2]).node("x", json!({ "input": { "sequence": { "size": 2 } } }), &[]);
    b.node("noisy", json!("gumbelNoise"), &["x"]).node("square", json!("multiply"), &["noisy", "noisy"]);
    b.node("both", json!("concat"), &["noisy", "square"]);
    b.parameter("q", &[4]).node("q", json!({ "parameter": { "weight": "q" } }), &[]);
    b.node("y", json!("multiply"), &["both", "q"]).output("y", "y");
    let model = Model::<f64>::new(&b.graph(), 2);
    let batch = model.batch(vec![values("x", &[rows, time, 2], vec![0.0; rows * time * 2])], vec![]);
    let mut backward = Backward::new(&b.graph(), &["y"], Tape::Whole, model.kernels);
    let mut gradients = vec![0.0; 6];
    let upstream = vec![vec![1.0; rows * time * 4]];
    backward.run(&model.weights, &batch, &upstream, TRAINING, &model.pool, &mut gradients).unwrap();
    let count = (rows * time) as f64;
    let variance = std::f64::consts::PI.powi(2) / 6.0;
    for k in 0..2 {
        let (mean, square) = (gradients[2 + k] / count, gradients[4 + k] / count);
        assert!((mean - 0.577_215_664_9).abs() < 5.0 * (variance / count).sqrt(), "{mean}");
        assert!((square - mean * mean - variance).abs() < 0.25, "{square}");
    }
}

/// Steps of a session have the bits of the whole; a state may be given as numbers that are ids.
#[test]
fn a_session_begins_with_the_start_and_goes_on_from_its_choices() {
    let mut b = decoder(choose("argmax", 0.0, "free"));
    b.nodes[2]["op"]["scan"]["initial"] = json!([]);
    b.nodes[2]["inputs"] = json!(["teacher"]);
    b.nodes.remove(1);
    let network = std::sync::Arc::new(Network::<f32>::new(b.graph(), 3, Precision::Full).unwrap());
    let teacher = ids::<f32>("teacher", &[2, 6], vec![0; 12]);
    let whole = network.predict(&network.snapshot(), vec![teacher], vec![]).unwrap();
    let mut session = Session::new(std::sync::Arc::clone(&network), 2).unwrap();
    let begun = session.states().unwrap();
    assert_eq!(*data(begun.iter().find(|state| state.name == "cell:y").unwrap()), [START as f32; 2]);
    for t in 0..6 {
        let step = session.step(&[], &[0, 0]).unwrap().to_vec();
        for row in 0..2 {
            let at = (row * 6 + t) * IDS;
            assert_eq!(bits(&data(&whole.outputs[0])[at..at + IDS]), bits(&step[row * IDS..][..IDS]));
        }
    }
    let given = |numbers: [f32; 2]| {
        let mut states = begun.clone();
        *states.iter_mut().find(|state| state.name == "cell:y").unwrap() =
            values("cell:y", &[2, 1], numbers.to_vec());
        states
    };
    session.set_states(given([4.0, 0.0])).unwrap();
    for wrong in [[5.0, 0.0], [0.0, -1.0], [0.5, 0.0]] {
        let error = session.set_states(given(wrong)).unwrap_err();
        assert_eq!(error.code, Code::Value);
        assert!(error.message.contains("state 'cell:y': expected ids from 0 to 4"), "{error}");
    }
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let refused = |b: &Builder| Program::compile(&b.graph()).err().map(|error| (error.code, error.message));
    let check = |b: &Builder, code: Code, words: &[&str]| {
        let (found, message) = refused(b).unwrap();
        assert!(found == code && words.iter().all(|word| message.contains(word)), "{message}");
    };
    check(&decoder(choose("argmax", 1.5, "free")), Code::Argument, &["'chosen'", "ratio", "1.5"]);
    let mut b = decoder(choose("argmax", 0.5, "free"));
    let body = |b: &mut Builder| b.nodes[2]["op"]["scan"]["body"].take();
    let changed = body(&mut b);
    let with = |path: &str, value: Value| {
        let mut inner = changed.clone();
        *inner.pointer_mut(path).unwrap() = value;
        let mut b = b.clone();
        b.nodes[2]["op"]["scan"]["body"] = inner;
        b
    };
    check(
        &with("/nodes/2/op/tokenState/start", json!(5)),
        Code::Argument,
        &["'y'", "below the vocabulary of 5"],
    );
    check(&with("/nodes/9/inputs", json!([])), Code::Graph, &["'chosen'", "0 inputs"]);
    check(&with("/nodes/9/inputs", json!(["next"])), Code::Shape, &["'y'", "token below 5"]);
    check(&with("/nodes/9/inputs", json!(["next", "taught"])), Code::Shape, &["'chosen'", "below 4"]);
    check(
        &with("/nodes/9/inputs", json!(["scores", "taught", "next"])),
        Code::Shape,
        &["'chosen'", "one number"],
    );
    check(&with("/outputs/2/from", json!("next")), Code::Shape, &["token below 5", "'y'"]);
    check(
        &with("/nodes/2/op", json!({ "tokenState": { "vocabulary": 0, "start": 0 } })),
        Code::Argument,
        &["'y'"],
    );
}
