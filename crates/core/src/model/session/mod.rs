//! A session: a model step by step, for many rows.

mod begin;
mod description;
mod rows;
mod states;

use std::sync::Arc;

use unrolled_kernels::Element;

use super::network::pace;
use super::{Model, Snapshot};
use crate::compile::Cost;
use crate::memory::grow;
use crate::parallel::Pool;
use crate::program::{Port, Program, Start, Stepped};
use crate::run::Engine;
use crate::storage::{Batch, Data, Subject, Tensor, check_finite_state, check_values};
use crate::tuning::AT_ONCE;
use crate::{Error, Result};

pub use description::StepDescription;

/// The most rows of a session: more are a batch.
const MOST_ROWS: usize = 1 << 16;

/// A model that is fed step by step and keeps the states of its rows in between. Everything that no step changes (an
/// encoder along another axis, a context vector, the states to begin with, the keys of attention) runs once, at the start.
/// The steps have the bits of the whole sequence, and after the first of them nothing is allocated. A stream is a session of
/// one row.
pub struct Session<E> {
    model: Arc<Model<E>>,
    weights: Snapshot<E>,
    stepped: Stepped,
    cost: Cost,
    engine: Engine<E>,
    /// One step of the rows, with the states that it begins with.
    batch: Batch<E>,
    /// Storage for the states that it ends with.
    next: Vec<Option<Vec<E>>>,
    outputs: Vec<E>,
    /// The outputs that no step changes.
    fixed: Arc<Vec<Tensor<E>>>,
    /// By state: the rows that it begins with; zeros without.
    begun: Vec<Option<Arc<Vec<E>>>>,
}

impl<E: Element> Session<E> {
    /// The program of a step: its inputs, outputs and states are those that a session takes and gives.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.stepped.step
    }

    /// By input of a step, for tokens that the model shifts by one: the item to feed at the first step. A later step is fed
    /// the token of the step before it.
    #[must_use]
    pub fn starts(&self) -> &[Option<Start>] {
        &self.stepped.starts
    }

    /// The outputs that no step changes, of the rows that the session began with.
    #[must_use]
    pub fn fixed(&self) -> &[Tensor<E>] {
        &self.fixed
    }

    /// The outputs of the last step, as it returned them.
    #[must_use]
    pub fn outputs(&self) -> &[E] {
        &self.outputs
    }

    /// Bytes that a session holds after its first step: inputs, states, outputs, and what its engine keeps.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let program = self.program();
        let inputs: usize = program.inputs.iter().map(|port| port.kind.size().unwrap_or(1)).sum();
        let states: usize = program.states.iter().map(|state| state.size).sum();
        let numbers = inputs + 2 * states + self.widths().sum::<usize>() + self.engine.row_width();
        self.rows() * numbers * size_of::<E>() + self.batch.held().map_or(0, |held| held.bytes())
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.rows()
    }

    /// By output of a step: the numbers of a row. An alignment has one for each step of the longest memory.
    pub fn widths(&self) -> impl Iterator<Item = usize> + Clone {
        self.program().outputs.iter().map(|port| width(self.program(), &self.batch, port))
    }

    /// Takes a step of every row and returns the outputs at it. `values` has the numbers of the inputs that take numbers,
    /// one input after another as [`Session::program`] has them, each `[rows, size]`; `ids` likewise the ids of those that
    /// take ids, each `[rows]`. The outputs come one after another as well, each `[rows, size]`. On error the states are as
    /// before.
    ///
    /// # Errors
    /// [`crate::Code::Shape`] for more or fewer numbers or ids than a step has, `NonFinite` for a NaN or infinity
    /// among them, `Value` for an id out of range; `NonFinite` for a state that has grown out of range; `Size` when
    /// there is no memory.
    pub fn step(&mut self, values: &[E], ids: &[i32]) -> Result<&[E]> {
        let pool = self.model.pool.suited(self.batch.operations(&self.cost));
        self.step_on(pool, values, ids)
    }

    /// [`Session::step`] for a caller that must not wait: takes a step of little work without other threads.
    pub fn step_at_once(&mut self, values: &[E], ids: &[i32]) -> Option<Result<&[E]>> {
        let operations = self.batch.operations(&self.cost) * pace(self.model.kernels.isa());
        (operations < AT_ONCE).then(|| self.step_on(Pool::caller(), values, ids))
    }

    fn step_on(&mut self, pool: &Pool, values: &[E], ids: &[i32]) -> Result<&[E]> {
        self.take(values, ids)?;
        let numbers = self.widths().sum::<usize>();
        let Self { model, weights, stepped, engine, batch, next, outputs, .. } = self;
        let (program, rows) = (&stepped.step, batch.rows());
        // Before the states change: a step without room for its outputs leaves all as it was.
        grow(outputs, rows.saturating_mul(numbers), "the outputs of a step")?;
        engine.run_forward(&model.weights_of(weights), batch, pool)?;
        for (state, next) in program.states.iter().zip(&mut *next) {
            let next = next.get_or_insert_default();
            grow(next, rows.saturating_mul(state.size), Subject("state", &state.name))?;
            if program.memory_axis(state.last).is_some() {
                // Nothing is read beyond a row's memory.
                next.fill(E::ZERO);
            }
            engine.read(state.last, batch, next);
            check_finite_state(&state.name, next)?;
        }
        batch.states_mut().swap_with_slice(next);
        let mut rest = &mut outputs[..];
        for port in &program.outputs {
            let (output, more) = rest.split_at_mut(rows * width(program, batch, port));
            engine.read(port.value, batch, output);
            rest = more;
        }
        Ok(&self.outputs)
    }

    /// Copies the inputs of a step into the batch and checks them.
    fn take(&mut self, mut values: &[E], mut ids: &[i32]) -> Result<()> {
        let Self { stepped, batch, .. } = self;
        let program = &stepped.step;
        let ports = || program.inputs.iter().map(|port| &port.kind);
        let rows = batch.rows();
        let numbers = rows * ports().filter_map(|kind| kind.size()).sum::<usize>();
        let tokens = rows * ports().filter(|kind| kind.size().is_none()).count();
        if (values.len(), ids.len()) != (numbers, tokens) {
            return Err(Error::shape(format!(
                "step: expected {numbers} numbers and {tokens} ids, received {} and {}",
                values.len(),
                ids.len()
            )));
        }
        for (i, port) in program.inputs.iter().enumerate() {
            match &mut batch.inputs_mut()[i] {
                Data::Values(own) => {
                    let (first, rest) = values.split_at(own.len());
                    own.copy_from_slice(first);
                    values = rest;
                }
                Data::Ids(own) => {
                    let (first, rest) = ids.split_at(own.len());
                    own.copy_from_slice(first);
                    ids = rest;
                }
            }
            let axis = program.values[port.value].axis.map(|axis| &batch.axes()[axis]);
            check_values(Subject("input", &port.name), &port.kind, &batch.inputs()[i], rows, axis, |_| true)?;
        }
        Ok(())
    }
}

/// Numbers of a row of an output.
fn width<E: Element>(program: &Program, batch: &Batch<E>, port: &Port) -> usize {
    let memory = program.memory_axis(port.value);
    memory.map_or(program.values[port.value].width, |axis| batch.axes()[axis].time)
}
