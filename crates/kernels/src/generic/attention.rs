//! Attention of one query over the rows of a memory.

use super::access::{read, write};
use super::exponential::tanh;
use super::reduce::{fold_vectors, total};
use crate::argument::AdditiveGradients;
use crate::panel::PANEL;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// Rows whose sums run side by side: one sum alone would wait for each of its additions.
const ABREAST: usize = 4;

#[inline(always)]
pub(crate) fn dot_scores<V: Vector>(
    scores: &mut [V::Element],
    query: &[V::Element],
    keys: Matrix<'_, V::Element>,
    scale: V::Element,
) {
    assert_eq!((keys.rows(), keys.columns()), (scores.len(), query.len()), "keys are m x n");
    let mut first = 0;
    while first + ABREAST <= scores.len() {
        let rows: [&[V::Element]; ABREAST] = std::array::from_fn(|i| keys.row(first + i));
        for (score, sum) in scores[first..].iter_mut().zip(dots::<V, ABREAST>(query, rows)) {
            *score = scale * sum;
        }
        first += ABREAST;
    }
    for (j, score) in scores.iter_mut().enumerate().skip(first) {
        *score = scale * dots::<V, 1>(query, [keys.row(j)])[0];
    }
}

/// Σ x∘y for each of `N` y, each sum in the order of one alone.
#[inline(always)]
fn dots<V: Vector, const N: usize>(x: &[V::Element], y: [&[V::Element]; N]) -> [V::Element; N] {
    let mut sums = [[V::zero(); 4]; N];
    let per_panel = PANEL / V::LANES;
    let mut panel = 0;
    while panel < x.len() {
        for j in 0..per_panel {
            let at = panel + j * V::LANES;
            if at < x.len() {
                let active = V::LANES.min(x.len() - at);
                let own = read::<V>(x, at, active);
                for (lanes, y) in sums.iter_mut().zip(y) {
                    lanes[j] = own.mul_add(read(y, at, active), lanes[j]);
                }
            }
        }
        panel += PANEL;
    }
    sums.map(total)
}

#[inline(always)]
pub(crate) fn additive_scores<V: Vector>(
    scores: &mut [V::Element],
    query: &[V::Element],
    keys: Matrix<'_, V::Element>,
    weight: &[V::Element],
) {
    let n = query.len();
    assert_eq!((keys.rows(), keys.columns(), weight.len()), (scores.len(), n, n), "keys are m x n");
    for (j, score) in scores.iter_mut().enumerate() {
        let key = keys.row(j);
        let mut lanes = [V::zero(); 4];
        fold_vectors!(V, n, lanes, |sum, at, active| {
            let energy = tanh(read::<V>(query, at, active) + read(key, at, active)).value();
            energy.mul_add(read(weight, at, active), sum)
        });
        *score = total(lanes);
    }
}

#[inline(always)]
pub(crate) fn additive_backward<V: Vector>(
    mut gradients: AdditiveGradients<'_, V::Element>,
    query: &[V::Element],
    keys: Matrix<'_, V::Element>,
    weight: &[V::Element],
    d_scores: &[V::Element],
) {
    let n = query.len();
    assert_eq!((keys.rows(), keys.columns(), weight.len()), (d_scores.len(), n, n), "keys are m x n");
    for_each_vector!(V, n, |at, active| {
        let (q, v) = (read::<V>(query, at, active), read::<V>(weight, at, active));
        let (mut of_query, mut of_weight) = (V::zero(), read::<V>(gradients.weight, at, active));
        for (j, &d) in d_scores.iter().enumerate() {
            let d = V::splat(d);
            let energy = tanh(q + read(keys.row(j), at, active)).value();
            of_weight = d.mul_add(energy, of_weight);
            let inner = (V::one() - energy * energy) * (d * v);
            of_query = of_query + inner;
            if let Some(d_keys) = &mut gradients.keys {
                let d_key = d_keys.row_mut(j);
                write(read::<V>(d_key, at, active) + inner, d_key, at, active);
            }
        }
        write(of_weight, gradients.weight, at, active);
        if let Some(d_query) = &mut gradients.query {
            write(read::<V>(d_query, at, active) + of_query, d_query, at, active);
        }
    });
}

#[inline(always)]
pub(crate) fn add_weighted_rows<V: Vector>(
    y: &mut [V::Element],
    weights: &[V::Element],
    rows: Matrix<'_, V::Element>,
) {
    assert_eq!((rows.rows(), rows.columns()), (weights.len(), y.len()), "rows are m x n");
    let mut first = 0;
    while first + ABREAST * V::LANES <= y.len() {
        let at = |i: usize| first + i * V::LANES;
        let mut sums: [V; ABREAST] = std::array::from_fn(|i| read(y, at(i), V::LANES));
        for (j, &weight) in weights.iter().enumerate() {
            let (row, weight) = (rows.row(j), V::splat(weight));
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = weight.mul_add(read(row, at(i), V::LANES), *sum);
            }
        }
        sums.into_iter().enumerate().for_each(|(i, sum)| write(sum, y, at(i), V::LANES));
        first += ABREAST * V::LANES;
    }
    while first < y.len() {
        let active = V::LANES.min(y.len() - first);
        let mut sum = read::<V>(y, first, active);
        for (j, &weight) in weights.iter().enumerate() {
            sum = V::splat(weight).mul_add(read(rows.row(j), first, active), sum);
        }
        write(sum, y, first, active);
        first += V::LANES;
    }
}

#[inline(always)]
pub(crate) fn add_to_rows<V: Vector>(
    mut rows: MatrixMut<'_, V::Element>,
    weights: &[V::Element],
    x: &[V::Element],
) {
    assert_eq!((rows.rows(), rows.columns()), (weights.len(), x.len()), "rows are m x n");
    for (j, &weight) in weights.iter().enumerate() {
        super::elementwise::add_scaled::<V>(rows.row_mut(j), weight, x);
    }
}
