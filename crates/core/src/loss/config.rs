//! The options of a loss, with PyTorch's defaults.

use serde::{Deserialize, Serialize};

/// A loss and its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LossConfig {
    /// Softmax and cross-entropy of logits against classes, `torch.nn.CrossEntropyLoss`.
    CrossEntropy {
        /// The share of the target that is spread evenly over all classes.
        #[serde(default)]
        label_smoothing: f64,
        /// A weight for each class; all 1 without.
        #[serde(default)]
        class_weights: Option<Vec<f64>>,
        /// Targets with this id do not count.
        #[serde(default)]
        ignore: Option<i32>,
    },
    /// Sigmoid and binary cross-entropy of logits against numbers from 0 to 1, `torch.nn.BCEWithLogitsLoss`.
    BinaryCrossEntropy {},
    /// `(x - t)^2`, `torch.nn.MSELoss`.
    MeanSquared {},
    /// `|x - t|`, `torch.nn.L1Loss`.
    MeanAbsolute {},
    /// `(x - t)^2 / 2` up to a difference of `delta`, then straight on, `torch.nn.HuberLoss`.
    Huber {
        /// The difference at which the parabola ends.
        #[serde(default = "delta")]
        delta: f64,
    },
    /// `e^x - t x` of the logarithm x of a rate against counts, `torch.nn.PoissonNLLLoss`.
    Poisson {},
    /// `x t`: the targets are the gradient of the output.
    Dot {},
}

fn delta() -> f64 {
    1.0
}
