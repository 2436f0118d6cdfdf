//! The words and settings of operations.

use serde::{Deserialize, Serialize};

/// The score of a key in an attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Score {
    /// `scale query · key` (Luong et al., 2015).
    Dot {
        /// The factor.
        scale: f64,
    },
    /// `weight · tanh(query + key)` (Bahdanau et al., 2015).
    Additive {
        /// `[size]`.
        weight: String,
        /// `[size]`: in the body of a scan, `weight · tanh(query + key + c coverage)` with the sum c of the key's weights at
        /// the steps before (Tu et al., 2016; See et al., 2017), and the port `coverageLoss`, the sum of `min(w, c)`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coverage: Option<String>,
    },
}

/// An axis of as many steps in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// The number of steps.
    pub count: usize,
    /// The name of the axis, which no input has.
    pub axis: String,
}

/// The choice of [`super::Op::Choose`] among scores in training; otherwise the largest is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChooseBy {
    /// The largest, the first of equal ones.
    Argmax,
    /// A sample of the softmax of the scores.
    Sample,
}

/// The ids of [`super::Op::Choose`] outside of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Evaluation {
    /// The model's own.
    #[default]
    Free,
    /// The teacher's.
    Forced,
}

/// A factor of [`super::Op::Matmul`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Factor {
    /// The first.
    A,
    /// The second.
    B,
}

/// The names of [`super::Op::Activation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActivationName {
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `max(0, x)`.
    Relu,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// `min(max((x + 3) / 6, 0), 1)`.
    HardSigmoid,
    /// `x σ(x)`.
    Silu,
    /// `x Φ(x)`, with the normal distribution function.
    Gelu,
    /// `e^x / Σ e^x` over the features.
    Softmax,
}
