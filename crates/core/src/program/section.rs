//! Sections: instructions that can run together through time.

use std::ops::Range;

/// Consecutive instructions that can take the steps of an axis segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The axis.
    pub axis: usize,
    /// From the last step to the first.
    pub reverse: bool,
    /// The places of its instructions among the program's.
    pub range: Range<usize>,
}
