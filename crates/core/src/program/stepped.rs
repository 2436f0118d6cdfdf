//! A program divided at an axis, for callers that take its steps one at a time.

use std::sync::Arc;

use super::Program;

/// A program in two: the part that no step changes, and one step. Both have the layout and the packs of the whole.
#[derive(Clone, Debug)]
pub struct Stepped {
    /// The part that runs once; none where a step needs nothing but its states. Its outputs are those of the model that no
    /// step changes, then the values that `step` holds, then those that its states begin with.
    pub once: Option<Arc<Program>>,
    /// One step. Its inputs and outputs are those of the model along the axis.
    pub step: Arc<Program>,
    /// The axis; none for a model of vectors alone, which runs whole at each step.
    pub axis: Option<usize>,
    /// The number of the model's own outputs among those of `once`.
    pub outputs: usize,
    /// By state of `step`: the output of `once` that it begins with; zeros without.
    pub begins: Vec<Option<usize>>,
    /// By input of `step`: the item of the first step, for an input that the model shifts and that is fed one step late.
    pub starts: Vec<Option<Start>>,
}

/// The item of the first step, of an input that is fed one step late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The id that a shift of tokens begins with.
    Id(u32),
    /// Zeros, of numbers.
    Zeros,
}

impl Start {
    /// The id, of tokens.
    #[must_use]
    pub fn id(self) -> Option<u32> {
        match self {
            Self::Id(id) => Some(id),
            Self::Zeros => None,
        }
    }
}
