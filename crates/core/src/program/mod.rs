//! From a graph to a program: typed, hoisted, fused and planned.
//!
//! The passes run in the order of their files: `check` (names, kinds, sizes), `hoist` (what leaves the
//! loop over time), `fuse` (one recurrent step), `pack` (weights in the order of their products), `group`
//! (what can run through time together), `differentiate` (what has a gradient), `contribute` (which sums form
//! the weights'), `plan` with `lives` and `states` (who shares storage).

mod check;
mod contribute;
mod cost;
mod differentiate;
mod divide;
mod fuse;
mod group;
mod hoist;
mod instruction;
mod lives;
mod pack;
mod plan;
mod states;
mod uses;

use std::sync::Arc;

use unrolled_kernels::Element;

use crate::Result;
use crate::graph::{Graph, Kind};
use crate::params::Layout;

pub use contribute::{Contribution, Sum};
pub use cost::Cost;
pub use differentiate::Gradients;
pub use group::Group;
pub use instruction::{
    Dropout, Embedding, Instruction, LayerNorm, Linear, Operation, PackId, PackSpec, Pool, Recurrence, Shift,
    StateLink, TensorRef,
};
pub use plan::{Mode, Operand, Plan, Space, Tape};
pub use states::Delay;

/// The index of a value of the program.
pub type ValueId = usize;

/// One value: a matrix of features over rows or over the steps of an axis.
#[derive(Clone, Debug)]
pub struct Value {
    /// The wire it came from, for error messages.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The axis of time as an index into [`Program::axes`], `None` for vectors.
    pub axis: Option<usize>,
    /// Numbers a row; 0 for ids.
    pub width: usize,
}

/// A named value at the border of the program.
#[derive(Clone, Debug)]
pub struct Port {
    /// The name callers use.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The value.
    pub value: ValueId,
}

/// A state the model owns: zero unless a run is given it, returned by every run.
#[derive(Clone, Debug)]
pub struct StatePort {
    /// `"node:state"`.
    pub name: String,
    /// Numbers a row.
    pub size: usize,
    /// Where a run puts the state it is given.
    pub initial: ValueId,
    /// Where the final state is found.
    pub last: ValueId,
    /// Whether the scan runs from last step to first, so that no state can be carried on.
    pub reverse: bool,
}

/// A compiled graph: instructions over values, ready to be planned and run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The parameters' names, shapes and places.
    pub layout: Arc<Layout>,
    /// The names of the axes of time.
    pub axes: Vec<String>,
    /// All values.
    pub values: Vec<Value>,
    /// In the order they run.
    pub instructions: Vec<Instruction>,
    /// What a run is fed.
    pub inputs: Vec<Port>,
    /// What a run returns.
    pub outputs: Vec<Port>,
    /// The model's own states.
    pub states: Vec<StatePort>,
    /// The packed weights that the instructions read.
    pub packs: Vec<PackSpec>,
    /// The instructions that can run together through time.
    pub groups: Vec<Group>,
}

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
        group::group(&mut program);
        Ok(program)
    }

    /// The storage plan and, for training, the gradients.
    #[must_use]
    pub fn plan(&self, mode: Mode) -> Plan {
        plan::plan(self, mode)
    }

    /// Zeroes the row of each table that its embedding never reads: padding.
    pub fn zero_padding<E: Element>(&self, values: &mut [E]) {
        for instruction in &self.instructions {
            if let Operation::Embedding(Embedding { weight, padding: Some(id) }) = &instruction.op {
                values[weight.row_block(*id as usize, 1).range()].fill(E::ZERO);
            }
        }
    }

    /// The output named `name`.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Port> {
        self.outputs.iter().find(|port| port.name == name)
    }
}
