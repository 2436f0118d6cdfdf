//! The elements of tensors: numbers with all kernels.

use crate::entry::attention::Attention;
use crate::entry::elementwise::Elementwise;
use crate::entry::normalize::Normalization;
use crate::entry::optimize::Updates;
use crate::entry::pack::Packing;
use crate::entry::product::Products;
use crate::entry::recurrent::RecurrentSteps;
use crate::entry::reduce::Reductions;
use crate::entry::softmax::Softmax;
use crate::number::Number;

/// `f32` or `f64`: a number on which every kernel of [`Kernels`](crate::Kernels) is compiled.
pub trait Element:
    Number
    + Attention<Self>
    + Elementwise<Self>
    + Normalization<Self>
    + Packing<Self>
    + Products<Self>
    + RecurrentSteps<Self>
    + Reductions<Self>
    + Softmax<Self>
    + Updates<Self>
{
}

impl Element for f32 {}
impl Element for f64 {}
