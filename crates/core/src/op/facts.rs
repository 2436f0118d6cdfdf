//! Facts of an operation: everything a pass of the compiler may ask of it.
//!
//! Each operation states its facts in its own file, above its arithmetic. The struct has no defaults, so that a
//! forgotten answer does not compile.

use std::ops::Range;

use crate::program::{Linear, Operand, Sum, TensorRef, ValueId};

/// Everything a pass may ask of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Its relation to time.
    pub(crate) time: Time,
    /// The cut of a sequence in time at the operation.
    pub(crate) cut: Cut,
    /// The storage of its first output.
    pub(crate) storage: Storage,
    /// The values that its backward reads; those that the weights' sums read are not among them.
    pub(crate) reads_back: Vec<ValueId>,
    /// The way of gradients through it.
    pub(crate) flow: Flow,
    /// Values whose gradients come together, if some do.
    pub(crate) joint: Option<Joint>,
    /// The sums that form the gradients of its parameters; none without parameters.
    pub(crate) sums: Vec<(TensorRef, Sum)>,
    /// Its arithmetic for one row or step.
    pub(crate) work: Work,
}

/// The relation of an operation to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Each step by itself.
    EachStep,
    /// A loop along an axis.
    Along { axis: usize, reverse: bool },
    /// A vector of the steps as they pass, segment by segment: the same when a segment passes once more.
    Gather,
    /// All steps of a row together.
    Whole,
}

/// The cut of a sequence into chunks of time, each beginning with the states that the chunk before ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A chunk needs nothing of another.
    Free,
    /// A chunk begins with these vectors, which the model must own as states; otherwise the reason against it.
    From { vectors: Vec<ValueId>, otherwise: &'static str },
    /// Never, and the reason.
    Never(&'static str),
}

/// The way of gradients through an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// From its outputs to its inputs.
    Through,
    /// From the operation on: a loss.
    Start,
    /// To the operation, and no further.
    Stop,
}

/// The reason why a reversed operation cannot be cut in time.
pub(crate) const BACKWARDS: &str = "reads backwards in time";

/// The storage of an operation's first output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Storage of its own.
    Own,
    /// The first input's; the gradients of input and output share storage too.
    InPlace,
    /// The first input's, whose gradient overwrites the output once backward has read the output.
    InPlaceOfValue,
}

impl Storage {
    /// True if the first output takes over the storage of the first input.
    pub(crate) fn is_in_place(self) -> bool {
        match self {
            Self::Own => false,
            Self::InPlace | Self::InPlaceOfValue => true,
        }
    }
}

/// Values whose gradients a kernel reads or writes together: if one of `any` has a gradient, all of `all` have one. None
/// of `never` has.
#[derive(Clone, Debug)]
pub(crate) struct Joint {
    pub(crate) any: Vec<ValueId>,
    pub(crate) all: Vec<ValueId>,
    pub(crate) never: Vec<ValueId>,
}

/// The arithmetic of an operation for one row or step, in classes of equal cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A few operations for each element, and a product with `weights` weights.
    Elementwise { weights: usize },
    /// An exponential for each element.
    Exponential,
    /// An exponential for each element, after a reduction over all elements.
    Reduction,
    /// For each step of a memory, a product with the key and the value, and an exponential for each element of the key or one
    /// alone.
    EachPair { exponential: bool },
}

/// A product with a weight, and the order in which its kernel reads the packed weight.
pub(crate) struct Product<'a> {
    /// The weight.
    pub(crate) linear: &'a mut Linear,
    /// Gates whose rows are interleaved for `x Wᵀ`.
    pub(crate) gates: usize,
    /// Gates in each packed part for `g W`.
    pub(crate) parts: &'static [usize],
}

/// The sums of a linear map: the rows from `first` on of weight and bias, from the `columns` of a gradient.
pub(crate) fn linear_sums(
    linear: &Linear,
    gradient: Operand,
    first: usize,
    columns: Range<usize>,
    input: ValueId,
) -> Vec<(TensorRef, Sum)> {
    let rows = columns.len();
    let bias_sum = Sum::Columns { gradient, columns: columns.clone() };
    let bias = linear.bias.map(|bias| (bias.part(first, rows), bias_sum));
    let weight_sum = Sum::Outer { gradient, columns, input: Operand::Value(input) };
    bias.into_iter().chain([(linear.weight.part(first, rows), weight_sum)]).collect()
}
