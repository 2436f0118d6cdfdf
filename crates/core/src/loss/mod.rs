//! Losses of outputs and targets, with their gradients.

mod config;
mod criterion;
mod cross_entropy;
mod elementwise;
mod targets;

pub use config::LossConfig;
pub use criterion::Loss;
pub use targets::Targets;
