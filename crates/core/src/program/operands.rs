//! The operands of operations beside their values: weights, packs and settings.

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
