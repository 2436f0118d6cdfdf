//! Softmax over the columns of each row.

use super::access::{read, write};
use super::exponential::exp;
use super::reduce::{fold_vectors, max, total};
use crate::number::Number;
use crate::panel::PANEL;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

#[inline(always)]
pub(crate) fn softmax_rows<V: Vector>(mut y: MatrixMut<'_, V::Element>, x: Matrix<'_, V::Element>) {
    assert_eq!((y.rows(), y.columns()), (x.rows(), x.columns()), "y and x are m x n");
    for i in 0..x.rows() {
        let (y, x) = (y.row_mut(i), x.row(i));
        let most = V::splat(max::<V>(x));
        let mut lanes = [V::zero(); 4];
        fold_vectors!(V, x.len(), lanes, |sum, at, active| {
            let e = exp(read::<V>(x, at, active) - most);
            write(e, y, at, active);
            sum + e.keep(active, V::Element::ZERO)
        });
        let scale = V::splat(V::Element::ONE / total(lanes));
        for_each_vector!(V, y.len(), |at, active| {
            write(read::<V>(y, at, active) * scale, y, at, active);
        });
    }
}

#[inline(always)]
pub(crate) fn softmax_backward_rows<V: Vector>(
    mut dx: MatrixMut<'_, V::Element>,
    y: Matrix<'_, V::Element>,
    dy: Matrix<'_, V::Element>,
) {
    let shape = (dx.rows(), dx.columns());
    assert_eq!(shape, (y.rows(), y.columns()), "y is m x n");
    assert_eq!(shape, (dy.rows(), dy.columns()), "dy is m x n");
    for i in 0..shape.0 {
        let (dx, y, dy) = (dx.row_mut(i), y.row(i), dy.row(i));
        let mut lanes = [V::zero(); 4];
        fold_vectors!(V, y.len(), lanes, |sum, at, active| {
            read::<V>(y, at, active).mul_add(read(dy, at, active), sum)
        });
        let dot = V::splat(total(lanes));
        for_each_vector!(V, y.len(), |at, active| {
            let d = read::<V>(dy, at, active) - dot;
            write(d.mul_add(read(y, at, active), read(dx, at, active)), dx, at, active);
        });
    }
}
