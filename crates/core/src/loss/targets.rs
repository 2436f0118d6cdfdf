//! What a network should have said.

use unrolled_kernels::Matrix;

/// The class of a target that does not count: it adds nothing to the loss, its weight or the gradient.
pub const IGNORED: u32 = u32::MAX;

/// The targets of some rows.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, E> {
    /// A class for each row, or [`IGNORED`].
    Classes(&'a [u32]),
    /// As many numbers a row as the network gives.
    Values(Matrix<'a, E>),
}
