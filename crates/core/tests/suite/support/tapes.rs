//! Steps under every tape, held to the bits of the step that keeps everything.

use unrolled_core::program::Tape;
use unrolled_core::storage::{Batch, RngKey, Tensor};
use unrolled_core::{Code, Error, Result};
use unrolled_kernels::Element;

use super::backward::Backward;
use super::graphs::Builder;
use super::runs::{Model, data};

pub fn bits<E: Element>(values: &[E]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

pub type Bits = (Vec<u64>, Vec<(String, Vec<u64>)>);

/// Gradients of parameters, inputs and states, and the bytes held.
pub fn run(
    model: &Model<f32>,
    batch: &Batch<f32>,
    upstream: &[Vec<f32>],
    tape: Tape,
) -> Result<(Bits, usize)> {
    let outputs: Vec<&str> = model.program.outputs.iter().map(|port| port.name.as_str()).collect();
    let mut backward = Backward::new(&model.graph, &outputs, tape, model.kernels);
    let key = RngKey { training: true, seed: 3, ..RngKey::default() };
    let mut gradients = vec![0.0; model.program.layout.total()];
    let run = backward.run(&model.weights, batch, upstream, key, &model.pool, &mut gradients)?;
    let inner = run.inputs.iter().chain(&run.states);
    let inner = inner.map(|tensor| (tensor.name.clone(), bits(data(tensor)))).collect();
    Ok(((bits(&gradients), inner), backward.engine.bytes()))
}

/// The smallest budget that is not refused.
fn least(model: &Model<f32>, batch: &Batch<f32>, upstream: &[Vec<f32>]) -> u64 {
    let error = run(model, batch, upstream, Tape::Bytes(1)).unwrap_err();
    assert_eq!(error.code, Code::Size, "{error}");
    needed(&error)
}

/// Bytes that the error of a budget asks for.
pub fn needed(error: &Error) -> u64 {
    let (_, rest) = error.message.split_once("expected at least ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

/// Holds every tape to the bits of the whole one.
pub fn check_tapes(what: &str, b: &Builder, inputs: &[Tensor<f32>]) {
    let graph = b.graph();
    let prepared = |threads| {
        let model = Model::<f32>::new(&graph, threads);
        let batch = model.batch(inputs.to_vec(), Vec::new());
        let upstream = model.upstream(&batch);
        (model, batch, upstream)
    };
    let (model, batch, upstream) = prepared(1);
    let (whole, _) = run(&model, &batch, &upstream, Tape::Whole).unwrap();
    assert!(whole.0.iter().any(|&x| x != 0), "{what}: no gradient at all");
    for threads in 1..=4 {
        let (model, batch, upstream) = prepared(threads);
        let least = least(&model, &batch, &upstream);
        for tape in [Tape::Whole, Tape::Sqrt, Tape::Bytes(least), Tape::Bytes(least * 3 / 2)] {
            let (found, held) = run(&model, &batch, &upstream, tape).unwrap();
            assert!(found == whole, "{what}, {tape:?}, {threads} threads");
            if let Tape::Bytes(budget) = tape {
                assert!(held as u64 <= budget, "{what}: {held} of {budget}");
            }
        }
    }
}
