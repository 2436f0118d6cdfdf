//! Products of bf16 operands: rounding, and blocks of pairs for the instructions that multiply them.

pub(crate) mod dots;
pub(crate) mod multiply;
pub(crate) mod outer;
pub(crate) mod pack;
pub(crate) mod scratch;
pub(crate) mod tiles;
