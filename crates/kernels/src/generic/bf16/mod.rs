//! Products of bf16 operands: rounding, pairs for the instructions that multiply them, and blocks for the tiles of AMX.

pub(crate) mod gather;
pub(crate) mod grid;
pub(crate) mod outer;
pub(crate) mod pack;
pub(crate) mod round;
pub(crate) mod scratch;
pub(crate) mod tiles;
