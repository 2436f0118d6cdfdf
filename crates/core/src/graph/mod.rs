//! A model as plain data, with JSON in and out.

mod json;
mod kind;
mod malformed;
mod node;
mod words;

pub use json::VERSION;
pub use kind::{Kind, MAX_SIZE};
pub(crate) use malformed::{brief, sentence};
pub use node::{Body, Fold, Graph, Node, Op, OutputWire, Scan};
pub use words::{ActivationName, ChooseBy, Evaluation, Factor, Score, Steps};
