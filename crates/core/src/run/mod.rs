//! A program on a batch: forward, backward, and the gradients of the weights.

mod checkpoint;
mod engine;
mod load;
mod need;
mod reduce;
mod section;
mod shard;
mod transfer;
mod walk;

pub use engine::{Engine, Gradients, Outputs, Score};
pub use shard::Run;
