//! Backward runs from given gradients of outputs: losses `Σ output ∘ upstream`.

use std::sync::Arc;

use unrolled_core::Result;
use unrolled_core::graph::Graph;
use unrolled_core::loss::LossConfig;
use unrolled_core::parallel::Pool;
use unrolled_core::program::{Frozen, Mode, Program, Tape};
use unrolled_core::run::{Engine, Run};
use unrolled_core::storage::{Batch, Losses, RngKey, Tensor, Weight, Weights};
use unrolled_kernels::{Element, Kernels};

use super::runs::values;

/// A graph with such losses, ready to run.
pub struct Backward<E> {
    pub engine: Engine<E>,
    outputs: Vec<String>,
}

/// Gradients of inputs and initial states, and the final states.
pub struct Found<E> {
    pub inputs: Vec<Tensor<E>>,
    pub states: Vec<Tensor<E>>,
}

impl<E: Element> Backward<E> {
    /// Compiles a graph whose `outputs` are given their gradients.
    pub fn new(graph: &Graph, outputs: &[&str], tape: Tape, kernels: Kernels<E>) -> Self {
        let losses: Vec<(&str, &LossConfig)> =
            outputs.iter().map(|name| (*name, &LossConfig::Dot {})).collect();
        let program = Program::compile_with_losses(graph, &losses).unwrap();
        Self::of(program, outputs, Mode::Training { inputs: true, tape }, kernels)
    }

    /// The same for the gradients of the parameters alone, less those of the `frozen` ones.
    pub fn but(frozen: &[String], graph: &Graph, outputs: &[&str], tape: Tape, kernels: Kernels<E>) -> Self {
        let losses: Vec<(&str, &LossConfig)> =
            outputs.iter().map(|name| (*name, &LossConfig::Dot {})).collect();
        let mut program = Program::compile_with_losses(graph, &losses).unwrap();
        program.frozen = Frozen::new(&program.layout, frozen).unwrap();
        Self::of(program, outputs, Mode::Training { inputs: false, tape }, kernels)
    }

    fn of(program: Program, outputs: &[&str], mode: Mode, kernels: Kernels<E>) -> Self {
        let engine = Engine::new(Arc::new(program), mode, kernels);
        Self { engine, outputs: outputs.iter().map(|&name| name.to_owned()).collect() }
    }

    /// Runs backward and adds to the flat gradients of the parameters.
    pub fn run(
        &mut self,
        weights: &Weights<E>,
        batch: &Batch<E>,
        upstream: &[Vec<E>],
        rng_key: RngKey,
        pool: &Pool,
        gradients: &mut [E],
    ) -> Result<Found<E>> {
        let program = Arc::clone(self.engine.program());
        let target = |(name, upstream): (&String, &Vec<E>)| {
            let value = &program.values[program.output(name).unwrap().value];
            let time = value.axis.map(|axis| batch.axes()[axis].time);
            let shape: Vec<usize> = [batch.rows()].into_iter().chain(time).chain([value.width]).collect();
            values(name, &shape, upstream.clone()).into()
        };
        let mut targets = self.outputs.iter().zip(upstream).map(target).collect();
        let mut batch = batch.clone();
        batch.bind_targets(&program, &mut targets, &mut vec![Weight::default(); self.outputs.len()])?;
        let scales = vec![1.0; self.outputs.len()];
        let losses = Losses { scales: &scales, from: 0 };
        self.engine.gradient(&Run { weights, batch: &batch, losses, rng_key }, pool, gradients)?;
        let states = self.engine.states(&batch)?;
        Ok(Found { inputs: self.engine.gradients(&batch)?.inputs, states })
    }
}
