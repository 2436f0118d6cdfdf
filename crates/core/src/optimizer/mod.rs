//! What turns gradients into new parameters.

mod config;
mod flat;
mod rule;

pub use config::{OptimizerConfig, check_rate};
pub use flat::Optimizer;
