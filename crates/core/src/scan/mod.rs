//! The loop over time.

pub(crate) mod recurrence;
mod truncate;

pub use truncate::{Truncation, Window};
