//! The instructions of a program.

use unrolled_kernels::Activation;

use super::{
    Attention, Choose, Coverage, Dropout, Embedding, GumbelTree, LayerNorm, Linear, Matmul, Pooling, Shift,
    TensorRef, ValueId,
};

/// One operation on values.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The node of the graph it came from.
    pub node: String,
    /// The operation.
    pub op: Operation,
    /// The values it reads.
    pub inputs: Vec<ValueId>,
    /// The values it writes, first the value of the node's first port.
    pub outputs: Vec<ValueId>,
}

/// The operations of a program. The comments give inputs -> outputs.
#[derive(Clone, Debug)]
pub enum Operation {
    /// ids -> rows of a table, and the ids again if they are computed.
    Embedding(Embedding),
    /// x -> x Wᵀ + b.
    Linear(Linear),
    /// x -> f(x).
    Activation(Activation),
    /// x -> softmax over features.
    Softmax,
    /// a, b, ... -> a + b + ...
    Add,
    /// a, b, ... -> a b ...
    Multiply,
    /// x -> scale x + shift.
    Affine {
        /// The factor.
        scale: f64,
        /// The summand.
        shift: f64,
    },
    /// x -> f(x).
    Function(Function),
    /// a, b -> a / b.
    Divide,
    /// a, b -> the larger one.
    Maximum,
    /// a, b -> the smaller one.
    Minimum,
    /// condition, a, b -> a where the condition is not 0, else b.
    Where,
    /// x -> the sum over features, one number.
    Sum,
    /// a, b -> the product of the matrices that they hold.
    Matmul(Matmul),
    /// x of one number -> the same number for each feature.
    Spread,
    /// nothing -> a parameter as a vector.
    Parameter(TensorRef),
    /// nothing -> these numbers as a vector.
    Constant(Vec<f64>),
    /// x -> x, without a gradient.
    Detach,
    /// x -> 1 for its largest feature, 0 for the others.
    Argmax,
    /// ids -> 1 for the feature that each names, 0 for the others.
    OneHot,
    /// hard, soft -> hard, with the gradient of soft.
    StraightThrough,
    /// given ids -> numbers.
    AsNumbers,
    /// scores, the teacher's ids (optional), their probability (optional) -> ids.
    Choose(Choose),
    /// x -> x with noise of Gumbel's distribution.
    GumbelNoise,
    /// a, b, ... -> features side by side.
    Concat,
    /// x -> features from `start`.
    Slice {
        /// The first feature.
        start: usize,
    },
    /// x -> y, statistics, normalized x.
    LayerNorm(LayerNorm),
    /// x -> x under a mask.
    Dropout(Dropout),
    /// x, first (optional) -> x one step later.
    Shift(Shift),
    /// vector -> the same at each step of the output's axis.
    Repeat,
    /// sequence -> vector.
    Pool(Pooling),
    /// sequence -> softmax over its steps.
    SoftmaxOverTime,
    /// pre, state -> f(pre + state Wᵀ + b), in place of pre.
    ActivationStep {
        /// f.
        activation: Activation,
        /// The product with the state.
        linear: Linear,
    },
    /// pre, c, state (if fused) -> gates (in place of pre), c', h'.
    Lstm {
        /// The product with the state, if fused.
        linear: Option<Linear>,
    },
    /// pre, h, then state (if fused) or rec -> gates (in place of pre), n's part of rec, h'.
    Gru {
        /// The product with the state, if fused.
        linear: Option<Linear>,
    },
    /// sequence -> the same, a row's steps one after another.
    RowMajor,
    /// query, keys, values (the keys if left out), both row after row -> context, weights, the sums of energies that the
    /// gradient of an additive score's weight is made of.
    Attention(Attention),
    /// nodes -> at each edge, the parent's.
    SpreadToEdges,
    /// edges -> at each node, the sum over its edges to children.
    SumOverEdges,
    /// edges -> at each node, that to its child of this number; zeros without one.
    Child {
        /// The number.
        index: usize,
    },
    /// edges -> at each node, those to its children side by side; zeros without them.
    Children,
    /// pre, c of the children over the edges, the children's h side by side -> gates (in place of pre), c', h'.
    TreeLstm(Linear),
    /// query, keys, values (the keys if left out), both row after row -> context, weights, the sums of energies, the coverage,
    /// its loss, the sums of coverage that the gradient of its weight is made of.
    Coverage(Coverage),
    /// states -> merges, root, and what backward reads and leaves.
    GumbelTree(GumbelTree),
    /// output -> nothing; its losses against a target.
    Loss {
        /// An index into [`super::Program::targets`].
        target: usize,
    },
    /// A body unrolled along time, or up a forest.
    Recurrence(Recurrence),
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// `|x|`.
    Abs,
    /// `eˣ`.
    Exp,
    /// `ln x`.
    Log,
    /// `√x`.
    Sqrt,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// `min(max((x + 3) / 6, 0), 1)`.
    HardSigmoid,
    /// `x σ(x)`.
    Silu,
    /// `x Φ(x)`, with the normal distribution function.
    Gelu,
    /// `x` above 0, else `alpha (eˣ - 1)`.
    Elu {
        /// The bound from below, times -1.
        alpha: f64,
    },
    /// `x` above 0, else `slope x`.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
}

/// A loop over the steps of an axis.
#[derive(Clone, Debug)]
pub struct Recurrence {
    /// The axis, an index into the program's.
    pub axis: usize,
    /// From each row's last valid step to its first.
    pub reverse: bool,
    /// The delay edges; none of a forest.
    pub states: Vec<StateLink>,
    /// The states of children that a node of a forest reads; none along a chain.
    pub children: Vec<ChildLink>,
    /// The instructions of one step.
    pub body: Vec<Instruction>,
}

/// A delay edge: `incoming(t) = next(t - 1)`.
#[derive(Clone, Debug)]
pub struct StateLink {
    /// The state before the first step, a vector.
    pub initial: ValueId,
    /// The state a step reads, over the axis.
    pub incoming: ValueId,
    /// The state a step writes, over the axis.
    pub next: ValueId,
    /// The state after each row's last step, a vector.
    pub last: ValueId,
}

/// The edges of a forest: `incoming(edge) = next(child)`.
#[derive(Clone, Debug)]
pub struct ChildLink {
    /// The state of a child that its parent reads, over the edges.
    pub incoming: ValueId,
    /// The state that a node writes, over the forest.
    pub next: ValueId,
}
