//! The instructions of a program.

use unrolled_kernels::Activation;

use super::ValueId;

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

/// Consecutive rows of one parameter, in elements of the flat arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorRef {
    /// The offset of the first element.
    pub offset: usize,
    /// Rows.
    pub rows: usize,
    /// Columns; 1 for a vector.
    pub columns: usize,
}

impl TensorRef {
    /// The elements it covers.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.rows * self.columns
    }

    /// The rows `start..start + rows` of it.
    #[must_use]
    pub fn part(&self, start: usize, rows: usize) -> Self {
        Self { offset: self.offset + start * self.columns, rows, columns: self.columns }
    }
}

/// A weight `[outputs, inputs]` with its bias.
#[derive(Clone, Debug)]
pub struct Linear {
    /// The weight.
    pub weight: TensorRef,
    /// The bias.
    pub bias: Option<TensorRef>,
    /// The packed operand of `x Wᵀ`.
    pub forward: PackId,
    /// The packed operands of `g W`, one for each part of g's columns.
    pub backward: Vec<PackId>,
}

impl Linear {
    /// The number of its weights, the bias aside.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.weight.rows * self.weight.columns
    }
}

/// An index into [`super::Program::packs`].
pub type PackId = usize;

/// A weight in the order in which a product reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackSpec {
    /// The weight.
    pub tensor: TensorRef,
    /// For `x Wᵀ`: the number of gates whose rows are interleaved. For `g W`: `None`.
    pub gates: Option<usize>,
}

/// A table `[vocabulary, size]`.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// The table.
    pub weight: TensorRef,
    /// The id that is zero and stays so.
    pub padding: Option<u32>,
}

/// Gain and bias of a normalization over features.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// The gain.
    pub gain: TensorRef,
    /// The bias.
    pub bias: TensorRef,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The sizes of a product of two matrices that a row or step holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matmul {
    /// Rows of the product.
    pub rows: usize,
    /// Columns of the first factor and rows of the second.
    pub inner: usize,
    /// Columns of the product.
    pub columns: usize,
    /// True for a factor that is held transposed.
    pub transposed: [bool; 2],
}

/// A choice of ids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choose {
    /// True for a sample in training.
    pub sample: bool,
    /// The probabilities of the teacher's id outside of training and in it, if no input gives them.
    pub ratios: [f64; 2],
}

/// The mask of a dropout.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The probability of zero.
    pub rate: f64,
    /// One mask for all steps of a row.
    pub fixed: bool,
}

/// An attention.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The score of a key.
    pub score: Score,
    /// True if queries and memory lie on one axis.
    pub own_axis: bool,
}

/// The score of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// `scale query · key`.
    Dot {
        /// The factor.
        scale: f64,
    },
    /// `weight · tanh(query + key)`.
    Additive {
        /// The weight, a vector.
        weight: TensorRef,
    },
}

/// An attention with an additive score that remembers the weights of the steps before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// The weight of the score, a vector.
    pub weight: TensorRef,
    /// The weight of the coverage, a vector.
    pub coverage: TensorRef,
    /// The axis of the queries.
    pub axis: usize,
    /// From each row's last query to its first.
    pub reverse: bool,
}

/// A Gumbel Tree-LSTM.
#[derive(Clone, Debug)]
pub struct GumbelTree {
    /// The product of two states with the five gates.
    pub linear: Linear,
    /// The weight of h in a score, a vector.
    pub query: TensorRef,
    /// The divisor of noisy scores in the softmax of backward.
    pub temperature: f64,
}

/// The delay of a sequence by one step.
#[derive(Clone, Debug)]
pub struct Shift {
    /// From each row's last step to its first.
    pub reverse: bool,
    /// The first id, for tokens.
    pub start: Option<u32>,
}

/// The reduction of a sequence to a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The last valid step; the first for a reversed scan's final state.
    Last {
        /// Take the first step instead.
        first: bool,
    },
    /// The root of a forest.
    Root,
    /// The mean over valid steps.
    Mean,
    /// The sum over valid steps.
    Sum,
    /// The largest over valid steps.
    Max,
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
