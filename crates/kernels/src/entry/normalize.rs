//! Layer normalization over the columns of each row: the doors.

use crate::view::{Matrix, MatrixMut};

entries! {
    trait Normalization;

    /// y = gain∘x̂ + bias with x̂ = (x - mean)·s, s = 1/√(variance + epsilon) in every row; the variance is the mean
    /// square deviation. y, x m x n; `gain`, `bias` n; `stats` m x 2 receives mean and s.
    pub fn layer_norm_rows(y: MatrixMut<'_, E>, x: Matrix<'_, E>, gain: &[E], bias: &[E], epsilon: E,
        stats: MatrixMut<'_, E>) = crate::generic::normalize::layer_norm_rows;

    /// dx += s·(d - mean d - x̂·mean(d∘x̂)) with d = gain∘dy in every row. dx, x, dy m x n; `gain` n; `stats` from
    /// `layer_norm_rows`.
    pub fn layer_norm_backward_rows(dx: MatrixMut<'_, E>, x: Matrix<'_, E>, dy: Matrix<'_, E>, gain: &[E],
        stats: Matrix<'_, E>) = crate::generic::normalize::layer_norm_backward_rows;

    /// x̂ = (x - mean)·s in every row, for the gradient of the gain. `out`, x m x n; `stats` from
    /// `layer_norm_rows`.
    pub fn layer_norm_normalized_rows(out: MatrixMut<'_, E>, x: Matrix<'_, E>, stats: Matrix<'_, E>)
        = crate::generic::normalize::layer_norm_normalized_rows;
}
