//! Targets: the values that an output is compared with.

use std::sync::Arc;

use super::ValueId;
use crate::graph::Kind;
use crate::loss::Loss;

/// The target of one output, and the loss between the two.
#[derive(Clone, Debug)]
pub struct Target {
    /// The output's name.
    pub name: String,
    /// The kind of the targets: classes or numbers, on the output's axis.
    pub kind: Kind,
    /// The output's value.
    pub value: ValueId,
    /// The loss.
    pub loss: Arc<Loss>,
}
