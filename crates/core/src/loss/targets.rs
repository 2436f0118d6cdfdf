//! Targets: the expected classes or numbers.

use unrolled_kernels::Matrix;

/// The targets of some rows.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, E> {
    /// A class for each row, or the one that the loss ignores.
    Classes(&'a [u32]),
    /// The expected numbers of each row.
    Values(Matrix<'a, E>),
}
