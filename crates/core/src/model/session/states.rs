//! The states of a session as values to keep and set.

use unrolled_kernels::Element;

use super::Session;
use crate::memory::copied;
use crate::program::StatePort;
use crate::storage::{Data, Subject, Tensor, check_state, first_state};
use crate::{Error, Result};

impl<E: Element> Session<E> {
    /// The states after the last step, each `[rows, size]`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn states(&self) -> Result<Vec<Tensor<E>>> {
        self.each_state(|index, state, rows| {
            let what = Subject("state", &state.name);
            match &self.batch.states()[index] {
                Some(values) => copied(values, what),
                None => first_state(state, rows),
            }
        })
    }

    /// The states before the first step, each `[rows, size]`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn first_states(&self) -> Result<Vec<Tensor<E>>> {
        self.each_state(|index, state, rows| {
            let mut values = first_state(state, rows)?;
            if let (Some(first), Some(held)) = (&self.begun[index], self.batch.held()) {
                for (to, &row) in values.chunks_exact_mut(state.size).zip(held.rows()) {
                    to.copy_from_slice(&first[row * state.size..][..state.size]);
                }
            }
            Ok(values)
        })
    }

    fn each_state(
        &self,
        values: impl Fn(usize, &StatePort, usize) -> Result<Vec<E>>,
    ) -> Result<Vec<Tensor<E>>> {
        let rows = self.rows();
        let tensor = |(index, state): (usize, &StatePort)| {
            let (name, shape) = (state.name.clone(), vec![rows, state.size]);
            Ok(Tensor { name, shape, data: Data::Values(values(index, state, rows)?), lengths: None })
        };
        self.program().states.iter().enumerate().map(tensor).collect()
    }

    /// Goes on from these states, one for each of the session's.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape` or `NonFinite` for one
    /// that does not fit. Nothing is changed then.
    pub fn set_states(&mut self, states: Vec<Tensor<E>>) -> Result<()> {
        let known = &self.stepped.step.states;
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
