//! Recurrent steps with the gates fused into the product: the doors.

use std::ops::Range;

use crate::argument::{Activation, Below, GruRecurrent, Recurrent};
use crate::isa::Kernels;
use crate::number::Number;
use crate::team::Team;
use crate::view::{Matrix, MatrixMut};

impl<E: Number + RecurrentSteps<E>> Kernels<E> {
    /// y = f(pre + recurrent), with `buffer` m x n: `pre` in, y out. Without `recurrent`, y = f(pre).
    ///
    /// The members of `team` share the units.
    pub fn activation_step(
        self,
        team: &Team,
        activation: Activation,
        buffer: MatrixMut<'_, E>,
        recurrent: Option<Recurrent<'_, E>>,
    ) {
        split(team, recurrent.as_ref(), buffer.columns(), |units| {
            // SAFETY: this call writes only the columns of `units`, which no other call has.
            let buffer = unsafe { buffer.alias() };
            self.activation_units(activation, buffer, recurrent, units);
        });
    }

    /// One step of an LSTM: with (i, f, g, o) = gates + recurrent,
    /// c = σ(f)∘c' + σ(i)∘tanh(g) and h = σ(o)∘tanh(c).
    ///
    /// `gates` m x 4u in the order i, f, g, o: pre-activations in, activated gates out. `c_prev`, `c`, `h` m x u.
    /// Without `recurrent`, `gates` holds the whole pre-activation. The members of `team` share the units.
    pub fn lstm_step(
        self,
        team: &Team,
        gates: MatrixMut<'_, E>,
        recurrent: Option<Recurrent<'_, E>>,
        c_prev: Matrix<'_, E>,
        c: MatrixMut<'_, E>,
        h: MatrixMut<'_, E>,
    ) {
        split(team, recurrent.as_ref(), c.columns(), |units| {
            // SAFETY: this call writes only the columns of `units`, which no other call has.
            let (gates, c, h) = unsafe { (gates.alias(), c.alias(), h.alias()) };
            self.lstm_units(gates, recurrent, c_prev, c, h, units);
        });
    }

    /// One step of a GRU with the reset gate after the product: with recurrent parts (rec_r, rec_z, rec_n),
    /// r = σ(gates_r + rec_r), z = σ(gates_z + rec_z), n = tanh(gates_n + r∘rec_n), h = (1-z)∘n + z∘h'.
    ///
    /// `gates` m x 3u in the order r, z, n: pre-activations in, activated gates out. `hn` m x u: rec_n out.
    /// `h_prev`, `h` m x u. The members of `team` share the units.
    pub fn gru_step(
        self,
        team: &Team,
        gates: MatrixMut<'_, E>,
        hn: MatrixMut<'_, E>,
        h_prev: Matrix<'_, E>,
        recurrent: GruRecurrent<'_, E>,
        h: MatrixMut<'_, E>,
    ) {
        let product = match &recurrent {
            GruRecurrent::Product(recurrent) => Some(recurrent),
            GruRecurrent::Ready(_) => None,
        };
        split(team, product, h.columns(), |units| {
            // SAFETY: this call writes only the columns of `units`, which no other call has.
            let (gates, hn, h) = unsafe { (gates.alias(), hn.alias(), h.alias()) };
            self.gru_units(gates, hn, h_prev, recurrent, h, units);
        });
    }
}

/// Splits the units of a step among a team by the work of its product. A step without a product is too short to split.
fn split<E: Number>(
    team: &Team,
    recurrent: Option<&Recurrent<'_, E>>,
    units: usize,
    work: impl Fn(Range<usize>) + Sync,
) {
    let weights = recurrent.map_or(0, |recurrent| recurrent.weight.k() * recurrent.weight.n());
    let rows = recurrent.map_or(0, |recurrent| recurrent.state.rows());
    team.split(units, rows * weights, weights, work);
}

entries! {
    trait RecurrentSteps;

    /// [`Kernels::activation_step`](crate::Kernels::activation_step) of some units; the first begins a panel.
    pub(crate) fn activation_units(activation: Activation, buffer: MatrixMut<'_, E>,
        recurrent: Option<Recurrent<'_, E>>, units: Range<usize>) = crate::generic::recurrent::activation_step;

    /// [`Kernels::lstm_step`](crate::Kernels::lstm_step) of some units; the first begins a panel.
    pub(crate) fn lstm_units(gates: MatrixMut<'_, E>, recurrent: Option<Recurrent<'_, E>>, c_prev: Matrix<'_, E>,
        c: MatrixMut<'_, E>, h: MatrixMut<'_, E>, units: Range<usize>) = crate::generic::lstm::lstm_step;

    /// The gradient of [`Kernels::lstm_step`](crate::Kernels::lstm_step).
    ///
    /// `gates` m x 4u: activated gates in, gradients of the pre-activations out. `dc`: gradient of c in, of
    /// `c_prev` out. `c_prev`, `c`, `dh` m x u as in the step.
    pub fn lstm_backward(gates: MatrixMut<'_, E>, c_prev: Matrix<'_, E>, c: Matrix<'_, E>, dh: Matrix<'_, E>,
        dc: MatrixMut<'_, E>) = crate::generic::lstm::lstm_backward;

    /// [`Kernels::gru_step`](crate::Kernels::gru_step) of some units; the first begins a panel.
    pub(crate) fn gru_units(gates: MatrixMut<'_, E>, hn: MatrixMut<'_, E>, h_prev: Matrix<'_, E>,
        recurrent: GruRecurrent<'_, E>, h: MatrixMut<'_, E>, units: Range<usize>) = crate::generic::gru::gru_step;

    /// The gradient of [`Kernels::gru_step`](crate::Kernels::gru_step).
    ///
    /// `gates` m x 3u: activated gates in, gradients of the pre-activations out; those of r and z are also the
    /// gradients of rec_r and rec_z. `hn` m x u: rec_n in, its gradient out. `dh_prev` += z∘dh: only the direct
    /// path, not the one through the product.
    pub fn gru_backward(gates: MatrixMut<'_, E>, hn: MatrixMut<'_, E>, h_prev: Matrix<'_, E>, dh: Matrix<'_, E>,
        dh_prev: MatrixMut<'_, E>) = crate::generic::gru::gru_backward;

    /// Nodes of a Tree-LSTM: with (i, o, u, f_1, ...) = gates + product, c = σ(i)∘tanh(u) + Σ σ(f_k)∘c_k and h = σ(o)∘tanh(c).
    ///
    /// `gates` m x (3 + places) u: pre-activations in, activated gates out, but for places without a child. `c`, `h`
    /// m x u.
    pub fn tree_step(gates: MatrixMut<'_, E>, product: Option<Matrix<'_, E>>, below: Below<'_, E>,
        c: MatrixMut<'_, E>, h: MatrixMut<'_, E>) = crate::generic::tree::tree_step;

    /// The gradient of [`Kernels::tree_step`](crate::Kernels::tree_step).
    ///
    /// `gates`: activated gates in, gradients of the pre-activations out. `d_below` += that of each child's c.
    pub fn tree_backward(gates: MatrixMut<'_, E>, below: Below<'_, E>, c: Matrix<'_, E>,
        dc: Matrix<'_, E>, dh: Matrix<'_, E>, d_below: MatrixMut<'_, E>) = crate::generic::tree::tree_backward;
}
