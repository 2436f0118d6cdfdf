//! What training makes small: losses of logits and targets, with their gradients.

mod binary_cross_entropy;
mod config;
mod cross_entropy;
mod elementwise;
mod huber;
mod mean_absolute;
mod mean_squared;
mod objective;
mod targets;

pub use config::LossConfig;
pub use objective::Loss;
pub use targets::Targets;
