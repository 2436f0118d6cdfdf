//! Attention of queries over the rows of a memory: the doors.

use crate::argument::AdditiveGradients;
use crate::view::{Matrix, MatrixMut, Rows};

entries! {
    trait Attention;

    /// scoreᵢⱼ = scale·Σ queryᵢ∘keyⱼ. `queries` q x n; `keys` m x n; `scores` q x m.
    ///
    /// A score does not depend on the queries and keys beside its own.
    pub fn dot_scores(scores: MatrixMut<'_, E>, queries: Rows<'_, E>, keys: Matrix<'_, E>, scale: E)
        = crate::generic::attention::dot_scores;

    /// scoreⱼ = Σ weight∘tanh(query + keyⱼ). `query`, `weight` n; `keys` m x n; `scores` m.
    pub fn additive_scores(scores: &mut [E], query: &[E], keys: Matrix<'_, E>, weight: &[E])
        = crate::generic::attention::additive_scores;

    /// The gradients of `additive_scores`, added to those of query and keys that are wanted: d keyⱼ += gⱼ, d query += Σⱼ gⱼ with
    /// gⱼ = d scoreⱼ·weight∘(1 - tanh²(query + keyⱼ)), d weight += Σⱼ d scoreⱼ·tanh(query + keyⱼ).
    pub fn additive_backward(gradients: AdditiveGradients<'_, E>,
        query: &[E], keys: Matrix<'_, E>, weight: &[E], d_scores: &[E])
        = crate::generic::attention::additive_backward;

    /// y at placeᵢ += Σⱼ weightᵢⱼ·rowⱼ, in the order of j. `y` has n columns; `places` q; `weights` q x m; `rows` m x n.
    pub fn add_weighted_rows(y: MatrixMut<'_, E>, places: &[u32], weights: Matrix<'_, E>, rows: Matrix<'_, E>)
        = crate::generic::row_sums::add_weighted_rows;

    /// rowⱼ += Σᵢ weightᵢⱼ·xᵢ, in the order of i. `x` q x n; `rows` m x n; `weights` q x m.
    pub fn add_to_rows(rows: MatrixMut<'_, E>, weights: Matrix<'_, E>, x: Rows<'_, E>)
        = crate::generic::row_sums::add_to_rows;
}
