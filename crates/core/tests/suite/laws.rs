//! Laws of unrolling: a reversed scan is a scan of reversed rows, a stack is a pipe, a scan is a loop of steps.

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{Model, data, numbers, values};
use unrolled_core::run::Outputs;
use unrolled_core::storage::Tensor;

const CELLS: [&str; 5] = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"];
const LENGTHS: [usize; 7] = [4, 9, 0, 1, 9, 6, 2];
const TIME: usize = 9;
const INPUT: usize = 3;
const SIZE: usize = 5;

fn layer(cell: &str, reverse: bool) -> Model<f32> {
    let mut b = Builder::default();
    b.node("x", sequence(INPUT), &[]).layer("a", cell, 0, "x", [INPUT, SIZE], true, reverse, &[]);
    b.output("y", "a:output").output("h", "a:h");
    Model::new(&b.graph(), 2)
}

fn ragged(data: Vec<f32>) -> Tensor<f32> {
    let mut x = values("x", &[LENGTHS.len(), TIME, INPUT], data);
    x.lengths = Some(LENGTHS.iter().map(|&n| n as i32).collect());
    x
}

/// Each row's valid steps from last to first; padding stays.
fn flipped(all: &[f32], width: usize) -> Vec<f32> {
    let mut out = all.to_vec();
    for (row, &n) in LENGTHS.iter().enumerate() {
        for t in 0..n {
            let (from, to) = ((row * TIME + t) * width, (row * TIME + n - 1 - t) * width);
            out[to..to + width].copy_from_slice(&all[from..from + width]);
        }
    }
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn run(model: &Model<f32>, x: Vec<f32>) -> Outputs<f32> {
    model.forward(&model.batch(vec![ragged(x)], vec![]))
}

#[test]
fn reversed_is_flipped_scanned_and_flipped_back() {
    for cell in CELLS {
        let x: Vec<f32> = numbers(LENGTHS.len() * TIME * INPUT, 2);
        let backward = run(&layer(cell, true), x.clone());
        let forward = run(&layer(cell, false), flipped(&x, INPUT));
        let [back, ahead] = [&backward.outputs, &forward.outputs].map(|o| (data(&o[0]), data(&o[1])));
        assert_eq!(bits(back.0), bits(&flipped(ahead.0, SIZE)), "{cell}");
        assert_eq!(
            bits(back.1),
            bits(ahead.1),
            "{cell}: the final state is that after each row's first step"
        );
    }
}

#[test]
fn a_scan_is_a_loop_of_steps() {
    for cell in CELLS {
        let model = layer(cell, false);
        let x: Vec<f32> = numbers(LENGTHS.len() * TIME * INPUT, 3);
        let batch = model.batch(vec![ragged(x)], vec![]);
        let whole = model.forward(&batch);
        let mut states = vec![None; model.program.states.len()];
        for t in 0..TIME {
            let mut step = batch.steps(&model.program, t, t + 1).unwrap();
            step.set_states(states);
            let run = model.forward(&step);
            for row in 0..LENGTHS.len() {
                let expected = &data(&whole.outputs[0])[(row * TIME + t) * SIZE..][..SIZE];
                assert_eq!(
                    bits(&data(&run.outputs[0])[row * SIZE..][..SIZE]),
                    bits(expected),
                    "{cell}, step {t}"
                );
            }
            states = run.states.iter().map(|state| Some(data(state).to_vec())).collect();
        }
        let last: Vec<_> = states.iter().map(|state| bits(state.as_ref().unwrap())).collect();
        assert_eq!(last, whole.states.iter().map(|state| bits(data(state))).collect::<Vec<_>>(), "{cell}");
    }
}

#[test]
fn a_stack_is_a_pipe() {
    for cell in CELLS {
        let mut b = Builder::default();
        b.node("x", sequence(INPUT), &[]).layer("a", cell, 0, "x", [INPUT, SIZE], true, false, &[]);
        b.layer("b", cell, 1, "a:output", [SIZE, SIZE], true, false, &[]).output("y", "b:output");
        let stacked = Model::<f32>::new(&b.graph(), 2);
        let mut top = Builder::default();
        top.node("x", sequence(SIZE), &[]).layer("b", cell, 1, "x", [SIZE, SIZE], true, false, &[]);
        top.output("y", "b:output");
        let (bottom, mut top) = (layer(cell, false), Model::<f32>::new(&top.graph(), 2));
        let (all, below) = (stacked.weights.values(), bottom.weights.values().len());
        top.weights.set(&top.program, &all[below..], &top.pool).unwrap();
        assert_eq!(bits(&all[..below]), bits(bottom.weights.values()));
        let x: Vec<f32> = numbers(LENGTHS.len() * TIME * INPUT, 4);
        let between = run(&bottom, x.clone()).outputs.remove(0);
        let mut piped = values("x", &between.shape, data(&between).to_vec());
        piped.lengths.clone_from(&between.lengths);
        let piped = top.forward(&top.batch(vec![piped], vec![]));
        assert_eq!(bits(data(&piped.outputs[0])), bits(data(&run(&stacked, x).outputs[0])), "{cell}");
    }
}
