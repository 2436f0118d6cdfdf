//! Softmax over rows.

use ndarray::Array2;

use super::support::{Padded, array, assert_close, for_both, on_every_isa};
use crate::{Element, reference};

fn softmax<E: Element>(x: &Array2<f64>) -> Vec<E> {
    let input = Padded::<E>::new(x.view());
    on_every_isa(|kernels| {
        let mut y = Padded::<E>::zeros(x.nrows(), x.ncols());
        kernels.softmax_rows(y.view_mut(), input.view());
        y.elements()
    })
}

fn softmax_rows<E: Element>() {
    for n in 1..=67 {
        let x = array(n, 3, n) * 9.0;
        assert_close(&softmax::<E>(&x), &reference::softmax_rows(x.view()), 8.0);
    }
}

fn softmax_of_large_numbers<E: Element>() {
    let x = array(1, 2, 19) * 1e30;
    assert_close(&softmax::<E>(&x), &reference::softmax_rows(x.view()), 8.0);
}

fn softmax_of_one_is_one<E: Element>() {
    assert_eq!(softmax::<E>(&(array(1, 4, 1) * 1e9)), [E::ONE; 4]);
}

fn softmax_of_minus_infinity_is_zero<E: Element>() {
    let x = Array2::from_shape_vec((1, 3), vec![0.0, f64::NEG_INFINITY, 0.0]).unwrap();
    assert_eq!(softmax::<E>(&x), [0.5, 0.0, 0.5].map(E::from_f64));
}

fn softmax_of_nan_is_nan<E: Element>() {
    for at in 0..20 {
        let mut x = array(1, 1, 20);
        x[(0, at)] = f64::NAN;
        assert!(softmax::<E>(&x).iter().all(|y| y.to_f64().is_nan()));
    }
}

fn softmax_backward_rows<E: Element>() {
    for n in (1..=20).chain([67]) {
        let (x, dx, dy) = (array(1, 2, n), array(2, 2, n), array(3, 2, n));
        let y = reference::softmax_rows(x.view());
        let result = on_every_isa(|kernels| {
            let mut dx = Padded::<E>::new(dx.view());
            let (y, dy) = (Padded::new(y.view()), Padded::new(dy.view()));
            kernels.softmax_backward_rows(dx.view_mut(), y.view(), dy.view());
            dx.elements()
        });
        let gradient = reference::gradient(x.view(), |x| (reference::softmax_rows(x) * &dy).sum());
        assert_close(&result, &(gradient + &dx), (1e-8 / E::EPSILON.to_f64()).max(8.0));
    }
}

for_both! {
    softmax_rows;
    softmax_of_large_numbers;
    softmax_of_one_is_one;
    softmax_of_minus_infinity_is_zero;
    softmax_of_nan_is_nan;
    softmax_backward_rows;
}
