//! Recurrent graphs: compiled, unrolled forward and backward through time, trained.
#![forbid(unsafe_code)]

pub mod error;

pub use error::{Code, Error, Result};
