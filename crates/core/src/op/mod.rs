//! The operations, each forward directly above its backward.
//!
//! An operation sees matrices: all steps at once, or one step of a loop. Backward always adds to the
//! gradients of its inputs.

pub(crate) mod activation;
pub(crate) mod arithmetic;
pub(crate) mod concat;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod pool;
pub(crate) mod repeat;
pub(crate) mod shift;
