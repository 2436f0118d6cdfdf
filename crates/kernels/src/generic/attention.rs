//! Attention of queries over the rows of a memory.

use super::access::{read, write};
use super::exponential::tanh;
use super::reduce::{Lanes, fold_vectors, total, totals};
use crate::argument::AdditiveGradients;
use crate::number::Number;
use crate::panel::PANEL;
use crate::vector::{FOUR, Vector};
use crate::view::{Matrix, MatrixMut, Rows};

/// Sums along an edge of a tile in registers, whose sums run side by side: one alone would wait for each of its additions.
pub(super) const ABREAST: usize = 4;

/// The same where a tile of that edge does not fit the registers.
pub(super) const FEW: usize = 2;

#[inline(always)]
pub(crate) fn dot_scores<V: Vector>(
    scores: MatrixMut<'_, V::Element>,
    queries: Rows<'_, V::Element>,
    keys: Matrix<'_, V::Element>,
    scale: V::Element,
) {
    assert_eq!((scores.rows(), scores.columns()), (queries.count(), keys.rows()), "scores are q x m");
    assert_eq!(keys.columns(), queries.columns(), "keys are m x n");
    let mut dots = Dots { scores, queries, keys, scale };
    // A sum takes PANEL / LANES registers.
    if V::REGISTERS >= 32 && V::LANES == PANEL {
        dots.rows::<V, ABREAST, ABREAST>();
    } else if V::REGISTERS >= 32 {
        dots.rows::<V, FEW, ABREAST>();
    } else {
        dots.rows::<V, FEW, FEW>();
    }
}

/// Scores as a walk over tiles of queries and keys.
struct Dots<'a, E> {
    scores: MatrixMut<'a, E>,
    queries: Rows<'a, E>,
    keys: Matrix<'a, E>,
    scale: E,
}

impl<E: Number> Dots<'_, E> {
    /// All scores, `Q` queries by `K` keys at a time.
    #[inline(always)]
    fn rows<V: Vector<Element = E>, const Q: usize, const K: usize>(&mut self) {
        let mut query = 0;
        while query + Q <= self.queries.count() {
            self.columns::<V, Q, K>(query);
            query += Q;
        }
        while query < self.queries.count() {
            self.columns::<V, 1, K>(query);
            query += 1;
        }
    }

    /// The scores of `Q` queries.
    #[inline(always)]
    fn columns<V: Vector<Element = E>, const Q: usize, const K: usize>(&mut self, query: usize) {
        let mut key = 0;
        while key + K <= self.keys.rows() {
            self.tile::<V, Q, K>(query, key);
            key += K;
        }
        while key < self.keys.rows() {
            self.tile::<V, Q, 1>(query, key);
            key += 1;
        }
    }

    #[inline(always)]
    fn tile<V: Vector<Element = E>, const Q: usize, const K: usize>(&mut self, query: usize, key: usize) {
        let queries: [&[E]; Q] = std::array::from_fn(|i| self.queries.row(query + i));
        let keys: [&[E]; K] = std::array::from_fn(|j| self.keys.row(key + j));
        let sums = dots::<V, Q, K>(self.keys.columns(), queries, keys);
        for (i, sums) in sums.into_iter().enumerate() {
            let scores = self.scores.stretch_mut(query + i, key, K);
            scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = self.scale * sum);
        }
    }
}

/// Σ x∘y over `n` numbers for each of `Q` x and `K` y, each sum in the order of one alone.
#[inline(always)]
fn dots<V: Vector, const Q: usize, const K: usize>(
    n: usize,
    x: [&[V::Element]; Q],
    y: [&[V::Element]; K],
) -> [[V::Element; K]; Q] {
    let mut sums = [[[V::zero(); 4]; K]; Q];
    let per_panel = PANEL / V::LANES;
    let mut panel = 0;
    while panel + PANEL <= n {
        for lane in 0..per_panel {
            add_products::<V, Q, K>(&mut sums, lane, x, y, panel + lane * V::LANES, V::LANES);
        }
        panel += PANEL;
    }
    for lane in 0..per_panel {
        let at = panel + lane * V::LANES;
        if at < n {
            add_products::<V, Q, K>(&mut sums, lane, x, y, at, V::LANES.min(n - at));
        }
    }
    let mut results = [[V::Element::ZERO; K]; Q];
    let mut first = 0;
    while first + FOUR <= Q * K {
        let place = |i: usize| ((first + i) / K, (first + i) % K);
        let mut four = [[V::zero(); 4]; FOUR];
        for (i, lanes) in four.iter_mut().enumerate() {
            *lanes = sums[place(i).0][place(i).1];
        }
        for (i, sum) in totals::<V>(four).into_iter().enumerate() {
            results[place(i).0][place(i).1] = sum;
        }
        first += FOUR;
    }
    while first < Q * K {
        results[first / K][first % K] = total(sums[first / K][first % K]);
        first += 1;
    }
    results
}

/// Adds the products of the numbers from `at` on to a lane of each sum.
#[inline(always)]
fn add_products<V: Vector, const Q: usize, const K: usize>(
    sums: &mut [[Lanes<V>; K]; Q],
    lane: usize,
    x: [&[V::Element]; Q],
    y: [&[V::Element]; K],
    at: usize,
    active: usize,
) {
    let mut vectors = [V::zero(); K];
    for (vector, y) in vectors.iter_mut().zip(y) {
        *vector = read(y, at, active);
    }
    for (sums, x) in sums.iter_mut().zip(x) {
        let x: V = read(x, at, active);
        for (lanes, y) in sums.iter_mut().zip(vectors) {
            lanes[lane] = x.mul_add(y, lanes[lane]);
        }
    }
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
    let mut key = 0;
    while key + FOUR <= scores.len() {
        let sums = energies::<V, FOUR>(query, keys, weight, key);
        scores[key..key + FOUR].copy_from_slice(&totals(sums));
        key += FOUR;
    }
    while key < scores.len() {
        let [sum] = energies::<V, 1>(query, keys, weight, key);
        scores[key] = total(sum);
        key += 1;
    }
}

/// The lanes of Σ weight∘tanh(query + keyⱼ) of `K` keys.
#[inline(always)]
fn energies<V: Vector, const K: usize>(
    query: &[V::Element],
    keys: Matrix<'_, V::Element>,
    weight: &[V::Element],
    key: usize,
) -> [Lanes<V>; K] {
    let keys: [&[V::Element]; K] = std::array::from_fn(|j| keys.row(key + j));
    let mut sums = [[V::zero(); 4]; K];
    for (sums, key) in sums.iter_mut().zip(keys) {
        let mut lanes = [V::zero(); 4];
        fold_vectors!(V, query.len(), lanes, |sum, at, active| {
            let energy = tanh(read::<V>(query, at, active) + read(key, at, active)).value();
            energy.mul_add(read(weight, at, active), sum)
        });
        *sums = lanes;
    }
    sums
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
