//! The plain step and the LSTM against the reference, and their gradients against central differences.

use ndarray::{Array2, s};

use super::support::{Padded, array, assert_close, bits, cast, for_both, on_every_isa, values};
use crate::{Activation, Element, Packed, Recurrent, Team, reference};

/// A recurrent part with `gates` gates of `u` units, as arrays.
pub(super) struct Weights {
    state: Array2<f64>,
    weight: Array2<f64>,
    bias: Option<Array2<f64>>,
    gates: usize,
}

impl Weights {
    pub(super) fn new(m: usize, u: usize, k: usize, gates: usize, bias: bool) -> Self {
        let weight = array(12, gates * u, k) / (k.max(1) as f64).sqrt();
        Self {
            state: array(11, m, k),
            weight: weight.mapv(|x| f64::from(x as f32)),
            bias: bias.then(|| array(13, 1, gates * u)),
            gates,
        }
    }

    /// The same part with zeros of either sign in row `i` of the state; a step of that row alone needs no product.
    pub(super) fn with_zeros(mut self, i: usize) -> Self {
        self.state
            .row_mut(i)
            .iter_mut()
            .enumerate()
            .for_each(|(j, x)| *x = if j % 2 == 0 { 0.0 } else { -0.0 });
        self
    }

    /// The same weights with row `i` of the state alone.
    pub(super) fn row(&self, i: usize) -> Self {
        let state = self.state.slice(s![i..i + 1, ..]).to_owned();
        Self { state, weight: self.weight.clone(), bias: self.bias.clone(), gates: self.gates }
    }

    /// bias + state·Wᵀ.
    pub(super) fn product(&self) -> Array2<f64> {
        let zero = Array2::zeros((1, self.weight.nrows()));
        let start = self.bias.as_ref().unwrap_or(&zero);
        reference::product(
            start.broadcast((self.state.nrows(), zero.len())).unwrap(),
            self.state.view(),
            self.weight.t(),
        )
    }

    /// Gives the same part to `f` as kernels take it.
    pub(super) fn with<E: Element, R>(&self, f: impl FnOnce(Recurrent<'_, E>) -> R) -> R {
        let state = Padded::<E>::new(self.state.view());
        let weight = Padded::<E>::new(self.weight.view());
        let mut packed = Packed::transposed(self.weight.nrows(), self.weight.ncols(), self.gates);
        packed.pack(weight.view());
        let bias = self.bias.as_ref().map(|bias| cast::<E>(bias.as_slice().unwrap()));
        f(Recurrent { state: state.view(), weight: &packed, bias: bias.as_deref(), reversed: false })
    }
}

pub(super) fn apply(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Identity => x,
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => reference::sigmoid(x),
        Activation::Relu => x.max(0.0),
    }
}

pub(super) const ACTIVATIONS: [Activation; 4] =
    [Activation::Identity, Activation::Tanh, Activation::Sigmoid, Activation::Relu];

pub(super) fn check_activation_step<E: Element>(
    m: usize,
    n: usize,
    k: usize,
    activation: Activation,
    bias: bool,
) {
    let (pre, weights) = (array(1, m, n), Weights::new(m, n, k, 1, bias));
    let result = weights.with(|recurrent| {
        on_every_isa(|kernels| {
            let mut buffer = Padded::<E>::new(pre.view());
            kernels.activation_step(&Team::new(1), activation, buffer.view_mut(), Some(recurrent));
            buffer.elements()
        })
    });
    let expected = (&pre + &weights.product()).mapv(|x| apply(activation, x));
    assert_close(&result, expected.iter(), 8.0 + k as f64);

    let alone = on_every_isa(|kernels| {
        let mut buffer = Padded::<E>::new(pre.view());
        kernels.activation_step(&Team::new(1), activation, buffer.view_mut(), None);
        buffer.elements()
    });
    assert_close(&alone, pre.mapv(|x| apply(activation, x)).iter(), 4.0);
}

/// Zeros of either sign, a bias of -0 and weights of one sign: products of zeros must not change the sign of a zero.
fn a_state_of_zeros_has_the_bits_of_its_product<E: Element>() {
    let (m, u) = (3, 21);
    for sign in [1.0, -1.0] {
        let mut weights = Weights::new(m, u, u, 1, true).with_zeros(1);
        weights.weight.mapv_inplace(|x| sign * x.abs());
        weights.bias = Some(Array2::from_elem((1, u), -0.0));
        let step = |weights: &Weights| {
            weights.with(|recurrent| {
                on_every_isa(|kernels| {
                    let mut buffer =
                        Padded::<E>::new(Array2::from_elem((recurrent.state.rows(), u), -0.0).view());
                    let identity = Activation::Identity;
                    kernels.activation_step(&Team::new(1), identity, buffer.view_mut(), Some(recurrent));
                    buffer.elements()
                })
            })
        };
        assert_eq!(bits(&step(&weights.row(1))), bits(&step(&weights)[u..2 * u]));
    }
}

fn activation_step<E: Element>() {
    for n in 1..=67 {
        check_activation_step::<E>(n * 7 % 11 + 1, n, n * 5 % 31, ACTIVATIONS[n % 4], n % 3 == 0);
        check_activation_step::<E>(1, n, n, ACTIVATIONS[(n + 1) % 4], n % 2 == 0);
    }
}

