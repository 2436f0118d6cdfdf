//! Slow twins of the kernels, in `f64`, as the textbook writes them. The tests hold the fast kernels to these.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate, s};

use crate::argument::{AdagradStep, AdamStep, RmspropStep, SgdStep};

/// start + a·b.
pub(crate) fn product(
    start: ArrayView2<'_, f64>,
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
) -> Array2<f64> {
    a.dot(&b) + start
}

/// c + Σ a[r]ᵀ·b[r].
pub(crate) fn outer(
    c: ArrayView2<'_, f64>,
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    rows: &[usize],
) -> Array2<f64> {
    a.select(Axis(0), rows).t().dot(&b.select(Axis(0), rows)) + c
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The gates i, f, g, o side by side, c and h.
pub(crate) fn lstm_step(
    pre: ArrayView2<'_, f64>,
    c_prev: ArrayView2<'_, f64>,
) -> (Array2<f64>, Array2<f64>, Array2<f64>) {
    let u = c_prev.ncols();
    let i = pre.slice(s![.., ..u]).mapv(sigmoid);
    let f = pre.slice(s![.., u..2 * u]).mapv(sigmoid);
    let g = pre.slice(s![.., 2 * u..3 * u]).mapv(f64::tanh);
    let o = pre.slice(s![.., 3 * u..]).mapv(sigmoid);
    let c = &f * &c_prev + &i * &g;
    let h = &o * &c.mapv(f64::tanh);
    (side_by_side(&[i, f, g, o]), c, h)
}

/// c and h of nodes of a Tree-LSTM from the gates i, o, u, f_1, ... side by side; the children of a node are the rows of
/// `below` from its number in `first` to the next.
pub(crate) fn tree_step(
    pre: ArrayView2<'_, f64>,
    below: ArrayView2<'_, f64>,
    first: &[u32],
) -> (Array2<f64>, Array2<f64>) {
    let u = below.ncols();
    let gate = |at: usize| pre.slice(s![.., at * u..(at + 1) * u]);
    let mut c = gate(0).mapv(sigmoid) * gate(2).mapv(f64::tanh);
    for (row, ends) in first.windows(2).enumerate() {
        for (place, edge) in (ends[0] - first[0]..ends[1] - first[0]).enumerate() {
            let kept = &gate(3 + place).row(row).mapv(sigmoid) * &below.row(edge as usize);
            c.row_mut(row).zip_mut_with(&kept, |c, kept| *c += kept);
        }
    }
    let h = gate(1).mapv(sigmoid) * c.mapv(f64::tanh);
    (c, h)
}

/// The gates r, z, n side by side, and h.
pub(crate) fn gru_step(
    pre: ArrayView2<'_, f64>,
    recurrent: ArrayView2<'_, f64>,
    h_prev: ArrayView2<'_, f64>,
) -> (Array2<f64>, Array2<f64>) {
    let u = h_prev.ncols();
    let both = &pre + &recurrent;
    let r = both.slice(s![.., ..u]).mapv(sigmoid);
    let z = both.slice(s![.., u..2 * u]).mapv(sigmoid);
    let n = (&pre.slice(s![.., 2 * u..]) + &r * &recurrent.slice(s![.., 2 * u..])).mapv(f64::tanh);
    let h = (1.0 - &z) * &n + &z * &h_prev;
    (side_by_side(&[r, z, n]), h)
}

fn side_by_side(gates: &[Array2<f64>]) -> Array2<f64> {
    let views: Vec<_> = gates.iter().map(|gate| gate.view()).collect();
    concatenate(Axis(1), &views).unwrap()
}

pub(crate) fn softmax_rows(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut y = x.to_owned();
    for mut row in y.rows_mut() {
        let most = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        row.mapv_inplace(|x| (x - most).exp());
        let sum = row.sum();
        row /= sum;
    }
    y
}

/// (x - mean) / √(variance + epsilon) in every row.
pub(crate) fn normalized_rows(x: ArrayView2<'_, f64>, epsilon: f64) -> Array2<f64> {
    let mut y = x.to_owned();
    for mut row in y.rows_mut() {
        let mean = row.sum() / row.len() as f64;
        let variance = row.mapv(|x| (x - mean).powi(2)).sum() / row.len() as f64;
        row.mapv_inplace(|x| (x - mean) / (variance + epsilon).sqrt());
    }
    y
}

pub(crate) fn layer_norm_rows(
    x: ArrayView2<'_, f64>,
    gain: ArrayView1<'_, f64>,
    bias: ArrayView1<'_, f64>,
    epsilon: f64,
) -> Array2<f64> {
    normalized_rows(x, epsilon) * gain + bias
}

/// ∂f/∂x by central differences.
pub(crate) fn gradient(x: ArrayView2<'_, f64>, f: impl Fn(ArrayView2<'_, f64>) -> f64) -> Array2<f64> {
    const STEP: f64 = 1e-6;
    Array2::from_shape_fn(x.dim(), |at| {
        let at_offset = |offset: f64| {
            let mut moved = x.to_owned();
            moved[at] += offset;
            f(moved.view())
        };
        (at_offset(STEP) - at_offset(-STEP)) / (2.0 * STEP)
    })
}

