//! From a graph to a program: checked, hoisted, fused and planned, a file a pass.
//!
//! The passes in their order: `check` (names, kinds, sizes), `hoist` (what leaves the loop over time), `fuse` (one
//! recurrent step), `pack` (weights in the order of their products), `sections` (what can run through time together),
//! `gradients` (what has a gradient), `reductions` (the sums that form those of the weights), `plan` with `liveness` and
//! `checkpoints` (who shares storage).

mod causality;
mod check;
mod checkpoints;
mod cost;
mod fuse;
mod gradients;
mod hoist;
mod liveness;
mod pack;
mod plan;
mod reductions;
mod sections;

use crate::Result;
use crate::graph::Graph;
use crate::program::{Mode, Plan, Program};

pub use cost::Cost;

impl Program {
    /// Compiles a graph.
    ///
    /// # Errors
    /// [`crate::Code::Graph`] for a graph that is malformed, [`crate::Code::Shape`] or [`crate::Code::Kind`] for
    /// values that do not fit together, [`crate::Code::Size`] for one too large, each naming the node.
    pub fn compile(graph: &Graph) -> Result<Self> {
        let mut program = check::check(graph)?;
        hoist::hoist(&mut program);
        fuse::fuse(&mut program);
        pack::pack(&mut program);
        sections::divide(&mut program);
        Ok(program)
    }

    /// The storage plan and, for training, the gradients.
    #[must_use]
    pub fn plan(&self, mode: Mode) -> Plan {
        plan::plan(self, mode)
    }
}
