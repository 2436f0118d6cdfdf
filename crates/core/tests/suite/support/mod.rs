//! Graphs, batches and runs that the tests share.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part")]

pub mod arithmetic;
pub mod backward;
pub mod cells;
pub mod contexts;
pub mod decoders;
pub mod graphs;
pub mod models;
pub mod operations;
pub mod plain;
pub mod runs;
pub mod shapes;
pub mod tables;
pub mod tapes;
pub mod training;
pub mod trees;
