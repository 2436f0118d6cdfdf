//! The same bits: for any thread count, batch, cut in time, instruction set and padding.

use crate::support::graphs::{Builder, sequence};
use crate::support::runs::{Model, data, numbers, values};
use serde_json::json;
use unrolled_core::graph::Graph;
use unrolled_core::storage::{Data, Tensor};
use unrolled_kernels::{Element, Kernels};

const CELLS: [&str; 5] = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"];
const ROWS: usize = 37;
const TIME: usize = 21;

/// Two layers of a cell, the second the other way round if `both`, with a normalized read-out.
fn graph(cell: &str, both: bool) -> Graph {
    let mut b = Builder::default();
    b.parameter("out", &[3, 7]).parameter("gain", &[7]).parameter("shift", &[7]);
    b.node("x", sequence(5), &[]);
    b.layer("a", cell, 0, "x", [5, 19], true, false, &[]);
    b.layer("b", cell, 1, "a:output", [19, 7], true, both, &[]);
    b.node("normal", json!({ "layerNorm": { "gain": "gain", "bias": "shift" } }), &["b:output"]);
    b.node("out", json!({ "linear": { "weight": "out" } }), &["normal"]);
    b.node("pooled", json!("mean"), &["out"]);
    b.output("out", "out").output("pooled", "pooled").output("state", "a:h");
    b.graph()
}

fn ragged<E: Element>(rows: usize, time: usize) -> Tensor<E> {
    let mut x = values("x", &[rows, time, 5], numbers(rows * time * 5, 3));
    x.lengths = Some((0..rows).map(|row| (row * 11 % (time + 1)) as i32).collect());
    x
}

fn row<E: Element>(tensor: &Tensor<E>, row: usize) -> Tensor<E> {
    let width: usize = tensor.shape[1..].iter().product();
    let mut shape = tensor.shape.clone();
    shape[0] = 1;
    Tensor {
        name: tensor.name.clone(),
        shape,
        data: Data::Values(data(tensor)[row * width..][..width].to_vec()),
        lengths: tensor.lengths.as_ref().map(|lengths| vec![lengths[row]]),
    }
}

