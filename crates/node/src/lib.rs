//! The Node.js binding: converts, schedules, reports.
// `#[napi]` expands to `#[allow(unsafe_code)]` registrations, which `forbid` would reject.
#![deny(unsafe_code)]

mod drawn;
mod error;
mod event_loop;
mod file;
mod generation;
mod gradients;
mod held;
mod model;
mod open;
mod report;
mod saved_run;
mod session;
mod stream;
mod system;
mod tensor;
mod trainer;

pub use file::{FileTensor, read_tensors, read_tensors_of};
pub use generation::{Generation, Sequence};
pub use gradients::{Gradients, ItemLosses};
pub use model::Model;
pub use report::{Memory, Report, Term};
pub use saved_run::{SaveOptions, SavedRun};
pub use session::Session;
pub use stream::Stream;
pub use system::{SystemFacts, available, configure, has_room, system, version};
pub use tensor::{Prediction, Tensor};
pub use trainer::{StepOptions, Trainer};
