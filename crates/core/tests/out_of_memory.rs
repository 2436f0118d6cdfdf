//! A call that meets the end of the memory is refused with an error, at whichever allocation, and changes nothing.
//!
//! Each case runs in processes of its own with more and more memory until the case succeeds. A list that were
//! made without asking would end its process.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "suite/support/mod.rs"]
mod support;

use std::alloc::System;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cap::Cap;
use serde_json::{Value, json};
use support::graphs::{Builder, sequence, tokens};
use support::runs::{ids, numbers, values};
use unrolled_core::generate::{GenerateConfig, Generation, Hypothesis};
use unrolled_core::graph::Graph;
use unrolled_core::model::{MeasureConfig, Model, Precision, Session, Trainer, TrainerConfig};
use unrolled_core::storage::{Data, GivenTargets, Tensor};
use unrolled_core::{Code, Result};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Many rows of few numbers: the lists of a batch outweigh its numbers.
const ROWS: usize = 1536;
const TIME: usize = 6;
const VOCABULARY: usize = 50;

/// Bytes of the first try: room for the lists that the graph alone decides, which are made as usual.
const FIRST: usize = 1 << 17;

/// Bytes from one try to the next: no multiple of a list's.
const STEP: usize = 15_101;

/// A process that ends beside such an amount had no room for its error; with so much more it must have.
const ERROR: usize = 4096;

/// Exit status of a process whose call was refused and went well afterwards.
const REFUSED: i32 = 10;

/// Bits of everything that a call returns.
type Bits = Vec<u64>;

/// A call that may be repeated after a refusal.
type Call = Box<dyn FnMut() -> Result<Bits>>;

/// The maker of a call.
type Make = fn() -> Call;

const CASES: [(&str, Make); 8] = [
    ("predict", predict),
    ("evaluate", evaluate),
    ("gradients", gradients),
    ("train in segments", || train(json!({ "memory": "sqrt" }))),
    ("train by truncation", || train(json!({ "truncate": { "k1": 2, "k2": 4 } }))),
    ("session", session),
    ("session with a start", session_with_a_start),
    ("generation", generation),
];

/// Ids shifted in time, a table, a GRU and an LSTM, masks: whatever has lists or scratch of its own.
fn model() -> Arc<Model<f32>> {
    let mut b = Builder::default();
    b.node("ids", tokens(VOCABULARY), &[]).node("x", sequence(1), &[]).parameter("table", &[VOCABULARY, 2]);
    b.node("shifted", json!({ "shift": { "start": 0 } }), &["ids"]);
    b.node("embedded", json!({ "embedding": { "weight": "table" } }), &["shifted"]);
    b.node("both", json!("concat"), &["embedded", "x"]);
    b.layer("a", "gru", 0, "both", [3, 2], true, false, &[]);
    b.node("masked", json!({ "dropout": { "rate": 0.3, "fixed": false } }), &["a:output"]);
    b.layer("b", "lstm", 1, "masked", [2, 2], true, false, &[]).output("y", "b:output");
    Arc::new(Model::new(graph_of(&b), 3, Precision::Full).unwrap())
}

/// A model that can run step by step.
fn causal() -> Arc<Model<f32>> {
    let mut b = Builder::default();
    b.node("ids", tokens(VOCABULARY), &[]).parameter("table", &[VOCABULARY, 2]);
    b.node("embedded", json!({ "embedding": { "weight": "table" } }), &["ids"]);
    b.layer("a", "gru", 0, "embedded", [2, 2], true, false, &[]).output("y", "a:output");
    Arc::new(Model::new(graph_of(&b), 3, Precision::Full).unwrap())
}

fn graph_of(b: &Builder) -> Graph {
    b.graph()
}

/// Rows of 0 to 6 steps.
fn ragged(tensor: Tensor<f32>) -> Tensor<f32> {
    Tensor { lengths: Some((0..ROWS).map(|row| (row % (TIME + 1)) as i32).collect()), ..tensor }
}

fn words() -> Tensor<f32> {
    ragged(ids("ids", &[ROWS, TIME], (0..ROWS * TIME).map(|i| (i * 7 % VOCABULARY) as i32).collect()))
}

fn inputs() -> Vec<Tensor<f32>> {
    vec![words(), ragged(values("x", &[ROWS, TIME, 1], numbers(ROWS * TIME, 1)))]
}

fn targets() -> Vec<GivenTargets<f32>> {
    let tensor = ragged(values("y", &[ROWS, TIME, 2], numbers(2 * ROWS * TIME, 2)));
    vec![GivenTargets { tensor, weights: Some(vec![0.5; ROWS * TIME]) }]
}

