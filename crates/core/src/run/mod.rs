//! A program on a batch: forward, backward, and the gradients of the weights.

mod batch;
mod budget;
mod check;
mod engine;
mod execute;
mod frame;
mod goal;
mod granule;
mod load;
mod plans;
mod sums;
mod table;
mod task;
mod timeline;
mod unload;
mod weights;
mod window;

pub use batch::{Axis, Batch, Data, Tensor};
pub(crate) use check::{Named, check_state, check_values};
pub use engine::{Engine, Gradient, Outputs};
pub use frame::{Block, Frame, Noise, Span, Taken};
pub use goal::{Criterion, Goal, Score, Seed};
pub use granule::Summed;
pub use table::Name;
pub use timeline::{GRANULE, SumBlock, Timeline};
pub use weights::Weights;
pub use window::Window;

pub(crate) use weights::check_finite;

pub(crate) use execute::{Probe, backward_all, forward_all};
