//! A schedule: the items of one axis for the rows of a shard, laid out in steps.
//!
//! An axis says which items a row has and what each follows. A schedule puts whatever an item follows into an earlier
//! step. The items of a step lie one after another, and the steps too: a dense matrix without padding. On a chain (time)
//! the steps are those of time, at each the rows that still have one, longest first. Readers ask for items, rows,
//! predecessors, starts and ends; a forest answers the same questions, with its levels for steps.

mod blocks;
mod chain;
mod forest;
mod levels;
mod part;
mod sum_block;
#[cfg(test)]
mod tests;
mod unrolling;

pub use chain::Schedule;
pub use levels::Forests;
pub use part::{Part, RowItems};
pub(crate) use sum_block::{BLOCK_STEPS, list_row_blocks};
pub use sum_block::{ROW_GROUP, SumBlock};
pub use unrolling::{Link, Unrolling};
