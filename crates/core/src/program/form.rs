//! The form of an axis: the items that each of its items follows.

/// The items that each item of an axis follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The item before it, in time.
    #[default]
    Chain,
    /// Its children, which an input of parents decides: the steps are levels, leaves first.
    Forest {
        /// The most children that a node may have, if a loop reads them by place.
        most_children: Option<usize>,
        /// True if a row has one root at most.
        one_root: bool,
    },
    /// Nothing: its items are the edges of a forest, each at the level of its parent.
    Edges {
        /// The axis of the forest.
        of: usize,
    },
}

impl Form {
    /// True for the nodes of a forest.
    #[must_use]
    pub fn is_forest(self) -> bool {
        matches!(self, Self::Forest { .. })
    }
}
