//! The GRU against the reference, and its gradient against central differences.

use ndarray::{Array2, s};

use super::recurrent::Weights;
use super::support::{Padded, array, assert_close, bits, for_both, on_every_isa};
use crate::{Element, GruRecurrent, Team, reference};

/// The gates, the recurrent part of n, and h of one step, one after the other.
pub(super) fn gru<E: Element>(
    pre: &Array2<f64>,
    recurrent: GruRecurrent<'_, E>,
    h_prev: &Array2<f64>,
) -> Vec<E> {
    let (m, u) = h_prev.dim();
    let previous = Padded::<E>::new(h_prev.view());
    on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(pre.view());
        let (mut hn, mut h) = (Padded::zeros(m, u), Padded::zeros(m, u));
        kernels.gru_step(
            &Team::new(1),
            gates.view_mut(),
            hn.view_mut(),
            previous.view(),
            recurrent,
            h.view_mut(),
        );
        [gates.elements(), hn.elements(), h.elements()].concat()
    })
}

pub(super) fn check_gru_step<E: Element>(m: usize, u: usize, k: usize, bias: bool) {
    let (pre, h_prev, weights) = (array(1, m, 3 * u) * 3.0, array(2, m, u), Weights::new(m, u, k, 3, bias));
    let product = weights.product();
    let (gates, h) = reference::gru_step(pre.view(), product.view(), h_prev.view());
    let hn = product.slice(s![.., 2 * u..]);
    let expected: Vec<f64> = gates.iter().chain(hn).chain(&h).copied().collect();

    let fused = weights.with(|recurrent| gru::<E>(&pre, GruRecurrent::Product(recurrent), &h_prev));
    assert_close(&fused, &expected, 12.0 + k as f64);
    let ready = Padded::<E>::new(product.view());
    let separate = gru::<E>(&pre, GruRecurrent::Ready(ready.view()), &h_prev);
    assert_close(&separate, &expected, 12.0);
}

fn gru_step<E: Element>() {
    for u in 1..=67 {
        check_gru_step::<E>(u * 7 % 11 + 1, u, u * 5 % 31, u % 3 == 0);
        check_gru_step::<E>(1, u, u, u % 2 == 0);
    }
    check_gru_step::<E>(6, 20, 300, true);
}

fn gru_of_nothing<E: Element>() {
    check_gru_step::<E>(0, 5, 3, true);
    check_gru_step::<E>(3, 0, 3, false);
    check_gru_step::<E>(3, 5, 0, true);
}

fn gru_row_alone_has_the_bits_of_the_batch<E: Element>() {
    let (m, u, k) = (17, 37, 37);
    let (pre, h_prev) = (array(1, m, 3 * u), array(2, m, u));
    let weights = Weights::new(m, u, k, 3, true).with_zeros(5);
    let batch = weights.with(|recurrent| gru::<E>(&pre, GruRecurrent::Product(recurrent), &h_prev));
    for i in 0..m {
        let row = |x: &Array2<f64>| x.slice(s![i..i + 1, ..]).to_owned();
        let alone = weights
            .row(i)
            .with(|recurrent| gru::<E>(&row(&pre), GruRecurrent::Product(recurrent), &row(&h_prev)));
        assert_eq!(bits(&alone[4 * u..]), bits(&batch[m * 4 * u + i * u..][..u]), "h of row {i}");
    }
}

fn check_gru_backward<E: Element>(m: usize, u: usize) {
    let (pre, recurrent, h_prev) = (array(1, m, 3 * u) * 2.0, array(2, m, 3 * u), array(3, m, u));
    let (dh, dh_prev) = (array(4, m, u), array(5, m, u));
    let (gates, _) = reference::gru_step(pre.view(), recurrent.view(), h_prev.view());
    let result = on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(gates.view());
        let mut hn = Padded::<E>::new(recurrent.slice(s![.., 2 * u..]));
        let mut dh_prev = Padded::<E>::new(dh_prev.view());
        let (h_prev, dh) = (Padded::new(h_prev.view()), Padded::new(dh.view()));
        kernels.gru_backward(gates.view_mut(), hn.view_mut(), h_prev.view(), dh.view(), dh_prev.view_mut());
        [gates.elements(), hn.elements(), dh_prev.elements()].concat()
    });
    let loss = |(_, h): (_, Array2<f64>)| (h * &dh).sum();
    let d_pre = reference::gradient(pre.view(), |pre| {
        loss(reference::gru_step(pre, recurrent.view(), h_prev.view()))
    });
    let d_recurrent = reference::gradient(recurrent.view(), |recurrent| {
        loss(reference::gru_step(pre.view(), recurrent, h_prev.view()))
    });
    let d_direct = reference::gradient(h_prev.view(), |h_prev| {
        loss(reference::gru_step(pre.view(), recurrent.view(), h_prev))
    });
    let d_hn = d_recurrent.slice(s![.., 2 * u..]);
    let d_h_prev = d_direct + &dh_prev;
    let tolerance = (1e-8 / E::EPSILON.to_f64()).max(8.0);
    assert_close(&result, d_pre.iter().chain(d_hn).chain(&d_h_prev), tolerance);
    let same = d_recurrent.slice(s![.., ..2 * u]);
    assert_close(&d_pre.slice(s![.., ..2 * u]).iter().copied().collect::<Vec<_>>(), same, 1e8);
}

fn gru_backward<E: Element>() {
    for u in 1..=9 {
        check_gru_backward::<E>(2, u);
    }
    check_gru_backward::<E>(1, 35);
}

for_both! {
    gru_step;
    gru_of_nothing;
    gru_row_alone_has_the_bits_of_the_batch;
    gru_backward;
}
