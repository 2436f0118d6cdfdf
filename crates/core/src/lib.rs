//! Recurrent graphs: compiled, unrolled forward and backward through time, trained.
#![forbid(unsafe_code)]

pub mod clip;
pub mod error;
pub mod format;
pub mod initialize;
pub mod loss;
pub mod optimizer;
pub mod parallel;
pub mod params;
pub mod random;
pub mod schedule;

pub use error::{Code, Error, Result};