/// The gates, c and h of one step, one after the other.
pub(super) fn lstm<E: Element>(
    pre: &Array2<f64>,
    recurrent: Option<Recurrent<'_, E>>,
    c_prev: &Array2<f64>,
) -> Vec<E> {
    let (m, u) = c_prev.dim();
    let previous = Padded::<E>::new(c_prev.view());
    on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(pre.view());
        let (mut c, mut h) = (Padded::zeros(m, u), Padded::zeros(m, u));
        kernels.lstm_step(
            &Team::new(1),
            gates.view_mut(),
            recurrent,
            previous.view(),
            c.view_mut(),
            h.view_mut(),
        );
        [gates.elements(), c.elements(), h.elements()].concat()
    })
}

pub(super) fn check_lstm_step<E: Element>(m: usize, u: usize, k: usize, bias: bool) {
    let (pre, c_prev, weights) = (array(1, m, 4 * u) * 3.0, array(2, m, u), Weights::new(m, u, k, 4, bias));
    let total = &pre + &weights.product();
    let fused = weights.with(|recurrent| lstm::<E>(&pre, Some(recurrent), &c_prev));
    for (result, total) in [(fused, &total), (lstm(&pre, None, &c_prev), &pre)] {
        let (gates, c, h) = reference::lstm_step(total.view(), c_prev.view());
        assert_close(&result, gates.iter().chain(&c).chain(&h), 12.0 + k as f64);
    }
}

fn lstm_step<E: Element>() {
    for u in 1..=67 {
        check_lstm_step::<E>(u * 7 % 11 + 1, u, u * 5 % 31, u % 3 == 0);
        check_lstm_step::<E>(1, u, u, u % 2 == 0);
    }
    check_lstm_step::<E>(6, 20, 300, true);
}

fn lstm_row_alone_has_the_bits_of_the_batch<E: Element>() {
    let (m, u, k) = (17, 37, 37);
    let (pre, c_prev) = (array(1, m, 4 * u), array(2, m, u));
    let weights = Weights::new(m, u, k, 4, true).with_zeros(5);
    let batch = weights.with(|recurrent| lstm::<E>(&pre, Some(recurrent), &c_prev));
    for i in 0..m {
        let row = |x: &Array2<f64>| x.slice(s![i..i + 1, ..]).to_owned();
        let alone = weights.row(i).with(|recurrent| lstm::<E>(&row(&pre), Some(recurrent), &row(&c_prev)));
        assert_eq!(bits(&alone[5 * u..]), bits(&batch[m * 5 * u + i * u..][..u]), "h of row {i}");
    }
}

fn lstm_of_nothing<E: Element>() {
    check_lstm_step::<E>(0, 5, 3, true);
    check_lstm_step::<E>(3, 0, 3, false);
    check_lstm_step::<E>(3, 5, 0, true);
}

fn lstm_saturates<E: Element>() {
    let extremes = [f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30, 0.0];
    let pre = Array2::from_shape_fn((1, 20), |(_, j)| extremes[j % 5]);
    let result = lstm::<E>(&pre, None, &Array2::from_elem((1, 5), 0.5));
    assert!(result.iter().all(|x| x.to_f64().abs() <= 1.5), "{result:?}");
}

fn check_lstm_backward<E: Element>(m: usize, u: usize) {
    let (pre, c_prev) = (array(1, m, 4 * u) * 2.0, array(2, m, u));
    let (dh, dc) = (array(3, m, u), array(4, m, u));
    let (gates, c, _) = reference::lstm_step(pre.view(), c_prev.view());
    let result = on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(gates.view());
        let mut dc = Padded::<E>::new(dc.view());
        let (c_prev, c, dh) = (Padded::new(c_prev.view()), Padded::new(c.view()), Padded::new(dh.view()));
        kernels.lstm_backward(gates.view_mut(), c_prev.view(), c.view(), dh.view(), dc.view_mut());
        [gates.elements(), dc.elements()].concat()
    });
    let loss = |(_, c, h): (_, Array2<f64>, Array2<f64>)| (c * &dc + h * &dh).sum();
    let d_pre = reference::gradient(pre.view(), |pre| loss(reference::lstm_step(pre, c_prev.view())));
    let d_c_prev =
        reference::gradient(c_prev.view(), |c_prev| loss(reference::lstm_step(pre.view(), c_prev)));
    let tolerance = (1e-8 / E::EPSILON.to_f64()).max(8.0);
    assert_close(&result, d_pre.iter().chain(&d_c_prev), tolerance);
}

fn lstm_backward<E: Element>() {
    for u in 1..=9 {
        check_lstm_backward::<E>(2, u);
    }
    check_lstm_backward::<E>(1, 35);
}

fn a_gate_is_the_same_in_every_lane<E: Element>() {
    let x = values(9, 1)[0];
    let result = lstm::<E>(&Array2::from_elem((1, 4 * 37), x), None, &Array2::from_elem((1, 37), x));
    assert!(result[5 * 37..].iter().all(|&h| h == result[5 * 37]));
}

for_both! {
    a_state_of_zeros_has_the_bits_of_its_product;
    activation_step;
    lstm_step;
    lstm_row_alone_has_the_bits_of_the_batch;
    lstm_of_nothing;
    lstm_saturates;
    lstm_backward;
    a_gate_is_the_same_in_every_lane;
}
