//! The two numbers of the contract on bits: both decide in which order elements are added up.

/// Outputs in one packed panel, and virtual lanes of every reduction.
pub const PANEL: usize = 16;

/// The most rows that one sum over rows adds up from zero; a longer sum is a sum of such sums.
pub const MOST_SUMMED: usize = 256;
