//! Storage whose size a caller or a file decides: refused with an error where there is no memory, never an abort.
//!
//! Lists that a graph alone decides, a few entries a node, are small and made as usual.

mod limit;

use std::fmt::{Display, Write};

pub use limit::{MemoryLimit, Source};
pub(crate) use limit::{check_fits, memory_limit};

use crate::{Error, Result};

/// Bytes for the words of an error.
const WORDS: usize = 256;

/// So many zeros for `what`.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory, naming `what`.
pub(crate) fn zeros<T: Clone + Default>(count: usize, what: impl Display) -> Result<Vec<T>> {
    let mut values = Vec::new();
    grow(&mut values, count, what)?;
    Ok(values)
}

/// Makes `values` as long as `count`, with zeros at the end.
///
/// # Errors
/// As [`zeros`]; `values` is as before then.
pub(crate) fn grow<T: Clone + Default>(values: &mut Vec<T>, count: usize, what: impl Display) -> Result<()> {
    reserve(values, count, what)?;
    values.resize(count, T::default());
    Ok(())
}

/// The same numbers in memory of their own.
///
/// # Errors
/// As [`zeros`].
pub fn copied<T: Clone>(numbers: &[T], what: impl Display) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    reserve(&mut copy, numbers.len(), what)?;
    copy.extend_from_slice(numbers);
    Ok(copy)
}

/// A list of `count` items, of which each may be refused.
///
/// # Errors
/// As [`zeros`]; that of the first item that is refused.
pub fn collected<T>(
    count: usize,
    items: impl Iterator<Item = Result<T>>,
    what: impl Display,
) -> Result<Vec<T>> {
    let mut list = Vec::new();
    reserve(&mut list, count, what)?;
    for item in items.take(count) {
        list.push(item?);
    }
    Ok(list)
}

/// Makes room for `count` entries in all, and for no others.
///
/// # Errors
/// As [`zeros`]; `list` is as before then.
pub(crate) fn reserve<T>(list: &mut Vec<T>, count: usize, what: impl Display) -> Result<()> {
    let more = count.saturating_sub(list.len());
    list.try_reserve_exact(more).map_err(|_| no_memory(count, what))
}

/// Puts `count` items in place of those of `list`.
///
/// # Errors
/// As [`zeros`]; `list` is empty then.
pub(crate) fn refill<T>(
    list: &mut Vec<T>,
    count: usize,
    items: impl Iterator<Item = T>,
    what: impl Display,
) -> Result<()> {
    list.clear();
    reserve(list, count, what)?;
    list.extend(items.take(count));
    Ok(())
}

/// True if so many bytes can be had now. They are not kept.
#[must_use]
pub fn has_room(bytes: usize) -> bool {
    let mut room: Vec<u8> = Vec::new();
    // Kept from being optimized away with the vector.
    std::hint::black_box(&mut room).try_reserve_exact(bytes).is_ok()
}

/// The error where `count` numbers for `what` have no memory; without words if they have none either.
pub(crate) fn no_memory(count: usize, what: impl Display) -> Error {
    let mut message = String::new();
    if message.try_reserve_exact(WORDS).is_ok() {
        // Writing to a string does not fail.
        let _ = write!(message, "no memory for {count} numbers: {what}");
    }
    Error::size(message)
}
