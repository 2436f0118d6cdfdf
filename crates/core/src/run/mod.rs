//! A program on a batch: forward, backward, and the gradients of the weights.

mod batch;
mod block;
mod budget;
mod check;
mod engine;
mod execute;
mod frame;
mod goal;
mod granule;
mod load;
mod plans;
mod sum_block;
mod sums;
mod table;
mod task;
mod timeline;
mod unload;
mod weights;
mod window;

pub use batch::{Axis, Batch, Data, Tensor};
pub use block::{Block, Span};
pub(crate) use check::{Named, check_state, check_values};
pub use engine::{Engine, Gradient, Outputs};
pub use frame::{Frame, Noise, Taken};
pub use goal::{Criterion, Goal, Score, Seed};
pub use granule::Summed;
pub use sum_block::{GRANULE, SumBlock};
pub use table::Name;
pub use timeline::Timeline;
pub use weights::Weights;
pub use window::Window;

pub(crate) use weights::check_finite;

pub(crate) use execute::{Probe, backward_all, forward_all};
