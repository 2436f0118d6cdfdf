//! The kinds of values that flow along wires.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The most features a value, or ids a vocabulary, may have; a graph that asks for more is refused
/// before anything is allocated.
pub const MAX_SIZE: usize = 1 << 24;

/// The kind of a value: the contents of one row, which is one example of the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Kind {
    /// `size` numbers: `[rows, size]`.
    Vector {
        /// Numbers a row.
        size: usize,
    },
    /// `size` numbers at each of the row's own number of steps: `[rows, time, size]`.
    Sequence {
        /// Numbers a step.
        size: usize,
        /// The axis of time; values on one axis share their lengths.
        #[serde(default = "default_axis")]
        axis: String,
    },
    /// An integer id below `vocabulary` at each step: `[rows, time]`.
    Tokens {
        /// The number of ids.
        vocabulary: usize,
        /// The axis of time.
        #[serde(default = "default_axis")]
        axis: String,
    },
    /// One integer id below `vocabulary`: `[rows]`.
    Token {
        /// The number of ids.
        vocabulary: usize,
    },
    /// The parent of each node of a forest, -1 for a root: `[rows, nodes]`. Values on its axis have their nodes for steps, in
    /// the same order. An input alone, which nodes read by their axis.
    Forest {
        /// The axis of the nodes.
        axis: String,
    },
    /// The weights of an attention: for each item of the query one for each step of the memory. Leaves a graph, and enters no
    /// node.
    Alignment {
        /// The axis of the queries; none for a single one.
        axis: Option<String>,
        /// The axis of the memory.
        memory: String,
    },
}

fn default_axis() -> String {
    "time".to_owned()
}

impl Kind {
    /// The axis of time of a value that has one.
    #[must_use]
    pub fn axis(&self) -> Option<&str> {
        match self {
            Self::Sequence { axis, .. } | Self::Tokens { axis, .. } | Self::Forest { axis } => Some(axis),
            Self::Alignment { axis, .. } => axis.as_deref(),
            Self::Vector { .. } | Self::Token { .. } => None,
        }
    }

    /// Numbers a row or step, `None` for ids.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Vector { size } | Self::Sequence { size, .. } => Some(*size),
            Self::Tokens { .. } | Self::Token { .. } | Self::Forest { .. } | Self::Alignment { .. } => None,
        }
    }

    /// The number of ids, `None` for numbers.
    #[must_use]
    pub fn vocabulary(&self) -> Option<usize> {
        match self {
            Self::Tokens { vocabulary, .. } | Self::Token { vocabulary } => Some(*vocabulary),
            Self::Vector { .. } | Self::Sequence { .. } | Self::Forest { .. } | Self::Alignment { .. } => {
                None
            }
        }
    }

    /// The axis of the memory of an alignment.
    #[must_use]
    pub fn memory(&self) -> Option<&str> {
        match self {
            Self::Alignment { memory, .. } => Some(memory),
            _ => None,
        }
    }

    /// The same shape of rows and time with another number of features.
    #[must_use]
    pub fn with_size(&self, size: usize) -> Self {
        match self.axis() {
            Some(axis) => Self::Sequence { size, axis: axis.to_owned() },
            None => Self::Vector { size },
        }
    }

    /// A value of the kind at each step of an axis.
    #[must_use]
    pub fn over(&self, axis: &str) -> Self {
        let axis = axis.to_owned();
        match *self {
            Self::Vector { size } | Self::Sequence { size, .. } => Self::Sequence { size, axis },
            Self::Token { vocabulary } | Self::Tokens { vocabulary, .. } => Self::Tokens { vocabulary, axis },
            Self::Forest { .. } => Self::Forest { axis },
            Self::Alignment { ref memory, .. } => {
                Self::Alignment { axis: Some(axis), memory: memory.clone() }
            }
        }
    }

    pub(crate) fn validate(&self, node: &str) -> Result<()> {
        if self.memory().is_some() {
            return Err(Error::kind(format!("node '{node}': expected numbers or ids, received {self}")));
        }
        if matches!(self, Self::Forest { .. }) {
            return Ok(());
        }
        let size = self.size().or(self.vocabulary()).unwrap_or(0);
        match size {
            0 => Err(Error::argument(format!("node '{node}': expected a size of at least 1, received 0"))),
            1..=MAX_SIZE => Ok(()),
            _ => Err(Error::size(format!(
                "node '{node}': expected a size of at most {MAX_SIZE}, received {size}"
            ))),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector { size } => write!(f, "vector[{size}]"),
            Self::Sequence { size, axis } => write!(f, "sequence[{axis}, {size}]"),
            Self::Tokens { vocabulary, axis } => write!(f, "tokens[{axis}] below {vocabulary}"),
            Self::Token { vocabulary } => write!(f, "token below {vocabulary}"),
            Self::Forest { axis } => write!(f, "forest[{axis}]"),
            Self::Alignment { axis: Some(axis), memory } => write!(f, "alignment[{axis}, {memory}]"),
            Self::Alignment { axis: None, memory } => write!(f, "alignment[{memory}]"),
        }
    }
}
