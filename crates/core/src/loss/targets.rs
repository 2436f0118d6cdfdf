//! Targets: the classes or numbers that a network should give.

use unrolled_kernels::Matrix;

/// The targets of some rows.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, E> {
    /// A class for each row, or the one that the loss ignores.
    Classes(&'a [u32]),
    /// As many numbers a row as the network gives.
    Values(Matrix<'a, E>),
}
