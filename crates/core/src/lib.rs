//! Recurrent graphs: compiled, unrolled forward and backward through time, trained.
#![forbid(unsafe_code)]

pub mod error;
pub mod format;
pub mod params;
pub mod schedule;

pub use error::{Code, Error, Result};