fn bits<E: Element>(values: &[E]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

fn tensors<E: Element>(list: &[Tensor<E>]) -> Vec<Vec<u64>> {
    list.iter().map(|tensor| bits(data(tensor))).collect()
}

/// Everything a model computes on a ragged batch: outputs, states, all gradients.
fn everything<E: Element>(model: &Model<E>) -> Vec<Vec<u64>> {
    let batch = model.batch(vec![ragged(ROWS, TIME)], vec![]);
    let run = model.forward(&batch);
    let (parameters, inputs) = model.gradient(&batch, &model.upstream(&batch));
    let mut all = [tensors(&run.outputs), tensors(&run.states), tensors(&inputs)].concat();
    all.push(bits(&parameters));
    all
}

#[test]
fn any_number_of_threads() {
    for cell in CELLS {
        let graph = graph(cell, true);
        let one = everything(&Model::<f32>::new(&graph, 1));
        for threads in [2, 3, 4] {
            assert!(one == everything(&Model::<f32>::new(&graph, threads)), "{cell}, {threads} threads");
        }
    }
}

/// Too few rows for a shard each: the units of a step are split over the threads.
#[test]
fn any_number_of_threads_on_few_rows() {
    const SIZE: usize = 250;
    for (cell, rows) in [("rnn_tanh", 1), ("lstm", 1), ("gru", 3), ("gru_before", 2), ("lstm", 20)] {
        let mut b = Builder::default();
        b.node("x", sequence(5), &[]);
        b.layer("a", cell, 0, "x", [5, SIZE], true, true, &[]).output("y", "a:output");
        let everything = |threads| {
            let model = Model::<f32>::new(&b.graph(), threads);
            let batch = model.batch(vec![ragged(rows, 6)], vec![]);
            let run = model.forward(&batch);
            let (parameters, inputs) = model.gradient(&batch, &model.upstream(&batch));
            [tensors(&run.outputs), tensors(&inputs), vec![bits(&parameters)]].concat()
        };
        let one = everything(1);
        for threads in [2, 3, 5] {
            assert!(one == everything(threads), "{cell}, {rows} rows, {threads} threads");
        }
    }
}

#[test]
fn any_instruction_set() {
    for cell in CELLS {
        let graph = graph(cell, true);
        let all = Kernels::<f32>::available();
        let models = all.iter().map(|&isa| Model::<f32>::with(&graph, 2, Kernels::with(isa).unwrap()));
        let runs: Vec<_> = models.map(|model| everything(&model)).collect();
        assert!(runs.windows(2).all(|pair| pair[0] == pair[1]), "{cell} on {all:?}");
    }
}

#[test]
fn a_row_alone_or_in_any_batch() {
    for cell in CELLS {
        let model = Model::<f32>::new(&graph(cell, true), 2);
        let x = ragged::<f32>(ROWS, TIME);
        let whole = model.forward(&model.batch(vec![x.clone()], vec![]));
        for r in 0..ROWS {
            let alone = model.forward(&model.batch(vec![row(&x, r)], vec![]));
            let inside = |list: &[Tensor<f32>]| list.iter().map(|t| row(t, r)).collect::<Vec<_>>();
            assert_eq!(tensors(&alone.outputs), tensors(&inside(&whole.outputs)), "{cell}, row {r}");
            assert_eq!(tensors(&alone.states), tensors(&inside(&whole.states)), "{cell}, row {r}");
        }
    }
}

#[test]
fn a_sequence_whole_or_in_pieces_with_its_state_carried() {
    for cell in CELLS {
        let model = Model::<f32>::new(&graph(cell, false), 2);
        let batch = model.batch(vec![ragged(ROWS, TIME)], vec![]);
        let whole = model.forward(&batch);
        for cut in [1, 8, 16, 20] {
            let first = model.forward(&batch.steps(&model.program, 0, cut).unwrap());
            let mut rest = batch.steps(&model.program, cut, TIME).unwrap();
            rest.set_states(first.states.iter().map(|state| Some(data(state).to_vec())).collect());
            let second = model.forward(&rest);
            assert_eq!(tensors(&whole.states), tensors(&second.states), "{cell}, cut at {cut}");
            for r in 0..ROWS {
                let part = |t: &Tensor<f32>| data(&row(t, r)).to_vec();
                let glued = [part(&first.outputs[0]), part(&second.outputs[0])].concat();
                assert_eq!(bits(&glued), bits(&part(&whole.outputs[0])), "{cell}, cut at {cut}, row {r}");
            }
        }
    }
}

#[test]
fn micro_batches_of_whole_granules_add_up() {
    for cell in CELLS {
        let model = Model::<f32>::new(&graph(cell, true), 2);
        let x = ragged::<f32>(ROWS, TIME);
        let batch = model.batch(vec![x.clone()], vec![]);
        let upstream = model.upstream(&batch);
        let (whole, _) = model.gradient(&batch, &upstream);
        let mut sum = vec![0.0; whole.len()];
        for rows in [0..16, 16..ROWS] {
            let pick = |values: &[f32], width: usize| values[rows.start * width..rows.end * width].to_vec();
            let mut part = values("x", &[rows.len(), TIME, 5], pick(data(&x), TIME * 5));
            part.lengths = x.lengths.as_ref().map(|lengths| lengths[rows.clone()].to_vec());
            let upstream: Vec<_> = upstream.iter().map(|d| pick(d, d.len() / ROWS)).collect();
            model.add_gradient(&model.batch(vec![part], vec![]), &upstream, &mut sum);
        }
        assert!(bits(&whole) == bits(&sum), "{cell}");
    }
}

#[test]
fn padding_changes_nothing_nor_nan_in_it() {
    for cell in CELLS {
        let model = Model::<f32>::new(&graph(cell, true), 2);
        let clean = ragged::<f32>(ROWS, TIME);
        let mut dirty = clean.clone();
        let lengths = clean.lengths.clone().unwrap();
        let mut together = Vec::new();
        if let Data::Values(values) = &mut dirty.data {
            for (r, &n) in lengths.iter().enumerate() {
                together.extend_from_slice(&values[r * TIME * 5..(r * TIME + n as usize) * 5]);
                values[(r * TIME + n as usize) * 5..(r + 1) * TIME * 5].fill(f32::NAN);
            }
        }
        let together = Tensor { data: Data::Values(together), ..clean.clone() };
        let run = |x: Tensor<f32>| {
            let batch = model.batch(vec![x], vec![]);
            let (gradients, inputs) = model.gradient(&batch, &model.upstream(&batch));
            (tensors(&model.forward(&batch).outputs), bits(&gradients), tensors(&inputs))
        };
        let clean = run(clean);
        assert!(clean == run(dirty), "{cell}: NaN");
        assert!(clean == run(together), "{cell}: without padding");
    }
}

#[test]
fn nothing_at_all_is_a_batch() {
    let model = Model::<f32>::new(&graph("lstm", true), 2);
    for (rows, time) in [(0, 4), (3, 0), (0, 0)] {
        let batch = model.batch(vec![values("x", &[rows, time, 5], vec![])], vec![]);
        let run = model.forward(&batch);
        assert_eq!(run.outputs[0].shape, [rows, time, 3]);
        assert_eq!(data(&run.outputs[1]), vec![0.0; rows * 3]);
        let (gradients, _) = model.gradient(&batch, &model.upstream(&batch));
        assert!(gradients.iter().all(|&g| g == 0.0));
    }
}
