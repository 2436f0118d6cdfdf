//! The memory of a run, below the operations: the batch, the layout of time, a shard's buffers and the weights.

mod alignment;
mod batch;
mod check;
mod forest;
mod held;
mod items;
mod partial_sums;
mod schedule;
mod shard;
mod tally;
mod targets;
mod tensor;
mod view;
mod walk;
mod weights;

pub use alignment::Alignment;
pub use batch::Batch;
pub(crate) use batch::{copied_states, first_state};
pub(crate) use check::{Subject, check_finite_state, check_state, check_values};
pub use held::Held;
pub(crate) use items::valid_items;
pub use partial_sums::{PartialSums, TableSums};
pub(crate) use schedule::{BLOCK_STEPS, list_row_blocks};
pub use schedule::{Forests, Link, Part, ROW_GROUP, RowItems, Schedule, SumBlock, Unrolling};
pub use shard::{Segment, Shard, Span, TableEntry};
pub use tally::Tally;
pub use targets::{GivenTargets, Targets, Weight};
pub use tensor::{Axis, Data, Tensor};
pub use view::{Losses, RngKey, RowIds, Taken, View};
pub use walk::Item;
pub use weights::Weights;
