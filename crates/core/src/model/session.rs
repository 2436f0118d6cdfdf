//! A session: a model step by step, for many rows.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::Model;
use crate::finite::first_non_finite;
use crate::memory::{copied, grow, zeros};
use crate::program::{Mode, Program, StatePort};
use crate::run::Engine;
use crate::storage::{Batch, Data, Subject, Tensor, check_state, check_values};
use crate::{Error, Result};

/// The most rows of a session: more are a batch.
const MOST_ROWS: usize = 1 << 16;

/// A model that is fed step by step and keeps the states of its rows in between. The steps have the bits of the whole
/// sequence, and after the first of them nothing is allocated. A stream is a session of one row.
pub struct Session<E> {
    model: Arc<Model<E>>,
    engine: Engine<E>,
    /// One step of the rows, with the states that it begins with.
    batch: Batch<E>,
    /// Storage for the states that it ends with.
    next: Vec<Option<Vec<E>>>,
    outputs: Vec<E>,
}

impl<E: Element> Session<E> {
    /// A session of so many rows with their states at zero.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a model that needs a sequence whole or has two axes of time, or for no rows.
    pub fn new(model: Arc<Model<E>>, rows: usize) -> Result<Self> {
        if rows == 0 {
            return Err(Error::argument("session: expected at least 1 row, received 0"));
        }
        if rows > MOST_ROWS {
            return Err(Error::size(format!("session: expected at most {MOST_ROWS} rows, received {rows}")));
        }
        let program = &model.program;
        program.check_divisible("stream")?;
        check_one_axis(program)?;
        let engine = Engine::new(Arc::clone(program), Mode::Inference { segmented: false }, model.kernels);
        let batch = Batch::step(program, rows)?;
        let next = vec![None; program.states.len()];
        Ok(Self { engine, batch, next, outputs: Vec::new(), model })
    }

