//! Numbers as matrices of one row.

use unrolled_kernels::{Element, Matrix, MatrixMut, Rows};

/// The place of the only row.
pub(super) const FIRST: &[u32] = &[0];

/// Numbers as the only one of chosen rows.
pub(super) fn one<E: Element>(numbers: &[E]) -> Rows<'_, E> {
    Rows::new(line(numbers), FIRST)
}

pub(super) fn line<E: Element>(numbers: &[E]) -> Matrix<'_, E> {
    Matrix::new(numbers, 1, numbers.len())
}

pub(super) fn line_mut<E: Element>(numbers: &mut [E]) -> MatrixMut<'_, E> {
    let count = numbers.len();
    MatrixMut::new(numbers, 1, count)
}
