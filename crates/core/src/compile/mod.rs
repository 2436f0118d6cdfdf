//! From a graph to a program: checked, hoisted, fused and planned, a file a pass.
//!
//! The passes in their order: `check` (names, kinds, sizes), `hoist` (out of the loop over time), `prune` (values that nobody
//! reads), `losses` (outputs against targets), `fuse` (one recurrent step), `childless` (what leaves need not compute), `pack`
//! (weights in the order of their products), `sections` (instructions that run through time together), `gradients` (the
//! values that have one), `reductions` (the sums that form those of the weights), `plan` with `liveness` and `checkpoints`
//! (shared storage). Beside them, `stepped` divides a program for a session.

mod causality;
mod check;
mod checkpoints;
mod childless;
mod cost;
mod fuse;
mod gradients;
mod hoist;
mod liveness;
mod losses;
mod pack;
mod plan;
mod probes;
mod prune;
mod reductions;
mod sections;
mod stepped;
mod whole_values;

use crate::Result;
use crate::graph::Graph;
use crate::loss::LossConfig;
use crate::program::{Mode, Plan, Program};

pub use cost::Cost;

fn compile(graph: &Graph, losses: &[(&str, &LossConfig)], probed: bool) -> Result<Program> {
    let mut program = check::check(graph)?;
    hoist::hoist(&mut program);
    prune::prune(&mut program);
    losses::append(&mut program, losses)?;
    fuse::fuse(&mut program);
    if probed {
        probes::add(&mut program);
    }
    childless::mark(&mut program);
    whole_values::separate(&mut program);
    pack::pack(&mut program);
    sections::divide(&mut program);
    Ok(program)
}

impl Program {
    /// Compiles a graph.
    ///
    /// # Errors
    /// [`crate::Code::Graph`] for a graph that is malformed, [`crate::Code::Shape`] or [`crate::Code::Kind`] for
    /// values that do not fit together, [`crate::Code::Size`] for one too large, each naming the node.
    pub fn compile(graph: &Graph) -> Result<Self> {
        compile(graph, &[], false)
    }

    /// Compiles a graph with a loss for each named output.
    ///
    /// # Errors
    /// Those of [`Program::compile`]; [`crate::Code::Argument`] for an output that is unknown or named twice, or an option
    /// of a loss out of its range.
    pub fn compile_with_losses(graph: &Graph, losses: &[(&str, &LossConfig)]) -> Result<Self> {
        compile(graph, losses, false)
    }

    /// Compiles a graph with losses whose gradients with respect to states and gates at each step are read out.
    ///
    /// # Errors
    /// Those of [`Program::compile_with_losses`].
    pub fn compile_with_probes(graph: &Graph, losses: &[(&str, &LossConfig)]) -> Result<Self> {
        compile(graph, losses, true)
    }

    /// The storage plan and, for training, the gradients.
    #[must_use]
    pub fn plan(&self, mode: Mode) -> Plan {
        plan::plan(self, mode)
    }
}
