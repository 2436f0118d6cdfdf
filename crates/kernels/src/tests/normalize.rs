//! Layer normalization.

use super::support::{Padded, array, assert_close, cast, for_both, on_every_isa};
use crate::{Element, reference};

const EPSILON: f64 = 1e-5;

fn layer_norm<E: Element>() {
    for n in 1..=67 {
        let (x, gain, bias) = (array(n, 3, n), array(n + 1, 1, n), array(n + 2, 1, n));
        let input = Padded::<E>::new(x.view());
        let (gain_cast, bias_cast) = (cast(gain.as_slice().unwrap()), cast(bias.as_slice().unwrap()));
        let result = on_every_isa(|kernels| {
            let (mut y, mut out) = (Padded::<E>::zeros(3, n), Padded::<E>::zeros(3, n));
            let mut stats = Padded::zeros(3, 2);
            let epsilon = E::from_f64(EPSILON);
            kernels.layer_norm_rows(
                y.view_mut(),
                input.view(),
                &gain_cast,
                &bias_cast,
                epsilon,
                stats.view_mut(),
            );
            kernels.layer_norm_normalized_rows(out.view_mut(), input.view(), stats.view());
            [y.elements(), out.elements()].concat()
        });
        let y = reference::layer_norm_rows(x.view(), gain.row(0), bias.row(0), EPSILON);
        let normalized = reference::normalized_rows(x.view(), EPSILON);
        assert_close(&result, y.iter().chain(&normalized), 32.0);
    }
}

fn layer_norm_of_a_constant_row_is_the_bias<E: Element>() {
    let n = 37;
    let result = on_every_isa(|kernels| {
        let (mut y, mut stats) = (Padded::<E>::zeros(1, n), Padded::zeros(1, 2));
        let x = Padded::new(ndarray::Array2::from_elem((1, n), 0.5).view());
        let (gain, bias) = (vec![E::ONE; n], vec![E::from_f64(0.25); n]);
        kernels.layer_norm_rows(y.view_mut(), x.view(), &gain, &bias, E::from_f64(EPSILON), stats.view_mut());
        y.elements()
    });
    assert!(result.iter().all(|&y| y == E::from_f64(0.25)));
}

fn layer_norm_backward<E: Element>() {
    for n in (2..=20).chain([67]) {
        let (x, dx, dy) = (array(1, 2, n), array(2, 2, n), array(3, 2, n));
        let (gain, bias) = (array(4, 1, n), array(5, 1, n));
        let gain_cast = cast(gain.as_slice().unwrap());
        let result = on_every_isa(|kernels| {
            let (x, dy) = (Padded::<E>::new(x.view()), Padded::new(dy.view()));
            let (mut dx, mut y) = (Padded::new(dx.view()), Padded::zeros(2, n));
            let mut stats = Padded::zeros(2, 2);
            let zeros = vec![E::ZERO; n];
            let epsilon = E::from_f64(EPSILON);
            kernels.layer_norm_rows(y.view_mut(), x.view(), &gain_cast, &zeros, epsilon, stats.view_mut());
            kernels.layer_norm_backward_rows(dx.view_mut(), x.view(), dy.view(), &gain_cast, stats.view());
            dx.elements()
        });
        let gradient = reference::gradient(x.view(), |x| {
            (reference::layer_norm_rows(x, gain.row(0), bias.row(0), EPSILON) * &dy).sum()
        });
        assert_close(&result, &(gradient + &dx), (1e-7 / E::EPSILON.to_f64()).max(256.0));
    }
}

for_both! {
    layer_norm;
    layer_norm_of_a_constant_row_is_the_bias;
    layer_norm_backward;
}
