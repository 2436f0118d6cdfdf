//! Arguments of the kernels that are more than a number, a slice or a matrix.

use crate::packed::Packed;
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

/// Start of the sums of a product.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, E> {
    /// Zero; C is overwritten.
    Zero,
    /// The elements of C.
    Accumulate,
    /// A bias of n elements, the same for every row; C is overwritten.
    Bias(&'a [E]),
}

/// The recurrent part of a pre-activation: bias + state·Wᵀ.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent<'a, E> {
    /// The state of the previous step, m x k.
    pub state: Matrix<'a, E>,
    /// W of n x k, packed by [`Packed::transposed`] with as many gates as the step has.
    pub weight: &'a Packed<E>,
    /// n elements; the chains of the product start from the bias.
    pub bias: Option<&'a [E]>,
    /// Visits the units from the last to the first. The result is the same; a loop that reverses every other step finds
    /// the weights that the previous step read last still in a cache.
    pub reversed: bool,
}

/// The recurrent part of a GRU's pre-activations; the reset gate scales its third gate.
#[derive(Clone, Copy, Debug)]
pub enum GruRecurrent<'a, E> {
    /// A product with three gates, computed by the step.
    Product(Recurrent<'a, E>),
    /// The result of that product, bias included: m x 3u.
    Ready(Matrix<'a, E>),
}

/// The children of the nodes of a Tree-LSTM.
#[derive(Clone, Copy, Debug)]
pub struct Below<'a, E> {
    /// c of each child, those of a node one after another.
    pub c: Matrix<'a, E>,
    /// By node: the place of its first child, counted from any; then the end of the last. One more than nodes.
    pub first: &'a [u32],
}

impl<E> Below<'_, E> {
    /// The rows of the children of node `row`.
    #[inline(always)]
    pub(crate) fn family(&self, row: usize) -> std::ops::Range<usize> {
        let at = |node: usize| (self.first[node] - self.first[0]) as usize;
        at(row)..at(row + 1)
    }
}

/// Settings of one step of stochastic gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the momentum buffer that stays.
    pub momentum: f64,
    /// Share of the gradient that does not enter the momentum buffer.
    pub dampening: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
    /// The first step of this buffer: the gradient becomes the buffer.
    pub first: bool,
}

/// Settings of one step of RMSprop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the mean square that stays.
    pub alpha: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
    /// Share of the momentum buffer that stays.
    pub momentum: f64,
}

/// Settings of one step of Adagrad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdagradStep {
    /// Learning rate.
    pub rate: f64,
    /// Added to the root of the sum of squares.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty.
    pub weight_decay: f64,
}

/// Settings of one step of Adam or AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the mean gradient that stays.
    pub beta1: f64,
    /// Share of the mean square that stays.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Coefficient of the L2 penalty, or of the decay if `decoupled`.
    pub weight_decay: f64,
    /// AdamW: the parameters decay directly, not through the gradient.
    pub decoupled: bool,
    /// Number of this step, from 1.
    pub step: u64,
}

/// The gradients of an additive score that are wanted, each to be added to.
#[derive(Debug)]
pub struct AdditiveGradients<'a, E> {
    /// Of the query.
    pub query: Option<&'a mut [E]>,
    /// Of the keys.
    pub keys: Option<MatrixMut<'a, E>>,
    /// Of the weight.
    pub weight: &'a mut [E],
}
