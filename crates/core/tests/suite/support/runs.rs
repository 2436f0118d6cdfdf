//! Programs run on batches, and gradients checked against slopes.

use std::sync::Arc;

use unrolled_core::graph::Graph;
use unrolled_core::parallel::Pool;
use unrolled_core::program::{Mode, Operation, Program, Tape};
use unrolled_core::run::{Engine, Outputs};
use unrolled_core::storage::{Batch, Data, RngKey, Tensor, Weights};
use unrolled_kernels::{Element, Kernels};

use super::backward::Backward;

/// Numbers that look random and are the same everywhere.
pub fn numbers<E: Element>(count: usize, seed: u64) -> Vec<E> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            E::from_f64((state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0)
        })
        .collect()
}

pub fn values<E>(name: &str, shape: &[usize], data: Vec<E>) -> Tensor<E> {
    Tensor { name: name.to_owned(), shape: shape.to_vec(), data: Data::Values(data), lengths: None }
}

pub fn ids<E>(name: &str, shape: &[usize], data: Vec<i32>) -> Tensor<E> {
    Tensor { name: name.to_owned(), shape: shape.to_vec(), data: Data::Ids(data), lengths: None }
}

/// The nodes that wait for the step before, by name.
pub fn looped(graph: &Graph) -> Vec<String> {
    let program = Program::compile(graph).unwrap();
    let mut names = Vec::new();
    for instruction in &program.instructions {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            names.extend(recurrence.body.iter().map(|inner| inner.node.clone()));
        }
    }
    // The copy that a step works on has the step's name.
    names.dedup();
    names
}

impl<E: Element> Model<E> {
    pub fn new(graph: &Graph, threads: usize) -> Self {
        Self::with(graph, threads, Kernels::detect().unwrap())
    }

    pub fn with(graph: &Graph, threads: usize, kernels: Kernels<E>) -> Self {
        let program = Arc::new(Program::compile(graph).unwrap());
        let pool = Pool::with_threads(threads).unwrap();
        let count = program.layout.total();
        let values = numbers::<f64>(count, 7).into_iter().map(|x| E::from_f64(0.6 * x)).collect();
        let weights = Weights::new(&program, values, &pool).unwrap();
        Self { graph: graph.clone(), program, pool, weights, kernels }
    }

    pub fn batch(&self, inputs: Vec<Tensor<E>>, states: Vec<Tensor<E>>) -> Batch<E> {
        Batch::new(&self.program, inputs, states).unwrap()
    }

    pub fn forward(&self, batch: &Batch<E>) -> Outputs<E> {
        Engine::new(self.program.clone(), Mode::Inference { segmented: true }, self.kernels)
            .forward(&self.weights, batch, &self.pool)
            .unwrap()
    }

    /// Gradients of Σ output ∘ upstream: of the parameters, flat, and of inputs and states.
    pub fn gradient(&self, batch: &Batch<E>, upstream: &[Vec<E>]) -> (Vec<E>, Vec<Tensor<E>>) {
        let mut gradients = vec![E::ZERO; self.program.layout.total()];
        let inputs = self.add_gradient(batch, upstream, &mut gradients);
        (gradients, inputs)
    }

    pub fn add_gradient(&self, batch: &Batch<E>, upstream: &[Vec<E>], gradients: &mut [E]) -> Vec<Tensor<E>> {
        let outputs: Vec<&str> = self.program.outputs.iter().map(|port| port.name.as_str()).collect();
        let mut backward = Backward::new(&self.graph, &outputs, Tape::Whole, self.kernels);
        let key = RngKey { training: true, seed: 3, ..RngKey::default() };
        backward.run(&self.weights, batch, upstream, key, &self.pool, gradients).unwrap().inputs
    }

    /// Upstream gradients for all outputs of a batch; zero in padding.
    pub fn upstream(&self, batch: &Batch<E>) -> Vec<Vec<E>> {
        self.forward(batch)
            .outputs
            .iter()
            .enumerate()
            .map(|(i, output)| {
                let mut d = numbers(output.shape.iter().product(), 100 + i as u64);
                if let Some(lengths) = &output.lengths {
                    let (time, width) = (output.shape[1], output.shape[2]);
                    for (row, &n) in lengths.iter().enumerate() {
                        d[(row * time + n as usize) * width..(row + 1) * time * width].fill(E::ZERO);
                    }
                }
                d
            })
            .collect()
    }
}

pub struct Model<E> {
    pub graph: Graph,
    pub program: Arc<Program>,
    pub pool: Pool,
    pub weights: Weights<E>,
    pub kernels: Kernels<E>,
}

pub fn data<E: Element>(tensor: &Tensor<E>) -> &[E] {
    match &tensor.data {
        Data::Values(values) => values,
        Data::Ids(_) => panic!("expected numbers"),
    }
}

fn total(outputs: &Outputs<f64>, upstream: &[Vec<f64>]) -> f64 {
    outputs
        .outputs
        .iter()
        .zip(upstream)
        .map(|(o, d)| data(o).iter().zip(d).map(|(x, y)| x * y).sum::<f64>())
        .sum()
}

/// Checks every gradient of a graph against central differences.
pub fn check_gradients(graph: &Graph, inputs: &[Tensor<f64>], states: &[Tensor<f64>]) {
    let model = Model::<f64>::new(graph, 2);
    let batch = model.batch(inputs.to_vec(), states.to_vec());
    let upstream = model.upstream(&batch);
    let (gradients, inner) = model.gradient(&batch, &upstream);
    let step = 1e-6;
    let close = |what: &str, i: usize, slope: f64, expected: f64| {
        assert!(
            (slope - expected).abs() <= 1e-7 * expected.abs().max(1.0),
            "{what}[{i}]: {slope} is not {expected}"
        );
    };
    for (i, &gradient) in gradients.iter().enumerate() {
        let moved = |by: f64| {
            let mut values = model.weights.values().to_vec();
            values[i] += by;
            let weights = Weights::new(&model.program, values, &model.pool).unwrap();
            let mut engine =
                Engine::new(model.program.clone(), Mode::Inference { segmented: true }, model.kernels);
            total(&engine.forward(&weights, &batch, &model.pool).unwrap(), &upstream)
        };
        close("parameter", i, gradient, (moved(step) - moved(-step)) / (2.0 * step));
    }
    let given = |name: &String| inputs.iter().chain(states).any(|tensor| tensor.name == *name);
    for tensor in inner.iter().filter(|tensor| given(&tensor.name)) {
        for (i, &gradient) in data(tensor).iter().enumerate() {
            let moved = |by: f64| {
                let shift = |list: &[Tensor<f64>]| {
                    let mut list = list.to_vec();
                    for other in list.iter_mut().filter(|other| other.name == tensor.name) {
                        if let Data::Values(values) = &mut other.data {
                            values[i] += by;
                        }
                    }
                    list
                };
                total(&model.forward(&model.batch(shift(inputs), shift(states))), &upstream)
            };
            close(&tensor.name, i, gradient, (moved(step) - moved(-step)) / (2.0 * step));
        }
    }
}