fn losses() -> MeasureConfig {
    let config = json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} } }] });
    MeasureConfig::from_json(&config.to_string()).unwrap()
}

fn bits<'a>(tensors: impl IntoIterator<Item = &'a Tensor<f32>>) -> Bits {
    let of = |tensor: &Tensor<f32>| match &tensor.data {
        Data::Values(values) => values.iter().map(|x| u64::from(x.to_bits())).collect::<Bits>(),
        Data::Ids(ids) => ids.iter().map(|&id| u64::from(id.cast_unsigned())).collect(),
    };
    tensors.into_iter().flat_map(of).collect()
}

/// Copies of the caller's data lie in memory before it counts, one for each time that the call may be made.
fn each<T>(make: impl Fn() -> T) -> impl FnMut() -> T {
    let mut spare = vec![make(), make()];
    move || spare.pop().unwrap()
}

fn predict() -> Call {
    let (model, mut inputs) = (model(), each(inputs));
    Box::new(move || {
        let run = model.predict(&model.snapshot(), inputs(), Vec::new())?;
        Ok(unlimited(|| bits(run.outputs.iter().chain(&run.states))))
    })
}

fn evaluate() -> Call {
    let (model, mut data) = (model(), each(|| (inputs(), targets())));
    Box::new(move || {
        let (inputs, targets) = data();
        let (report, states) = model.evaluate(&model.snapshot(), &losses(), inputs, targets, Vec::new())?;
        Ok(unlimited(|| [vec![report.loss.to_bits()], bits(&states)].concat()))
    })
}

fn gradients() -> Call {
    let (model, mut data) = (model(), each(|| (inputs(), targets())));
    Box::new(move || {
        let (inputs, targets) = data();
        let report = model.gradients(&model.snapshot(), &losses(), inputs, targets, Vec::new())?;
        let own = report.parameters.iter().map(|x| u64::from(x.to_bits())).collect();
        Ok(unlimited(|| [own, bits(&report.gradients.inputs), bits(&report.gradients.gates)].concat()))
    })
}

