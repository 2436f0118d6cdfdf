//! Storage whose size a caller or a file decides: refused with an error where there is no memory, never an abort.

mod limit;

use std::fmt::Display;

use unrolled_kernels::Element;

pub use limit::{MemoryLimit, Source};
pub(crate) use limit::{check_fits, memory_limit};

use crate::{Error, Result};

/// So many zeros for `what`.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory, naming `what`.
pub(crate) fn zeros<E: Element>(count: usize, what: impl Display) -> Result<Vec<E>> {
    let mut values = Vec::new();
    grow(&mut values, count, what)?;
    Ok(values)
}

/// Makes `values` as long as `count`, with zeros at the end.
///
/// # Errors
/// As [`zeros`]; `values` is as before then.
pub(crate) fn grow<E: Element>(values: &mut Vec<E>, count: usize, what: impl Display) -> Result<()> {
    let more = count.saturating_sub(values.len());
    values.try_reserve_exact(more).map_err(|_| no_memory(count, what))?;
    values.resize(count, E::ZERO);
    Ok(())
}

/// The same numbers in memory of their own.
///
/// # Errors
/// As [`zeros`].
pub(crate) fn copied<E: Element>(numbers: &[E], what: impl Display) -> Result<Vec<E>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(numbers.len()).map_err(|_| no_memory(numbers.len(), what))?;
    copy.extend_from_slice(numbers);
    Ok(copy)
}

fn no_memory(count: usize, what: impl Display) -> Error {
    Error::size(format!("no memory for {count} numbers: {what}"))
}
