//! Attention of queries over the rows of a memory: scores, sums and their gradients.

use ndarray::{Array1, Array2};

use super::support::{Padded, array, assert_close, cast, for_both, on_every_isa, values};
use crate::{AdditiveGradients, Element, MatrixMut, Rows};

/// Rows beyond those that run side by side, and columns around every width of a vector and a panel.
const SHAPES: [(usize, usize); 9] =
    [(0, 5), (1, 1), (3, 7), (4, 16), (5, 17), (9, 33), (8, 64), (11, 67), (2, 130)];

fn line(seed: usize, count: usize) -> Array1<f64> {
    array(seed, 1, count).row(0).to_owned()
}

/// Queries as rows of a matrix in another order, some in whole tiles and some beside them.
const PLACES: [&[u32]; 4] = [&[1], &[4, 0], &[5, 2, 3, 0, 1], &[8, 7, 6, 5, 4, 3, 2, 1, 0]];

fn chosen(matrix: &Array2<f64>, places: &[u32]) -> Array2<f64> {
    let places: Vec<usize> = places.iter().map(|&place| place as usize).collect();
    matrix.select(ndarray::Axis(0), &places)
}

fn scores_are_scaled_dots<E: Element>() {
    for ((rows, n), places) in SHAPES.into_iter().flat_map(|shape| PLACES.map(|places| (shape, places))) {
        let (q, keys) = (array(1, 9, n), array(2, rows, n));
        let [queries, input] = [&q, &keys].map(|x| Padded::<E>::new(x.view()));
        let result = on_every_isa(|kernels| {
            let mut scores = Padded::<E>::new(array(3, places.len(), rows).view());
            let queries = Rows::new(queries.view(), places);
            kernels.dot_scores(scores.view_mut(), queries, input.view(), E::from_f64(0.25));
            scores.elements()
        });
        assert_close(&result, &(chosen(&q, places).dot(&keys.t()) * 0.25), 16.0);
    }
}

/// A score does not depend on the queries and keys beside its own.
fn a_score_alone_is_the_same<E: Element>() {
    let (queries, keys) =
        (Padded::<E>::new(array(3, 7, 67).view()), Padded::<E>::new(array(4, 7, 67).view()));
    on_every_isa(|kernels| {
        let mut scores = vec![E::ZERO; 49];
        let all = Rows::new(queries.view(), &[0, 1, 2, 3, 4, 5, 6]);
        kernels.dot_scores(MatrixMut::new(&mut scores, 7, 7), all, keys.view(), E::ONE);
        for (at, &score) in scores.iter().enumerate() {
            let (i, j) = (at / 7, at % 7);
            let mut alone = [E::ZERO];
            let query = [i as u32];
            let query = Rows::new(queries.view(), &query);
            let key = keys.view().row_range(j..j + 1);
            kernels.dot_scores(MatrixMut::new(&mut alone, 1, 1), query, key, E::ONE);
            assert_eq!(alone, [score]);
        }
        scores
    });
}

fn energies(q: &Array1<f64>, keys: &Array2<f64>) -> Array2<f64> {
    (keys + q).mapv(f64::tanh)
}

fn additive_scores_weigh_energies<E: Element>() {
    for (rows, n) in SHAPES {
        let (q, keys, v) = (line(5, n) * 3.0, array(6, rows, n) * 3.0, line(7, n));
        let [query, weight] = [&q, &v].map(|x| cast(x.as_slice().unwrap()));
        let input = Padded::<E>::new(keys.view());
        let result = on_every_isa(|kernels| {
            let mut scores = vec![E::from_f64(7.0); rows];
            kernels.additive_scores(&mut scores, &query, input.view(), &weight);
            scores
        });
        assert_close(&result, &energies(&q, &keys).dot(&v), 64.0);
    }
}

/// An additive score does not depend on the keys beside its own.
fn an_additive_score_alone_is_the_same<E: Element>() {
    for (rows, n) in SHAPES {
        let keys = Padded::<E>::new((array(6, rows, n) * 3.0).view());
        let [query, weight] = [5, 7].map(|seed| cast::<E>(&values(seed, n)));
        on_every_isa(|kernels| {
            let mut scores = vec![E::ZERO; rows];
            kernels.additive_scores(&mut scores, &query, keys.view(), &weight);
            for (j, &score) in scores.iter().enumerate() {
                let mut alone = [E::ZERO];
                kernels.additive_scores(&mut alone, &query, keys.view().row_range(j..j + 1), &weight);
                assert_eq!(alone, [score]);
            }
            scores
        });
    }
}

