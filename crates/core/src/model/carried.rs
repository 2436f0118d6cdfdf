//! The states that one step of training ends with and the next may begin with.

use unrolled_kernels::Element;

use crate::format;
use crate::memory::grow;
use crate::program::{Program, StatePort};
use crate::run::Engine;
use crate::storage::{Batch, Subject, check_finite_state, copied_states};
use crate::{Error, Result};

/// The states after the last step of training, and storage for those after the next.
pub(super) struct Carried<E> {
    /// The rows of the states; 0 before the first step.
    rows: usize,
    states: Vec<Option<Vec<E>>>,
    next: Vec<Option<Vec<E>>>,
    next_rows: usize,
}

impl<E: Element> Carried<E> {
    /// No states yet.
    pub(super) fn new(program: &Program) -> Self {
        let none = vec![Some(Vec::new()); program.states.len()];
        Self { rows: 0, states: none.clone(), next: none, next_rows: 0 }
    }

    /// Starts anew at zero.
    pub(super) fn forget(&mut self) {
        self.rows = 0;
    }

    /// Lends the states to a batch.
    ///
    /// # Errors
    /// [`crate::Code::Shape`] for a batch of another number of rows, `NonFinite` for a state that has grown out of
    /// range.
    pub(super) fn begin(&mut self, program: &Program, batch: &mut Batch<E>) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        for (state, values) in program.states.iter().zip(&self.states) {
            if self.rows != batch.rows() {
                let what = Subject("state", &state.name);
                let (expected, carried) = (batch.rows(), self.rows);
                return Err(Error::shape(format!("{what}: expected {expected} rows, received {carried}")));
            }
            if let Some(values) = values {
                check_finite_state(&state.name, values)?;
            }
        }
        batch.states_mut().swap_with_slice(&mut self.states);
        Ok(())
    }

    /// Takes the states back from the batch.
    pub(super) fn give_back(&mut self, batch: &mut Batch<E>) {
        if self.rows > 0 {
            batch.states_mut().swap_with_slice(&mut self.states);
        }
    }

    /// Notes the states that a run of the batch ended with.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn end(&mut self, engine: &Engine<E>, batch: &Batch<E>) -> Result<()> {
        self.next_rows = batch.rows();
        for (state, next) in engine.program().states.iter().zip(&mut self.next) {
            let next = next.get_or_insert_default();
            grow(next, batch.rows().saturating_mul(state.size), Subject("state", &state.name))?;
            engine.read(state.last, batch, next);
        }
        Ok(())
    }

    /// A copy of the states that the last run ended with.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn ended(&self) -> Result<Vec<Option<Vec<E>>>> {
        copied_states(&self.next)
    }

    /// Begins the next step with the noted states.
    pub(super) fn advance(&mut self) {
        std::mem::swap(&mut self.states, &mut self.next);
        self.rows = self.next_rows;
        // The next step writes into the other list: give it room too, as far as there is memory. That step asks again, where
        // it can still be refused.
        for (state, next) in self.states.iter().zip(&mut self.next) {
            let (length, next) = (state.as_ref().map_or(0, Vec::len), next.get_or_insert_default());
            let _ = next.try_reserve_exact(length.saturating_sub(next.len()));
        }
    }

    /// The states that the next step may begin with, each with its name and shape; none before the first step.
    pub(super) fn held<'a>(&'a self, program: &'a Program) -> Vec<(&'a str, [usize; 2], &'a [E])> {
        if self.rows == 0 {
            return Vec::new();
        }
        let states = program.states.iter().zip(&self.states);
        let held = |(state, values): (&'a StatePort, &'a Option<Vec<E>>)| {
            Some((state.name.as_str(), [self.rows, state.size], values.as_deref()?))
        };
        states.filter_map(held).collect()
    }

    /// Tells if these are states that were held: all of the program's, of as many rows, or none.
    ///
    /// # Errors
    /// [`crate::Code::Format`] for others.
    pub(super) fn check(&self, program: &Program, given: &[format::Tensor]) -> Result<()> {
        let rows = given.first().map_or(0, |state| state.shape.first().copied().unwrap_or(0));
        let fits = |(state, given): (&StatePort, &format::Tensor)| {
            state.name == given.name && given.shape == [rows, state.size] && rows > 0
        };
        let all = given.len() == program.states.len() && program.states.iter().zip(given).all(fits);
        if all || given.is_empty() {
            return Ok(());
        }
        Err(Error::format("carried states: expected those of the model, received others"))
    }
}

impl Carried<f32> {
    /// Begins the next step with states that [`Carried::check`] has passed.
    pub(super) fn restore(&mut self, given: Vec<format::Tensor>) {
        self.rows = given.first().map_or(0, |state| state.shape[0]);
        for (state, given) in self.states.iter_mut().zip(given) {
            *state = Some(given.values);
        }
    }
}
