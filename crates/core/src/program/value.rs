//! Values, which flow between instructions.

use crate::graph::Kind;

/// The index of a value of the program.
pub type ValueId = usize;

/// A matrix of features over rows or over the steps of an axis.
#[derive(Clone, Debug)]
pub struct Value {
    /// The wire of the graph, for error messages.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The axis of time as an index into [`super::Program::axes`], `None` for vectors.
    pub axis: Option<usize>,
    /// Numbers a row; 0 for alignments and for ids that are given or shifted, 1 for ids that the program computes.
    pub width: usize,
    /// True for what a node hears of its children alone, which is zeros without children.
    pub of_children: bool,
}

impl Value {
    /// True for ids that are given or shifted; those that the program computes are numbers, exact below 2^24.
    #[must_use]
    pub fn holds_ids(&self) -> bool {
        self.kind.vocabulary().is_some() && self.width == 0
    }
}
