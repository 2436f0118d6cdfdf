//! SIMD kernels for recurrent networks: the same bits on every instruction set.
//!
//! Every output element accumulates along k in one order with fused multiply-add, lanes run over outputs,
//! reductions use 16 virtual lanes and one fixed tree, and exp, tanh and sigmoid are this crate's own. So
//! scalar, AVX2, AVX-512 and NEON return equal bits (a NaN is a NaN: its sign and payload are not kept), and
//! a row's result does not depend on its neighbors.

#[macro_use]
mod dispatch;
mod arch;
mod argument;
mod bf16;
mod element;
mod entry;
mod float_mode;
mod generic;
mod isa;
mod lane;
mod line;
pub mod math;
mod number;
mod operands;
mod packed;
mod panel;
#[cfg(test)]
mod reference;
mod simd;
mod team;
#[cfg(test)]
mod tests;
mod tiles;
mod tuning;
mod vector;
mod view;

pub use argument::{
    Activation, AdagradStep, AdamStep, AdditiveGradients, Below, GruRecurrent, Recurrent, RmspropStep,
    SgdStep, Start,
};
pub use element::Element;
pub use float_mode::{FloatModeGuard, flush_subnormals};
pub use isa::{Isa, IsaError, Kernels};
pub use operands::{Operands, Precision};
pub use packed::Packed;
pub use panel::{MOST_SUMMED, PANEL};
pub use team::Team;
pub use view::{Matrix, MatrixMut, Rows};
