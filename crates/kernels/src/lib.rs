//! SIMD kernels for recurrent networks: the same bits on every instruction set.
//!
//! Every output element accumulates along k in one order with fused multiply-add, lanes run over outputs,
//! reductions use 16 virtual lanes and one fixed tree, and exp, tanh and sigmoid are this crate's own. So
//! scalar, AVX2, AVX-512 and NEON return equal bits (a NaN is a NaN: its sign and payload are not kept), and
//! a row's result does not depend on its neighbours.

#[macro_use]
mod dispatch;
mod arch;
mod element;
mod entry;
mod float_mode;
mod generic;
mod isa;
pub mod math;
mod operands;
mod packed;
#[cfg(test)]
mod reference;
mod simd;
mod team;
#[cfg(test)]
mod tests;
mod vector;
mod view;

pub use element::Element;
pub use entry::optimize::{AdagradStep, AdamStep, RmspropStep, SgdStep};
pub use entry::product::Start;
pub use entry::recurrent::{Activation, GruRecurrent, Recurrent};
pub use float_mode::{FloatModeGuard, flush_subnormals};
pub use isa::{Isa, IsaError, Kernels};
pub use operands::{Operands, Precision};
pub use packed::Packed;
pub use team::Team;
pub use view::{Matrix, MatrixMut, Rows};

/// Outputs in one packed panel, and virtual lanes of every reduction.
pub const PANEL: usize = 16;

/// The most rows that one block of a sum over rows takes.
pub const BLOCK: usize = 256;
