//! The rows of a session in another order.

use unrolled_kernels::Element;

use super::Session;
use super::begin::check_rows;
use crate::memory::grow;
use crate::storage::{Batch, Subject};
use crate::{Error, Result};

impl<E: Element> Session<E> {
    /// Continues with these rows: row `i` goes on from the state of row `rows[i]` and reads the values of its start. A row may
    /// go on as several, or as none. Rows whose values of the start stay as they are (the beams of one source) move their
    /// states alone, and as many rows as before allocate nothing.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for no rows, [`crate::Code::Size`] for too many, [`crate::Code::Value`] for a row that does
    /// not exist. Nothing is changed then.
    pub fn reorder(&mut self, rows: &[usize]) -> Result<()> {
        check_rows("reorder", rows.len())?;
        if let Some(row) = rows.iter().find(|&&row| row >= self.rows()) {
            let count = self.rows();
            return Err(Error::value(format!("reorder: expected rows below {count}, received {row}")));
        }
        let Self { stepped, batch, next, .. } = self;
        let program = &stepped.step;
        let held = batch.held().map(|held| held.reordered(rows)).transpose()?.flatten();
        let other = match held.is_none() && rows.len() == batch.rows() {
            true => None,
            false => {
                let held = held.or_else(|| batch.held().cloned());
                Some(Batch::step(program, stepped.axis, rows.len(), held)?)
            }
        };
        for ((state, old), new) in program.states.iter().zip(batch.states()).zip(&mut *next) {
            let (Some(old), new) = (old, new.get_or_insert_default()) else { continue };
            grow(new, rows.len().saturating_mul(state.size), Subject("state", &state.name))?;
            for (new, &row) in new.chunks_exact_mut(state.size).zip(rows) {
                new.copy_from_slice(&old[row * state.size..][..state.size]);
            }
        }
        if let Some(mut other) = other {
            std::mem::swap(batch, &mut other);
        }
        batch.states_mut().swap_with_slice(next);
        Ok(())
    }
}
