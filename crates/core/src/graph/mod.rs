//! A model as plain data, with JSON in and out.

mod json;
mod kind;
mod node;

pub use json::VERSION;
pub use kind::{Kind, MAX_SIZE};
pub use node::{
    ActivationName, Body, ChooseBy, Evaluation, Factor, Fold, Graph, Node, Op, OutputWire, Scan, Score, Steps,
};
