//! Recurrent graphs: compiled, unrolled forward and backward through time, trained.
#![forbid(unsafe_code)]

pub mod clip;
pub mod compile;
pub mod error;
mod finite;
pub mod format;
pub mod generate;
pub mod graph;
pub mod initialize;
pub mod loss;
pub mod memory;
pub mod model;
mod op;
pub mod optimizer;
pub mod parallel;
pub mod params;
pub mod program;
pub mod random;
pub mod run;
pub mod settings;
pub mod storage;
pub mod system;
mod tuning;

pub use error::{Code, Error, Result, SystemError};
