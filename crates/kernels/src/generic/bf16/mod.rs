//! Products of operands rounded to bf16: rounding, pairs for the instructions that multiply them, and the tiles of AMX.

pub(crate) mod gather;
pub(crate) mod outer;
pub(crate) mod pack;
pub(crate) mod product;
pub(crate) mod round;
pub(crate) mod tile_dots;
