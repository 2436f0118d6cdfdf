//! The border of a program: named values that go in and out, and the states it owns.

use super::ValueId;
use crate::graph::Kind;

/// A named value at the border of the program.
#[derive(Clone, Debug)]
pub struct Port {
    /// The name callers use.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The value.
    pub value: ValueId,
}

/// A value that a run finds in memory.
#[derive(Clone, Debug)]
pub struct HeldPort {
    /// The value.
    pub port: Port,
    /// True for a sequence whose steps lie row after row, as an attention reads them.
    pub row_major: bool,
}

/// A wire of the graph and the kind of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// `"node"`, or `"node:port"` for a named port.
    pub name: String,
    /// The kind of the value.
    pub kind: Kind,
}

/// A state that holds an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// The number of ids.
    pub vocabulary: usize,
    /// The id before the first step.
    pub start: u32,
}

/// A state the model owns: given to a run or zero, an id at its start, returned by every run.
#[derive(Clone, Debug)]
pub struct StatePort {
    /// `"node:state"`.
    pub name: String,
    /// Numbers a row.
    pub size: usize,
    /// For a state that holds an id.
    pub token: Option<TokenState>,
    /// The value that takes the state a run is given.
    pub initial: ValueId,
    /// The value that holds the final state.
    pub last: ValueId,
    /// True if the scan runs from last step to first, so that no state can be carried on.
    pub reverse: bool,
}

impl StatePort {
    /// The numbers of a state that a run is not given.
    #[must_use]
    pub fn first(&self) -> f64 {
        self.token.map_or(0.0, |token| f64::from(token.start))
    }
}
