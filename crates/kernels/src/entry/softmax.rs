//! Softmax over the columns of each row: the doors.

use crate::view::{Matrix, MatrixMut};

entries! {
    trait Softmax;

    /// y = e^(x - max x) / Σ e^(x - max x) in every row, with y and x m x n.
    pub fn softmax_rows(y: MatrixMut<'_, E>, x: Matrix<'_, E>) = crate::generic::softmax::softmax_rows;

    /// dx += y∘(dy - Σ y∘dy) in every row, from the output y; all m x n.
    pub fn softmax_backward_rows(dx: MatrixMut<'_, E>, y: Matrix<'_, E>, dy: Matrix<'_, E>)
        = crate::generic::softmax::softmax_backward_rows;
}
