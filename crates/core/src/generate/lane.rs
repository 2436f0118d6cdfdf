//! The rows of the model, and those of its next step.

use super::beam::Ranking;
use super::hypothesis::{Path, push};
use crate::Result;
use crate::memory::grow;

/// A row of the model under way: a sequence of one of the prompts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lane {
    /// The prompt.
    pub(super) row: usize,
    /// Items that the model was fed.
    pub(super) fed: usize,
    pub(super) path: Path,
    /// The predicted length.
    pub(super) length: Option<usize>,
}

/// The lanes after a step, and storage for it.
#[derive(Debug, Default)]
pub(super) struct Next {
    /// Those that go on.
    pub(super) lanes: Vec<Lane>,
    /// The lane that each comes from.
    pub(super) origin: Vec<usize>,
    logs: Vec<f64>,
    ids: Vec<usize>,
    pub(super) ranking: Ranking,
}

impl Next {
    /// Room for the logarithms of so many classes, and for their ids.
    pub(super) fn logs(&mut self, classes: usize) -> Result<(&mut [f64], &mut Vec<usize>)> {
        let most = classes.max(self.logs.len());
        grow(&mut self.logs, most, "the scores of a row")?;
        Ok((&mut self.logs[..classes], &mut self.ids))
    }

    /// The logarithm of a class, of the row last scored.
    pub(super) fn log(&self, class: usize) -> f64 {
        self.logs[class]
    }

    /// Lets a lane go on from another.
    pub(super) fn keep(&mut self, from: usize, lane: Lane) -> Result<()> {
        push(&mut self.origin, from)?;
        push(&mut self.lanes, lane)
    }
}
