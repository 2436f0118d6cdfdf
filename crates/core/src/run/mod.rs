//! A program on a batch: forward, backward, and the gradients of the weights.

mod checkpoint;
mod engine;
mod goal;
mod load;
mod reduce;
mod shard;
mod transfer;
mod walk;

pub use engine::{Engine, Gradient, Outputs};
pub use goal::{Criterion, Goal, Score, Seed};