/// Two steps, the second from the states of the first.
fn train(more: Value) -> Call {
    let mut config = json!({
        "losses": [{ "output": "y", "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let model = if more.get("truncate").is_some() { causal() } else { model() };
    let given = move |name: &str| name == "ids" || more.get("truncate").is_none();
    let inputs = move || inputs().into_iter().filter(|input| given(&input.name)).collect::<Vec<_>>();
    let mut data = each(move || (inputs(), targets()));
    let mut trainer =
        Trainer::new(Arc::clone(&model), TrainerConfig::from_json(&config.to_string()).unwrap()).unwrap();
    Box::new(move || {
        let (inputs, targets) = data();
        let loss = trainer.step(inputs, targets, false)?.loss;
        let parameters = model.parameters()?;
        Ok([vec![loss.to_bits()], parameters.iter().map(|x| u64::from(x.to_bits())).collect()].concat())
    })
}

/// An encoder runs once; its rows are doubled.
fn session_with_a_start() -> Call {
    let mut b = Builder::default();
    let source = json!({ "input": { "sequence": { "size": 2, "axis": "source" } } });
    b.node("s", source, &[]).node("x", sequence(2), &[]);
    b.layer("e", "gru", 0, "s", [2, 3], true, false, &[]);
    b.layer("d", "gru", 1, "x", [2, 3], true, false, &["e:h"]);
    b.node("a", json!({ "attention": { "score": { "dot": { "scale": 1.0 } } } }), &["d:output", "e:output"]);
    b.output("y", "a:context").output("w", "a:weights").output("m", "e:output");
    let model = Arc::new(Model::<f32>::new(b.graph(), 5, Precision::Full).unwrap());
    let mut sources = each(|| vec![values("s", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 3))]);
    let order: Vec<usize> = (0..2 * ROWS).map(|row| row / 2).collect();
    let x: Vec<f32> = numbers(4 * ROWS, 4);
    Box::new(move || {
        let mut session = Session::begin(Arc::clone(&model), Some("time"), sources())?;
        session.step(&x[..2 * ROWS], &[])?;
        session.reorder(&order)?;
        let outputs = session.fork()?.step(&x, &[])?.iter().map(|x| u64::from(x.to_bits())).sum();
        let states = session.first_states()?;
        Ok(unlimited(|| [vec![outputs], bits(&states)].concat()))
    })
}

/// Two results a row from a beam, with the weights of an attention at each item.
fn generation() -> Call {
    const ROWS: usize = 96;
    let mut b = Builder::default();
    let source = json!({ "input": { "sequence": { "size": 2, "axis": "source" } } });
    b.node("s", source, &[]).node("ids", tokens(VOCABULARY), &[]).parameter("table", &[VOCABULARY, 2]);
    b.node("late", json!({ "shift": { "start": 0 } }), &["ids"]);
    b.node("x", json!({ "embedding": { "weight": "table" } }), &["late"]).parameter("out", &[VOCABULARY, 2]);
    b.layer("d", "gru", 0, "x", [2, 2], true, false, &[]);
    b.node("a", json!({ "attention": { "score": { "dot": { "scale": 1.0 } } } }), &["d:output", "s"]);
    b.node("y", json!({ "linear": { "weight": "out" } }), &["a:context"]);
    b.output("y", "y").output("w", "a:weights");
    let model = Arc::new(Model::<f32>::new(b.graph(), 5, Precision::Full).unwrap());
    let config = json!({
        "input": "ids",
        "output": "y",
        "alignment": "w",
        "search": { "beam": { "width": 3, "nBest": 2 } },
        "stop": { "endToken": 1 },
        "maxSteps": 4,
    });
    let config = GenerateConfig::from_json(&config.to_string()).unwrap();
    let mut sources = each(|| vec![values("s", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 3))]);
    Box::new(move || {
        let mut made = Generation::of_model(&model, &model.snapshot(), config.clone(), sources())?;
        let rows = made.run(&AtomicBool::new(false))?;
        let of = |one: &Hypothesis<f32>| -> Bits {
            let numbers = one.alignments.iter().map(|x| u64::from(x.to_bits()));
            let ids = one.ids.iter().map(|&id| u64::from(id.cast_unsigned()));
            ids.chain(numbers).chain([one.score.to_bits()]).collect()
        };
        Ok(unlimited(|| rows.iter().flatten().flat_map(of).collect()))
    })
}

/// Two steps of many rows, in another order the second time.
fn session() -> Call {
    let model = causal();
    let ids: Vec<i32> = (0..ROWS).map(|row| (row % VOCABULARY) as i32).collect();
    let rows: Vec<usize> = (0..ROWS).map(|row| row / 2).collect();
    Box::new(move || {
        let mut session = Session::new(Arc::clone(&model), ROWS)?;
        session.step(&[], &ids)?;
        session.reorder(&rows)?;
        let outputs = session.step(&[], &ids)?.iter().map(|x| u64::from(x.to_bits())).sum();
        let states = session.states()?;
        Ok(unlimited(|| [vec![outputs], bits(&states)].concat()))
    })
}

/// Runs what is no part of the call without a limit.
fn unlimited<T>(work: impl FnOnce() -> T) -> T {
    ALLOCATOR.set_limit(usize::MAX).unwrap();
    work()
}

/// Calls with so many bytes, and again without a limit if that was refused.
fn attempt(case: fn() -> Call, bytes: usize) -> i32 {
    let expected = case()().unwrap();
    let mut call = case();
    ALLOCATOR.set_limit(ALLOCATOR.allocated() + bytes).unwrap();
    let done = call();
    ALLOCATOR.set_limit(usize::MAX).unwrap();
    match done {
        Ok(found) => {
            assert!(found == expected, "other results");
            0
        }
        Err(error) => {
            assert_eq!(error.code, Code::Size, "{error}");
            assert!(call().unwrap() == expected, "a refusal changed something: {error}");
            REFUSED
        }
    }
}

fn main() {
    if let [case, bytes] = &std::env::args().skip(1).collect::<Vec<_>>()[..]
        && let (Ok(case), Ok(bytes)) = (case.parse::<usize>(), bytes.parse())
    {
        std::process::exit(attempt(CASES[case].1, bytes));
    }
    for (index, (name, _)) in CASES.iter().enumerate() {
        let end = |bytes: usize| {
            let mut child = Command::new(std::env::current_exe().unwrap());
            let child = child.args([index, bytes].map(|n| n.to_string())).env("UNROLLED_THREADS", "1");
            let output = child.output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let refused = (0..).take_while(|tries| {
            let bytes = FIRST + tries * STEP;
            let first = end(bytes);
            let (status, words) = if first.0.is_some() { first } else { end(bytes + ERROR) };
            assert!([Some(0), Some(REFUSED)].contains(&status), "{name} with {bytes} bytes: {words}");
            status == Some(REFUSED)
        });
        println!("{name}: refused {} times", refused.count());
    }
    println!("test result: ok. {} passed; 0 failed", CASES.len());
}
