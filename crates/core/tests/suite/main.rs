//! The tests of the core, one binary: laws, goldens and refusals by module.
#![allow(missing_docs, unreachable_pub, clippy::allow_attributes, clippy::unwrap_used, reason = "tests")]

mod golden;
mod support;

mod accumulation;
mod at_once;
mod attention;
mod bf16;
mod checkpointing;
mod choosing;
mod coverage;
mod cuts;
mod descent;
mod determinism;
mod dropout;
mod fixed_steps;
mod folding;
mod frozen;
mod frozen_training;
mod fusing;
mod generation;
mod generation_of_models;
mod gradients;
mod gumbel_tree;
mod hoisting;
mod laws;
mod limits;
mod masks;
mod memory;
mod model;
mod operations;
mod overflow;
mod phases;
mod places;
mod policies;
mod pruning;
mod readout;
mod refusals;
mod reuse;
mod saved_runs;
mod session;
mod session_begin;
mod targets;
mod truncation;
mod weights;
mod whole_values;
