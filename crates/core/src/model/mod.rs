//! A model: run, measured, trained, streamed, saved.

mod average;
mod carried;
mod config;
mod copied_run;
mod description;
mod division;
mod draft;
mod evaluate;
mod exchange;
mod file;
mod gradients;
mod item_losses;
mod network;
mod objective;
mod report;
mod saved_run;
mod session;
mod trainer;
mod truncate;
mod truncation;

pub use config::{LossTerm, MeasureConfig, MemoryConfig, OnNonFinite, Reduction, TrainerConfig};
pub use description::Description;
pub use draft::Draft;
pub use gradients::GradientReport;
pub use network::{Model, Snapshot};
pub use report::{Memory, Report, Term};
pub use saved_run::{Notes, Resume, SavedRun};
pub use session::{Session, StepDescription};
pub use trainer::Trainer;
pub use truncation::{Chunk, Truncation};
pub use unrolled_kernels::Precision;
