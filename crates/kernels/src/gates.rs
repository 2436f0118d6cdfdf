//! Recurrent steps with the gates fused into the product: entries.

use crate::pack::Packed;
use crate::view::{Matrix, MatrixMut};

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// x
    Identity,
    /// tanh x
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// max(0, x)
    Relu,
}

/// The recurrent part of a pre-activation: bias + state·Wᵀ.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent<'a, E> {
    /// The state of the previous step, m x k.
    pub state: Matrix<'a, E>,
    /// W of n x k, packed by [`Packed::transposed`] with as many gates as the step has.
    pub weight: &'a Packed<E>,
    /// n elements; the chains of the product start from it.
    pub bias: Option<&'a [E]>,
}

/// The recurrent part of a GRU's pre-activations, whose third gate is scaled by the reset gate.
#[derive(Clone, Copy, Debug)]
pub enum GruRecurrent<'a, E> {
    /// To be computed; three gates.
    Product(Recurrent<'a, E>),
    /// Already computed, bias included: m x 3u.
    Ready(Matrix<'a, E>),
}

entries! {
    trait Gates;

    /// y = f(pre + recurrent), with `buffer` m x n: `pre` in, y out. Without `recurrent`, y = f(pre).
    pub fn activation_step(activation: Activation, buffer: MatrixMut<'_, E>, recurrent: Option<Recurrent<'_, E>>)
        = crate::generic::gates::activation_step;

    /// One step of an LSTM: with (i, f, g, o) = gates + recurrent,
    /// c = σ(f)∘c' + σ(i)∘tanh(g) and h = σ(o)∘tanh(c).
    ///
    /// `gates` m x 4u in the order i, f, g, o: pre-activations in, activated gates out. `c_prev`, `c`, `h` m x u.
    /// Without `recurrent`, `gates` holds the whole pre-activation.
    pub fn lstm_step(gates: MatrixMut<'_, E>, recurrent: Option<Recurrent<'_, E>>, c_prev: Matrix<'_, E>,
        c: MatrixMut<'_, E>, h: MatrixMut<'_, E>) = crate::generic::lstm::lstm_step;

    /// The gradient of [`Kernels::lstm_step`](crate::Kernels::lstm_step).
    ///
    /// `gates` m x 4u: activated gates in, gradients of the pre-activations out. `dc`: gradient of c in, of
    /// `c_prev` out. `c_prev`, `c`, `dh` m x u as in the step.
    pub fn lstm_backward(gates: MatrixMut<'_, E>, c_prev: Matrix<'_, E>, c: Matrix<'_, E>, dh: Matrix<'_, E>,
        dc: MatrixMut<'_, E>) = crate::generic::lstm::lstm_backward;

    /// One step of a GRU with the reset gate after the product: with recurrent parts (rec_r, rec_z, rec_n),
    /// r = σ(gates_r + rec_r), z = σ(gates_z + rec_z), n = tanh(gates_n + r∘rec_n), h = (1-z)∘n + z∘h'.
    ///
    /// `gates` m x 3u in the order r, z, n: pre-activations in, activated gates out. `hn` m x u: rec_n out.
    /// `h_prev`, `h` m x u.
    pub fn gru_step(gates: MatrixMut<'_, E>, hn: MatrixMut<'_, E>, h_prev: Matrix<'_, E>,
        recurrent: GruRecurrent<'_, E>, h: MatrixMut<'_, E>) = crate::generic::gru::gru_step;

    /// The gradient of [`Kernels::gru_step`](crate::Kernels::gru_step).
    ///
    /// `gates` m x 3u: activated gates in, gradients of the pre-activations out; those of r and z are also the
    /// gradients of rec_r and rec_z. `hn` m x u: rec_n in, its gradient out. `dh_prev` += z∘dh: only the direct
    /// path, not the one through the product.
    pub fn gru_backward(gates: MatrixMut<'_, E>, hn: MatrixMut<'_, E>, h_prev: Matrix<'_, E>, dh: Matrix<'_, E>,
        dh_prev: MatrixMut<'_, E>) = crate::generic::gru::gru_backward;
}