fn additive_gradients<E: Element>() {
    for (rows, n) in SHAPES {
        let (q, keys, v, d) = (line(8, n) * 2.0, array(9, rows, n), line(10, n), line(11, rows));
        let [dq, dv] = [line(12, n), line(13, n)];
        let dk = array(14, rows, n);
        let [query, weight] = [&q, &v].map(|x| cast(x.as_slice().unwrap()));
        let scores: Vec<E> = cast(&d.to_vec());
        let input = Padded::<E>::new(keys.view());
        for wanted in [true, false] {
            let result = on_every_isa(|kernels| {
                let [mut d_query, mut d_weight] = [&dq, &dv].map(|x| cast::<E>(x.as_slice().unwrap()));
                let mut d_keys = Padded::<E>::new(dk.view());
                kernels.additive_backward(
                    AdditiveGradients {
                        query: wanted.then_some(&mut d_query[..]),
                        keys: wanted.then(|| d_keys.view_mut()),
                        weight: &mut d_weight,
                    },
                    &query,
                    input.view(),
                    &weight,
                    &scores,
                );
                [d_query, d_weight, d_keys.elements()].concat()
            });
            let t = energies(&q, &keys);
            let g = Array2::from_shape_fn((rows, n), |(j, k)| d[j] * v[k] * (1.0 - t[(j, k)] * t[(j, k)]));
            let share = if wanted { 1.0 } else { 0.0 };
            let expected = [
                (&dq + &(g.sum_axis(ndarray::Axis(0)) * share)).to_vec(),
                (&dv + &t.t().dot(&d)).to_vec(),
                (&dk + &(&g * share)).into_iter().collect(),
            ];
            assert_close(&result, &expected.concat(), 64.0);
        }
    }
}

fn sums_of_rows_and_their_transpose<E: Element>() {
    for ((rows, n), places) in SHAPES.into_iter().flat_map(|shape| PLACES.map(|places| (shape, places))) {
        let count = places.len();
        let (w, x, y, m) = (array(15, count, rows), array(16, 9, n), array(17, 9, n), array(18, rows, n));
        let [weights, given] = [&w, &x].map(|x| Padded::<E>::new(x.view()));
        let result = on_every_isa(|kernels| {
            let [mut sums, mut grown] = [&y, &m].map(|x| Padded::<E>::new(x.view()));
            kernels.add_weighted_rows(sums.view_mut(), places, weights.view(), grown.view());
            kernels.add_to_rows(grown.view_mut(), weights.view(), Rows::new(given.view(), places));
            [sums.elements(), grown.elements()].concat()
        });
        let mut sums = y.clone();
        for (i, &place) in places.iter().enumerate() {
            let mut sum = sums.row_mut(place as usize);
            sum += &m.t().dot(&w.row(i));
        }
        let grown = &m + &w.t().dot(&chosen(&x, places));
        assert_close(&result, sums.iter().chain(&grown), 64.0);
    }
}

/// Queries one after another give the bits of all at once.
fn sums_one_by_one_are_the_same<E: Element>() {
    let (rows, n, places) = (6, 83, [2_u32, 0, 1, 3, 4]);
    let [weights, given] = [array(19, 5, rows), array(20, 5, n)].map(|x| Padded::<E>::new(x.view()));
    let [y, m] = [array(21, 5, n), array(22, rows, n)];
    on_every_isa(|kernels| {
        let [mut sums, mut grown] = [&y, &m].map(|x| Padded::<E>::new(x.view()));
        kernels.add_weighted_rows(sums.view_mut(), &places, weights.view(), grown.view());
        kernels.add_to_rows(grown.view_mut(), weights.view(), Rows::new(given.view(), &places));
        let [mut sums_alone, mut grown_alone] = [&y, &m].map(|x| Padded::<E>::new(x.view()));
        for i in 0..5 {
            let (place, weights) = (&places[i..=i], weights.view().row_range(i..i + 1));
            kernels.add_weighted_rows(
                sums_alone.view_mut(),
                place,
                weights,
                Padded::<E>::new(m.view()).view(),
            );
            kernels.add_to_rows(grown_alone.view_mut(), weights, Rows::new(given.view(), place));
        }
        let [together, alone] =
            [(sums, grown), (sums_alone, grown_alone)].map(|(a, b)| [a.elements(), b.elements()].concat());
        assert_eq!(together, alone);
        together
    });
}

for_both! {
    scores_are_scaled_dots;
    a_score_alone_is_the_same;
    additive_scores_weigh_energies;
    an_additive_score_alone_is_the_same;
    additive_gradients;
    sums_of_rows_and_their_transpose;
    sums_one_by_one_are_the_same;
}
