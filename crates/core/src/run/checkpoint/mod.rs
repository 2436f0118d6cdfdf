//! Checkpointing: segments of time computed once more, so that only the states between them are kept.

mod budget;
mod choose;
mod segments;

pub(super) use choose::Plans;
pub(super) use segments::{backward, forward};
