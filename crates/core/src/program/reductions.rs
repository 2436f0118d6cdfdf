//! The sums that form the gradients of the weights.

use std::ops::Range;

use super::{Operand, Space, TensorRef, ValueId};

/// One summand of a parameter's gradient: a sum over all rows and steps of a space.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// The parameter, or the part of it.
    pub tensor: TensorRef,
    /// Rows, or the steps of an axis.
    pub space: Space,
    /// The section of its instruction.
    pub section: Option<usize>,
    /// True if backward visits time from the first step to the last.
    pub reverse: bool,
    /// The sum.
    pub sum: Sum,
}

/// The sum of a contribution.
#[derive(Clone, Debug)]
pub enum Sum {
    /// `Gᵀ X`, with the columns of G that belong to the tensor.
    Outer {
        /// G.
        gradient: Operand,
        /// The columns of G.
        columns: Range<usize>,
        /// X.
        input: Operand,
    },
    /// The column sums of G.
    Columns {
        /// G.
        gradient: Operand,
        /// The columns of G.
        columns: Range<usize>,
    },
    /// The column sums of `G ∘ X`.
    Products {
        /// G.
        gradient: Operand,
        /// X.
        input: Operand,
    },
    /// Rows of G added to the rows that the ids name.
    Table {
        /// G.
        gradient: Operand,
        /// The ids.
        ids: Ids,
        /// The id whose row stays as it is.
        padding: Option<u32>,
    },
}

/// The ids that name rows of a table.
#[derive(Clone, Copy, Debug)]
pub enum Ids {
    /// Of a value that holds ids.
    Given(ValueId),
    /// Numbers.
    Computed(Operand),
}

impl Sum {
    /// The values and gradients it reads.
    #[must_use]
    pub fn operands(&self) -> Vec<Operand> {
        match self {
            Self::Outer { gradient, input, .. } | Self::Products { gradient, input } => {
                vec![*gradient, *input]
            }
            Self::Table { gradient, ids: Ids::Computed(ids), .. } => vec![*gradient, *ids],
            Self::Columns { gradient, .. } | Self::Table { gradient, .. } => vec![*gradient],
        }
    }
}
