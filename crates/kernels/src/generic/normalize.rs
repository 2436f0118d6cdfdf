//! Layer normalization over the columns of each row.

use super::access::{read, write};
use super::reduce::{fold_vectors, sum, total};
use crate::number::Number;
use crate::panel::PANEL;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

#[inline(always)]
fn check_stats<E: Copy>(stats: &Matrix<'_, E>, rows: usize) {
    assert_eq!((stats.rows(), stats.columns()), (rows, 2), "stats are m x 2");
}

#[inline(always)]
pub(crate) fn layer_norm_rows<V: Vector>(
    mut y: MatrixMut<'_, V::Element>,
    x: Matrix<'_, V::Element>,
    gain: &[V::Element],
    bias: &[V::Element],
    epsilon: V::Element,
    mut stats: MatrixMut<'_, V::Element>,
) {
    let n = x.columns();
    assert_eq!((y.rows(), y.columns()), (x.rows(), n), "y and x are m x n");
    assert_eq!((gain.len(), bias.len()), (n, n), "gain and bias have n elements");
    check_stats(&stats.as_ref(), x.rows());
    let count = V::Element::from_f64(n as f64);
    for i in 0..x.rows() {
        let (y, x) = (y.row_mut(i), x.row(i));
        let mean = sum::<V>(x) / count;
        let middle = V::splat(mean);
        let mut lanes = [V::zero(); 4];
        fold_vectors!(V, n, lanes, |sum, at, active| {
            let d = (read::<V>(x, at, active) - middle).keep(active, V::Element::ZERO);
            d.mul_add(d, sum)
        });
        let s = V::Element::ONE / (total(lanes) / count + epsilon).sqrt();
        stats.row_mut(i).copy_from_slice(&[mean, s]);
        let s = V::splat(s);
        for_each_vector!(V, n, |at, active| {
            let normalized = (read::<V>(x, at, active) - middle) * s;
            write(normalized.mul_add(read(gain, at, active), read(bias, at, active)), y, at, active);
        });
    }
}

#[inline(always)]
pub(crate) fn layer_norm_normalized_rows<V: Vector>(
    mut out: MatrixMut<'_, V::Element>,
    x: Matrix<'_, V::Element>,
    stats: Matrix<'_, V::Element>,
) {
    assert_eq!((out.rows(), out.columns()), (x.rows(), x.columns()), "out and x are m x n");
    check_stats(&stats, x.rows());
    for i in 0..x.rows() {
        let (out, x) = (out.row_mut(i), x.row(i));
        let (mean, s) = (V::splat(stats.element(i, 0)), V::splat(stats.element(i, 1)));
        for_each_vector!(V, x.len(), |at, active| {
            write((read::<V>(x, at, active) - mean) * s, out, at, active);
        });
    }
}

#[inline(always)]
pub(crate) fn layer_norm_backward_rows<V: Vector>(
    mut dx: MatrixMut<'_, V::Element>,
    x: Matrix<'_, V::Element>,
    dy: Matrix<'_, V::Element>,
    gain: &[V::Element],
    stats: Matrix<'_, V::Element>,
) {
    let n = x.columns();
    assert_eq!((dx.rows(), dx.columns()), (x.rows(), n), "dx is m x n");
    assert_eq!((dy.rows(), dy.columns()), (x.rows(), n), "dy is m x n");
    assert_eq!(gain.len(), n, "a gain has n elements");
    check_stats(&stats, x.rows());
    let count = V::Element::from_f64(n as f64);
    for i in 0..x.rows() {
        let (dx, x, dy) = (dx.row_mut(i), x.row(i), dy.row(i));
        let (mean, s) = (V::splat(stats.element(i, 0)), V::splat(stats.element(i, 1)));
        let (mut lanes, mut weighted) = ([V::zero(); 4], [V::zero(); 4]);
        fold_vectors!(V, n, lanes, |sum, at, active| {
            read::<V>(gain, at, active).mul_add(read(dy, at, active), sum)
        });
        fold_vectors!(V, n, weighted, |sum, at, active| {
            let d = read::<V>(gain, at, active) * read(dy, at, active);
            d.mul_add((read::<V>(x, at, active) - mean) * s, sum)
        });
        let (first, second) = (V::splat(total(lanes) / count), V::splat(total(weighted) / count));
        for_each_vector!(V, n, |at, active| {
            let d = read::<V>(gain, at, active) * read(dy, at, active);
            let normalized = (read::<V>(x, at, active) - mean) * s;
            let inner = d - first - normalized * second;
            write(s.mul_add(inner, read(dx, at, active)), dx, at, active);
        });
    }
}
