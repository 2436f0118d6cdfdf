//! A compiled graph with a case's parameters, run forward and backward.

use std::collections::HashMap;
use std::sync::Arc;

use unrolled_core::graph::Graph;
use unrolled_core::parallel::Pool;
use unrolled_core::program::{Mode, Program, Tape};
use unrolled_core::run::Engine;
use unrolled_core::storage::{Batch, Data, RngKey, Tensor, Weights};
use unrolled_kernels::{Element, Kernels};

use crate::support::backward::Backward;

use super::archive::{from_f64, to_f64};

/// A model on one instruction set.
pub(crate) struct Net<E> {
    graph: Graph,
    kernels: Kernels<E>,
    pool: Pool,
    pub(crate) program: Arc<Program>,
    weights: Weights<E>,
}

/// The results of a forward and backward run, by name.
pub(crate) struct Results {
    pub(crate) outputs: HashMap<String, Vec<f64>>,
    /// Of parameters, inputs and initial states.
    pub(crate) gradients: HashMap<String, Vec<f64>>,
}

impl<E: Element> Net<E> {
    /// Compiles a graph whose parameters have the values that `parameter` gives by name.
    pub(crate) fn new<'a>(kernels: Kernels<E>, graph: &str, parameter: impl Fn(&str) -> &'a [f64]) -> Self {
        let graph = Graph::from_json(graph).expect("a graph");
        let program = Program::compile(&graph).expect("a program");
        let pool = Pool::with_threads(1).expect("a pool");
        let values = program.layout.entries().iter().flat_map(|entry| from_f64(parameter(&entry.name)));
        let weights = Weights::new(&program, values.collect(), &pool).expect("parameters that fit");
        Self { graph, kernels, pool, program: program.into(), weights }
    }

    /// Runs forward, then backward from the given gradients of outputs.
    pub(crate) fn run(&self, batch: &Batch<E>, upstream: Vec<(String, Vec<E>)>) -> Results {
        let mut inference =
            Engine::new(Arc::clone(&self.program), Mode::Inference { segmented: true }, self.kernels);
        let outputs = inference.forward(&self.weights, batch, &self.pool).expect("a forward run").outputs;
        Results {
            outputs: outputs.into_iter().map(named).collect(),
            gradients: self.gradients(batch, upstream),
        }
    }

    fn gradients(&self, batch: &Batch<E>, upstream: Vec<(String, Vec<E>)>) -> HashMap<String, Vec<f64>> {
        let (names, upstream): (Vec<String>, Vec<Vec<E>>) = upstream.into_iter().unzip();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut backward = Backward::new(&self.graph, &names, Tape::Whole, self.kernels);
        let mut flat = vec![E::ZERO; self.weights.values().len()];
        let found = backward
            .run(&self.weights, batch, &upstream, RngKey::default(), &self.pool, &mut flat)
            .expect("a backward run");
        let parameters = self.program.layout.entries().iter();
        let parameters = parameters.map(|entry| (entry.name.clone(), to_f64(&flat[entry.range()])));
        parameters.chain(found.inputs.into_iter().map(named)).collect()
    }
}

/// Numbers for an input, output or state.
pub(crate) fn numbers<E: Element>(name: &str, shape: &[usize], values: &[f64]) -> Tensor<E> {
    Tensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        data: Data::Values(from_f64(values)),
        lengths: None,
    }
}

/// Ids for an input or target.
pub(crate) fn ids<E>(name: &str, shape: &[usize], values: &[f64]) -> Tensor<E> {
    let ids = values.iter().map(|&id| id as i32).collect();
    Tensor { name: name.to_owned(), shape: shape.to_vec(), data: Data::Ids(ids), lengths: None }
}

fn named<E: Element>(tensor: Tensor<E>) -> (String, Vec<f64>) {
    match tensor.data {
        Data::Values(values) => (tensor.name, to_f64(&values)),
        Data::Ids(_) => panic!("{} has ids", tensor.name),
    }
}