/// Updated parameters and optimizer slots.
pub(crate) type Updated = (Array1<f64>, Vec<Array1<f64>>);

pub(crate) fn sgd(p: &Array1<f64>, g: &Array1<f64>, buffer: Option<&Array1<f64>>, step: SgdStep) -> Updated {
    let g = g + step.weight_decay * p;
    let Some(buffer) = buffer else {
        return (p - step.rate * &g, Vec::new());
    };
    let b = if step.first { g.clone() } else { step.momentum * buffer + (1.0 - step.dampening) * &g };
    let direction = if step.nesterov { &g + step.momentum * &b } else { b.clone() };
    (p - step.rate * direction, vec![b])
}

pub(crate) fn rmsprop(
    p: &Array1<f64>,
    g: &Array1<f64>,
    v: &Array1<f64>,
    buffer: Option<&Array1<f64>>,
    step: RmspropStep,
) -> Updated {
    let g = g + step.weight_decay * p;
    let v = step.alpha * v + (1.0 - step.alpha) * &g * &g;
    let direction = &g / (v.mapv(f64::sqrt) + step.epsilon);
    match buffer {
        None => (p - step.rate * direction, vec![v]),
        Some(buffer) => {
            let b = step.momentum * buffer + direction;
            (p - step.rate * &b, vec![v, b])
        }
    }
}

pub(crate) fn adagrad(p: &Array1<f64>, g: &Array1<f64>, sum: &Array1<f64>, step: AdagradStep) -> Updated {
    let g = g + step.weight_decay * p;
    let sum = sum + &g * &g;
    (p - step.rate * &g / (sum.mapv(f64::sqrt) + step.epsilon), vec![sum])
}

pub(crate) fn adam(
    p: &Array1<f64>,
    g: &Array1<f64>,
    m: &Array1<f64>,
    v: &Array1<f64>,
    step: AdamStep,
) -> Updated {
    let (p, g) = if step.decoupled {
        (p * (1.0 - step.rate * step.weight_decay), g.clone())
    } else {
        (p.clone(), g + step.weight_decay * p)
    };
    let m = step.beta1 * m + (1.0 - step.beta1) * &g;
    let v = step.beta2 * v + (1.0 - step.beta2) * &g * &g;
    let corrected_m = &m / (1.0 - step.beta1.powi(step.step as i32));
    let corrected_v = &v / (1.0 - step.beta2.powi(step.step as i32));
    (p - step.rate * corrected_m / (corrected_v.mapv(f64::sqrt) + step.epsilon), vec![m, v])
}
