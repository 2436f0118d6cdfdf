//! Attention of a query over the rows of a memory: scores, sums and their gradients.

use ndarray::{Array1, Array2};

use super::support::{Padded, array, assert_close, cast, for_both, on_every_isa};
use crate::{AdditiveGradients, Element};

/// Rows beyond those that run side by side, and columns around every width of a vector and a panel.
const SHAPES: [(usize, usize); 9] =
    [(0, 5), (1, 1), (3, 7), (4, 16), (5, 17), (9, 33), (8, 64), (11, 67), (2, 130)];

fn line(seed: usize, count: usize) -> Array1<f64> {
    array(seed, 1, count).row(0).to_owned()
}

fn scores_are_scaled_dots<E: Element>() {
    for (rows, n) in SHAPES {
        let (q, keys) = (line(1, n), array(2, rows, n));
        let (query, input) = (cast(q.as_slice().unwrap()), Padded::<E>::new(keys.view()));
        let result = on_every_isa(|kernels| {
            let mut scores = vec![E::from_f64(7.0); rows];
            kernels.dot_scores(&mut scores, &query, input.view(), E::from_f64(0.25));
            scores
        });
        assert_close(&result, &(keys.dot(&q) * 0.25), 16.0);
    }
}

/// A row's score does not depend on the rows beside it.
fn a_row_alone_has_the_same_score<E: Element>() {
    let (q, keys) = (line(3, 67), array(4, 7, 67));
    let (query, all) = (cast(q.as_slice().unwrap()), Padded::<E>::new(keys.view()));
    on_every_isa(|kernels| {
        let mut scores = vec![E::ZERO; 7];
        kernels.dot_scores(&mut scores, &query, all.view(), E::ONE);
        for (j, &score) in scores.iter().enumerate() {
            let mut alone = [E::ZERO];
            kernels.dot_scores(&mut alone, &query, all.view().row_range(j..j + 1), E::ONE);
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
    for (rows, n) in SHAPES {
        let (w, x, y, m) = (line(15, rows), line(16, n), line(17, n), array(18, rows, n));
        let (weights, given): (Vec<E>, Vec<E>) = (cast(&w.to_vec()), cast(&x.to_vec()));
        let result = on_every_isa(|kernels| {
            let mut sum = cast::<E>(&y.to_vec());
            let mut grown = Padded::<E>::new(m.view());
            kernels.add_weighted_rows(&mut sum, &weights, grown.view());
            kernels.add_to_rows(grown.view_mut(), &weights, &given);
            [sum, grown.elements()].concat()
        });
        let grown = Array2::from_shape_fn((rows, n), |(j, k)| m[(j, k)] + w[j] * x[k]);
        let expected = [(&y + &m.t().dot(&w)).to_vec(), grown.into_iter().collect()];
        assert_close(&result, &expected.concat(), 32.0);
    }
}

for_both! {
    scores_are_scaled_dots;
    a_row_alone_has_the_same_score;
    additive_scores_weigh_energies;
    additive_gradients;
    sums_of_rows_and_their_transpose;
}
