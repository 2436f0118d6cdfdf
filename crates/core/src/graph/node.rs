//! Nodes, wires and the graph that holds them.

use serde::{Deserialize, Serialize};

use super::{ActivationName, ChooseBy, Evaluation, Factor, Kind, Score, Steps};
use crate::params::Parameter;

/// A model: parameters, nodes and named outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The version of the format, [`super::VERSION`].
    pub version: u32,
    /// Every trained tensor, by name; nodes that name the same one share it.
    pub parameters: Vec<Parameter>,
    /// The nodes, in any order.
    pub nodes: Vec<Node>,
    /// The outputs of a run.
    pub outputs: Vec<OutputWire>,
}

/// One node: an operation on the values its wires carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Unique within its graph or body; without `:`.
    pub name: String,
    /// The operation.
    pub op: Op,
    /// Wires, `"node"` or `"node:port"`.
    #[serde(default)]
    pub inputs: Vec<String>,
}

/// A name for a value that leaves the graph or body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputWire {
    /// The name it is returned under.
    pub name: String,
    /// The wire it comes from.
    pub from: String,
}

/// The operations; every other one is composed of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Op {
    /// A value fed from outside.
    Input(Kind),
    /// In the body of a scan: a state at the previous step; of a fold: the state of each child.
    State {
        /// Numbers a row.
        size: usize,
    },
    /// In the body of a scan: an id at the previous step.
    TokenState {
        /// The number of ids.
        vocabulary: usize,
        /// The id before the first step.
        start: u32,
    },
    /// Row `id` of a table: tokens to sequence, token to vector.
    Embedding {
        /// The table, `[vocabulary, size]`.
        weight: String,
        /// An id whose row is zero and is never trained.
        #[serde(default)]
        padding: Option<u32>,
    },
    /// `y = x Wᵀ + b`.
    Linear {
        /// `[outputs, inputs]`.
        weight: String,
        /// `[outputs]`.
        #[serde(default)]
        bias: Option<String>,
        /// Use only the outputs `start..end` of the weight and bias.
        #[serde(default)]
        rows: Option<[usize; 2]>,
    },
    /// Unrolls a body along its sequences.
    Scan(Scan),
    /// Unrolls a body up the forest of its sequences.
    Fold(Fold),
    /// In the body of a fold: the sum over a node's children.
    SumOfChildren,
    /// In the body of a fold: the value of the child of this number, zeros without one.
    Child {
        /// From 0, in the order of the nodes.
        index: usize,
    },
    /// The root of each row's tree.
    Root,
    /// The last valid step of each row.
    Last,
    /// The mean over the valid steps of each row.
    Mean,
    /// The largest value over the valid steps of each row.
    Max,
    /// The sum over the valid steps of each row.
    SumOverTime,
    /// `e^x / Σ e^x` over the valid steps of each row, feature by feature.
    SoftmaxOverTime,
    /// Features side by side.
    Concat,
    /// A range of features.
    Slice {
        /// The first feature.
        start: usize,
        /// The number of features.
        size: usize,
    },
    /// The sum of two or more values.
    Add,
    /// The elementwise product of two or more values.
    Multiply,
    /// `y = scale x + shift` with constants.
    Affine {
        /// The factor.
        scale: f64,
        /// The summand.
        shift: f64,
    },
    /// `y = a / b`.
    Divide,
    /// `y = max(a, b)`.
    Maximum,
    /// `y = min(a, b)`.
    Minimum,
    /// `y = a` where the first input is not 0, else `b`.
    Where,
    /// The sum over features, one number.
    Sum,
    /// `Y = A B` of matrices that each row or step holds flat, row by row.
    Matmul {
        /// Rows of Y.
        rows: usize,
        /// Columns of A and rows of B.
        inner: usize,
        /// Columns of Y.
        columns: usize,
        /// The factor that is held transposed.
        #[serde(default)]
        transpose: Option<Factor>,
    },
    /// `y = |x|`.
    Abs,
    /// `y = eˣ`.
    Exp,
    /// `y = ln x`.
    Log,
    /// `y = √x`.
    Sqrt,
    /// `y = x` above 0, else `alpha (eˣ - 1)`.
    Elu {
        /// The bound from below, times -1.
        alpha: f64,
    },
    /// `y = x` above 0, else `slope x`.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// A parameter as a vector, the same in every row.
    Parameter {
        /// `[size]`.
        weight: String,
    },
    /// Fixed numbers as a vector, the same in every row.
    Constant {
        /// The numbers, as many as the vector has.
        values: Vec<f64>,
    },
    /// `y = x`, without a gradient.
    Detach,
    /// 1 for the largest feature, the first of equal ones, and 0 for the others; without a gradient.
    Argmax,
    /// 1 for the feature that an id names, 0 for the others: tokens to sequence, token to vector.
    OneHot,
    /// The first value, with the gradient of the second.
    StraightThrough,
    /// An id: that of the largest score, or the teacher's. The scores, then the teacher's id, then its probability.
    Choose {
        /// The choice among the scores in training.
        by: ChooseBy,
        /// The probability of the teacher's id in training, if no input gives it.
        #[serde(default = "default_ratio")]
        ratio: f64,
        /// Outside of training, if no input gives a probability.
        #[serde(default)]
        evaluation: Evaluation,
    },
    /// In training, `y = x - ln(-ln u)` with u uniform in (0, 1) for each number.
    GumbelNoise,
    /// An elementwise function, or softmax over features.
    Activation(ActivationName),
    /// `y = gain (x - mean) / sqrt(variance + epsilon) + bias` over the features of a step.
    LayerNorm {
        /// `[size]`.
        gain: String,
        /// `[size]`.
        bias: String,
        /// Added to the variance.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
    /// In training, zeroes each number with probability `rate` and scales the rest by `1 / (1 - rate)`.
    Dropout {
        /// The probability.
        rate: f64,
        /// One mask for all steps of a row.
        #[serde(default)]
        fixed: bool,
    },
    /// A vector or token at each step: of the axis of a second input, or of an axis of a fixed number of steps.
    Repeat {
        /// The steps, without a second input.
        #[serde(default)]
        steps: Option<Steps>,
    },
    /// The sequence one step later: teacher forcing. Begins with zeros, the second input or `start`.
    Shift {
        /// The first id, for tokens.
        #[serde(default)]
        start: Option<u32>,
    },
    /// Looks up what a query asks for in a memory: the query, the keys, and the values (the keys if left out). Weighs the
    /// memory's steps by the softmax of their scores and sums the weighted values: ports `context` and `weights`.
    Attention {
        /// The score of a key.
        score: Score,
    },
    /// Joins the states `[h c]` of a sequence two by two until one is left (Gumbel Tree-LSTM; Choi et al., 2018): ports
    /// `state`, the one left, and `merges`, a number a step: the place of the first of the two among those left; -1 at
    /// the last step.
    GumbelTree {
        /// `[5 H, 2 H]`: of `[h_l h_r]`, for the gates i, f_l, f_r, o, u.
        weight: String,
        /// `[5 H]`.
        #[serde(default)]
        bias: Option<String>,
        /// `[H]`: the score of two neighbors is its product with their h.
        query: String,
        /// The divisor of noisy scores in the softmax that backward takes for the choice.
        temperature: f64,
    },
    /// `i, f, o = σ, g = tanh; c' = f c + i g; h' = o tanh(c')` from the gates' pre-activations.
    LstmGates,
    /// `h' = (1 - z) n + z h`, `n = tanh(pre_n + r rec_n)` from pre-activations (reset-after).
    GruGates,
}

fn default_epsilon() -> f64 {
    1e-5
}

fn default_ratio() -> f64 {
    1.0
}

/// A body unrolled along time, each step with the states of the step before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// From each row's last valid step to its first.
    #[serde(default)]
    pub reverse: bool,
    /// The states that the scan's last inputs initialize.
    #[serde(default)]
    pub initial: Vec<String>,
    /// The graph of one step.
    pub body: Body,
}

/// A body unrolled up a forest, each node with the states of its children.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// The graph of one node. What reads a state is one value for each child, and leaves through a sum or as the child of a number.
    pub body: Body,
}

/// The graph of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The nodes, in any order.
    pub nodes: Vec<Node>,
    /// A name of a state gives its next value; any other is a port of the scan.
    pub outputs: Vec<OutputWire>,
}