    /// Bytes that a session holds after its first step: inputs, states, outputs, and what its engine keeps.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let program = &self.model.program;
        let inputs: usize = program.inputs.iter().map(|port| port.kind.size().unwrap_or(1)).sum();
        let states: usize = program.states.iter().map(|state| state.size).sum();
        let outputs = program.outputs.iter().map(|port| program.values[port.value].width);
        let numbers = inputs + 2 * states + outputs.sum::<usize>() + self.engine.row_width();
        self.rows() * numbers * size_of::<E>()
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.rows()
    }

    /// Takes a step of every row and returns the outputs at it. `values` has the numbers of the inputs that take numbers,
    /// one input after another as the model has them, each `[rows, size]`; `ids` likewise the ids of those that take ids,
    /// each `[rows]`. The outputs come one after another as well, each `[rows, size]`. On error the states are as before.
    ///
    /// # Errors
    /// [`crate::Code::Shape`] for more or fewer numbers or ids than a step has, `NonFinite` for a NaN or infinity
    /// among them, `Value` for an id out of range; `NonFinite` for a state that has grown out of range; `Size` when
    /// there is no memory.
    pub fn step(&mut self, values: &[E], ids: &[i32]) -> Result<&[E]> {
        self.take(values, ids)?;
        let Self { model, engine, batch, next, outputs } = self;
        let rows = batch.rows();
        let widths = model.program.outputs.iter().map(|port| model.program.values[port.value].width);
        // Before the states change: a step without room for its outputs leaves all as it was.
        grow(outputs, rows.saturating_mul(widths.sum::<usize>()), "the outputs of a step")?;
        engine.run_forward(&model.weights(), batch, model.pool.suited(batch.operations(&model.cost)))?;
        for (state, next) in model.program.states.iter().zip(&mut *next) {
            let next = next.get_or_insert_default();
            grow(next, rows.saturating_mul(state.size), Subject("state", &state.name))?;
            engine.read(state.last, batch, next);
            if first_non_finite(next).is_some() {
                let what = Subject("state", &state.name);
                return Err(Error::non_finite(format!(
                    "{what}: expected finite numbers, received a NaN or infinity"
                )));
            }
        }
        batch.states_mut().swap_with_slice(next);
        let mut rest = &mut outputs[..];
        for port in &model.program.outputs {
            let (output, more) = rest.split_at_mut(rows * model.program.values[port.value].width);
            engine.read(port.value, batch, output);
            rest = more;
        }
        Ok(&self.outputs)
    }

    /// Copies the inputs of a step into the batch and checks them.
    fn take(&mut self, mut values: &[E], mut ids: &[i32]) -> Result<()> {
        let Self { model, batch, .. } = self;
        let ports = || model.program.inputs.iter().map(|port| &port.kind);
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
        for (i, port) in model.program.inputs.iter().enumerate() {
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
            let axis = model.program.values[port.value].axis.map(|axis| &batch.axes()[axis]);
            check_values(Subject("input", &port.name), &port.kind, &batch.inputs()[i], rows, axis, |_| true)?;
        }
        Ok(())
    }

    /// Continues with these rows: row `i` goes on from the state of row `rows[i]`. A row may go on as several, or as none.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for no rows, [`crate::Code::Size`] for too many, [`crate::Code::Value`] for a row that does
    /// not exist. Nothing is changed then.
    pub fn reorder(&mut self, rows: &[usize]) -> Result<()> {
        if rows.is_empty() {
            return Err(Error::argument("reorder: expected at least 1 row, received none"));
        }
        if rows.len() > MOST_ROWS {
            let count = rows.len();
            return Err(Error::size(format!("reorder: expected at most {MOST_ROWS} rows, received {count}")));
        }
        if let Some(row) = rows.iter().find(|&&row| row >= self.rows()) {
            let count = self.rows();
            return Err(Error::value(format!("reorder: expected rows below {count}, received {row}")));
        }
        let program = &self.model.program;
        let mut batch = Batch::step(program, rows.len())?;
        let states = program.states.iter().zip(self.batch.states()).zip(batch.states_mut());
        for ((state, old), new) in states {
            let (Some(old), Some(new)) = (old, new) else { continue };
            for (new, &row) in new.chunks_exact_mut(state.size).zip(rows) {
                new.copy_from_slice(&old[row * state.size..][..state.size]);
            }
        }
        self.batch = batch;
        Ok(())
    }

    /// The states after the last step, each `[rows, size]`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn states(&self) -> Result<Vec<Tensor<E>>> {
        let (rows, states) = (self.rows(), self.model.program.states.iter().zip(self.batch.states()));
        let copy = |(state, values): (&StatePort, &Option<Vec<E>>)| {
            let what = Subject("state", &state.name);
            let values = match values {
                Some(values) => copied(values, what)?,
                None => zeros(rows.saturating_mul(state.size), what)?,
            };
            let (name, shape) = (state.name.clone(), vec![rows, state.size]);
            Ok(Tensor { name, shape, data: Data::Values(values), lengths: None })
        };
        states.map(copy).collect()
    }

    /// Goes on from these states, one for each of the model's.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape` or `NonFinite` for one
    /// that does not fit. Nothing is changed then.
    pub fn set_states(&mut self, states: Vec<Tensor<E>>) -> Result<()> {
        let known = &self.model.program.states;
        for state in known {
            let mut given = states.iter().filter(|tensor| tensor.name == state.name);
            match (given.next(), given.next()) {
                (Some(tensor), None) => check_state(state, tensor, self.batch.rows())?,
                (None, _) => return Err(Error::argument(format!("state '{}' is missing", state.name))),
                _ => return Err(Error::argument(format!("state '{}' is given twice", state.name))),
            }
        }
        let unknown = states.iter().find(|tensor| known.iter().all(|state| state.name != tensor.name));
        if let Some(unknown) = unknown {
            return Err(Error::argument(format!("state '{}' is unknown", unknown.name)));
        }
        for Tensor { name, data, .. } in states {
            let index = known.iter().position(|state| state.name == name);
            if let (Some(index), Data::Values(values)) = (index, data) {
                self.batch.states_mut()[index] = Some(values);
            }
        }
        Ok(())
    }
}

/// Refuses a second axis of time: a step belongs to one.
fn check_one_axis(program: &Program) -> Result<()> {
    let mut inputs = program.inputs.iter().filter_map(|input| Some((&input.name, input.kind.axis()?)));
    let first = inputs.next();
    match first.and_then(|first| Some((first, inputs.find(|other| other.1 != first.1)?))) {
        Some(((first, axis), (other, along))) => Err(Error::argument(format!(
            "stream: expected one axis of time, received input '{other}' along '{along}' beside '{first}' along '{axis}'"
        ))),
        None => Ok(()),
    }
}
