//! Generation: sequences that a model makes up, each item fed back as the next input.
//!
//! All rows step together, and none sees another: the result of a row has the bits of the row alone. Rows of short prompts
//! begin to generate while longer prompts are read, and a row that has ended is left out of the next step.

mod beam;
mod choose;
mod config;
mod generation;
mod hypothesis;
mod lane;
mod model;
mod ports;
mod scores;
mod step;
mod stepper;

pub use config::{Beam, GenerateConfig, Sample, Search, Stop};
pub use generation::Generation;
pub use hypothesis::Hypothesis;
pub use model::ModelSteps;
pub use stepper::{Form, Items, Outlook, Prompts, Sizes, Stepper};
