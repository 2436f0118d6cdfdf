//! Attention of one query over the rows of a memory: the doors.

use crate::argument::AdditiveGradients;
use crate::view::{Matrix, MatrixMut};

entries! {
    trait Attention;

    /// scoreⱼ = scale·Σ query∘keyⱼ. `query` n; `keys` m x n; `scores` m.
    pub fn dot_scores(scores: &mut [E], query: &[E], keys: Matrix<'_, E>, scale: E)
        = crate::generic::attention::dot_scores;

    /// scoreⱼ = Σ weight∘tanh(query + keyⱼ). `query`, `weight` n; `keys` m x n; `scores` m.
    pub fn additive_scores(scores: &mut [E], query: &[E], keys: Matrix<'_, E>, weight: &[E])
        = crate::generic::attention::additive_scores;

    /// The gradients of `additive_scores`, added to those of query and keys that are wanted: d keyⱼ += gⱼ, d query += Σⱼ gⱼ with
    /// gⱼ = d scoreⱼ·weight∘(1 - tanh²(query + keyⱼ)), d weight += Σⱼ d scoreⱼ·tanh(query + keyⱼ).
    pub fn additive_backward(gradients: AdditiveGradients<'_, E>,
        query: &[E], keys: Matrix<'_, E>, weight: &[E], d_scores: &[E])
        = crate::generic::attention::additive_backward;

    /// y += Σⱼ weightⱼ·rowⱼ. `y` n; `rows` m x n; `weights` m.
    pub fn add_weighted_rows(y: &mut [E], weights: &[E], rows: Matrix<'_, E>)
        = crate::generic::attention::add_weighted_rows;

    /// rowⱼ += weightⱼ·x. `x` n; `rows` m x n; `weights` m.
    pub fn add_to_rows(rows: MatrixMut<'_, E>, weights: &[E], x: &[E]) = crate::generic::attention::add_to_rows;
}
