//! Truncated backpropagation through time (Williams and Peng, 1990; Sutskever, 2013, section 2.8.6).
//!
//! Every `k1` steps the losses of those steps are sent back through at most `k2` steps. A chunk runs
//! from the step at which its gradient stops, with the state carried to that step as a constant.

use serde::{Deserialize, Serialize};

use crate::memory::reserve;
use crate::program::Program;
use crate::{Error, Result};

/// The rhythm and the reach of gradients through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truncation {
    /// Steps from one backward pass to the next.
    pub k1: usize,
    /// Steps that a gradient goes back.
    pub k2: usize,
}

/// One backward pass: the steps `start..end`, of which those from `losses` on have a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The step at which the gradient stops.
    pub start: usize,
    /// The first step with a loss.
    pub losses: usize,
    /// One past the last step.
    pub end: usize,
}

impl Truncation {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] unless `1 <= k1 <= k2`: with a shorter reach some losses would have no gradient.
    pub fn validate(&self) -> Result<()> {
        if self.k1 == 0 || self.k2 < self.k1 {
            return Err(Error::argument(format!(
                "truncate: expected a k1 of at least 1 and a k2 of at least k1, received k1 {} and k2 {}",
                self.k1, self.k2
            )));
        }
        Ok(())
    }

    /// Checks the numbers, and that a program can be cut in time.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming the output or node.
    pub(super) fn check(&self, program: &Program) -> Result<()> {
        self.validate()?;
        program.check_divisible("truncate")?;
        let timeless = program.targets.iter().find(|target| program.values[target.value].axis.is_none());
        if let Some(target) = timeless {
            return Err(Error::argument(format!(
                "truncate: expected outputs over time, received output '{}', whose loss no chunk has; leave truncate out",
                target.name
            )));
        }
        if program.axes.len() > 1 {
            return Err(Error::argument(format!(
                "truncate: expected one axis of time, received {:?}",
                program.axes
            )));
        }
        Ok(())
    }

    /// The chunks of a sequence of `time` steps. Neighbors whose gradients stop at the same step are one
    /// chunk, so `k2 >= time` is full backpropagation.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn chunks(&self, time: usize) -> Result<Vec<Chunk>> {
        let mut chunks: Vec<Chunk> = Vec::new();
        reserve(&mut chunks, time.div_ceil(self.k1), "the chunks of a sequence")?;
        for first in (0..time).step_by(self.k1) {
            let end = first.saturating_add(self.k1).min(time);
            let start = end.saturating_sub(self.k2);
            match chunks.last_mut() {
                Some(chunk) if chunk.start == start => chunk.end = end,
                _ => chunks.push(Chunk { start, losses: first, end }),
            }
        }
        Ok(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(k1: usize, k2: usize, time: usize) -> Vec<(usize, usize, usize)> {
        Truncation { k1, k2 }.chunks(time).unwrap().iter().map(|w| (w.start, w.losses, w.end)).collect()
    }

    #[test]
    fn equal_lengths_cut_the_sequence() {
        assert_eq!(chunks(4, 4, 10), [(0, 0, 4), (4, 4, 8), (6, 8, 10)]);
    }

    #[test]
    fn a_long_reach_is_full_backpropagation() {
        assert_eq!(chunks(3, 10, 10), [(0, 0, 10)]);
        assert_eq!(chunks(1, usize::MAX, 5), [(0, 0, 5)]);
    }

    #[test]
    fn reach_of_one_is_each_step_alone() {
        assert_eq!(chunks(1, 1, 3), [(0, 0, 1), (1, 1, 2), (2, 2, 3)]);
    }

    #[test]
    fn a_reach_shorter_than_the_interval_is_refused() {
        for (k1, k2) in [(0, 0), (0, 4), (4, 0), (4, 3)] {
            assert_eq!(Truncation { k1, k2 }.validate().unwrap_err().code, crate::Code::Argument);
        }
    }

    #[test]
    fn overlapping_chunks_reach_back_over_their_neighbors() {
        assert_eq!(chunks(2, 4, 8), [(0, 0, 4), (2, 4, 6), (4, 6, 8)]);
    }
}
