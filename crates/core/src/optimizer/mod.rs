//! Update rules: from gradients to new parameters.

mod config;
mod decay;
mod flat;
mod reach;
mod rule;

pub use config::{OptimizerConfig, check_rate};
pub use decay::Decay;
pub use flat::{Optimizer, Overflow, Update};
