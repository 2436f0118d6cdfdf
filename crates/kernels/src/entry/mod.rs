//! The doors of the kernels: methods of `Kernels`, each a thin way to one generic algorithm.

pub(crate) mod attention;
pub(crate) mod elementwise;
pub(crate) mod normalize;
pub(crate) mod optimize;
pub(crate) mod pack;
pub(crate) mod product;
pub(crate) mod recurrent;
pub(crate) mod reduce;
pub(crate) mod softmax;
