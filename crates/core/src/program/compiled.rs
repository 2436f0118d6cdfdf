//! A compiled graph.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::{
    Embedding, Form, Frozen, HeldPort, Instruction, Operation, PackSpec, Port, Section, StatePort, Target,
    Value, ValueId, Wire,
};
use crate::graph::Kind;
use crate::params::Layout;

/// A compiled graph: instructions over values, ready to be planned and run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The parameters' names, shapes and offsets.
    pub layout: Arc<Layout>,
    /// The parameters that have no gradient.
    pub frozen: Frozen,
    /// The names of the axes of time.
    pub axes: Vec<String>,
    /// By axis: the number of steps that every row has, if the graph fixes it.
    pub fixed_steps: Vec<Option<usize>>,
    /// By axis: what its items follow.
    pub forms: Vec<Form>,
    /// All values.
    pub values: Vec<Value>,
    /// In the order they run.
    pub instructions: Vec<Instruction>,
    /// The values a run is fed.
    pub inputs: Vec<Port>,
    /// The values that a run finds in memory and that stay in their slots from run to run.
    pub held: Vec<HeldPort>,
    /// The values a run returns.
    pub outputs: Vec<Port>,
    /// The targets that its losses compare outputs with.
    pub targets: Vec<Target>,
    /// The states whose gradients at each step are read out, by name.
    pub probes: Vec<Port>,
    /// The pre-activations of gates whose gradients at each step are read out, by node.
    pub gates: Vec<Port>,
    /// The model's own states.
    pub states: Vec<StatePort>,
    /// Every wire of the graph in the order of its nodes, without those of scan bodies.
    pub wires: Vec<Wire>,
    /// The packed weights that the instructions read.
    pub packs: Vec<PackSpec>,
    /// The instructions that can run together through time.
    pub sections: Vec<Section>,
}

/// An attention with coverage.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// The node that it came from.
    pub node: &'a str,
    /// The coverage.
    pub value: ValueId,
    /// The axis of the queries.
    pub axis: usize,
    /// The axis of the memory.
    pub memory: usize,
}

impl Program {
    /// Zeroes the row of each table that its embedding never reads: padding.
    pub fn zero_padding<E: Element>(&self, values: &mut [E]) {
        zero_tables(&self.instructions, values);
    }

    /// The output named `name`.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Port> {
        self.outputs.iter().find(|port| port.name == name)
    }

    /// True for an axis whose items' parents a run is given.
    #[must_use]
    pub fn takes_parents(&self, axis: usize) -> bool {
        let parents = |port: &&Port| matches!(port.kind, Kind::Forest { .. });
        self.inputs.iter().filter(parents).any(|port| self.values[port.value].axis == Some(axis))
    }

    /// The axis of the memory of an alignment.
    #[must_use]
    pub fn memory_axis(&self, value: ValueId) -> Option<usize> {
        let memory = self.values[value].kind.memory()?;
        self.axes.iter().position(|axis| axis == memory)
    }

    /// The attentions with coverage, inside of loops and outside.
    pub fn coverages(&self) -> impl Iterator<Item = Covered<'_>> {
        let bodies = self.instructions.iter().flat_map(|instruction| match &instruction.op {
            Operation::Recurrence(recurrence) => &recurrence.body[..],
            _ => std::slice::from_ref(instruction),
        });
        bodies.filter_map(|instruction| {
            let Operation::Coverage(op) = instruction.op else { return None };
            let value = instruction.outputs[3];
            Some(Covered { node: &instruction.node, value, axis: op.axis, memory: self.memory_axis(value)? })
        })
    }

    /// True for an axis whose steps an attention reads, row after row.
    #[must_use]
    pub fn is_memory(&self, axis: usize) -> bool {
        let held = |held: &HeldPort| held.row_major && self.values[held.port.value].axis == Some(axis);
        self.lays_out(axis) || self.held.iter().any(held)
    }

    /// True for an axis whose steps the program itself lays out row after row.
    #[must_use]
    pub fn lays_out(&self, axis: usize) -> bool {
        let lays_out = |i: &Instruction| {
            matches!(i.op, Operation::RowMajor) && self.values[i.inputs[0]].axis == Some(axis)
        };
        self.instructions.iter().any(lays_out)
    }

    /// The section that holds the instruction at `index`.
    #[must_use]
    pub fn section_of(&self, index: usize) -> Option<usize> {
        self.sections.iter().position(|section| section.range.contains(&index))
    }
}

fn zero_tables<E: Element>(list: &[Instruction], values: &mut [E]) {
    for instruction in list {
        match &instruction.op {
            Operation::Embedding(Embedding { weight, padding: Some(id) }) => {
                values[weight.part(*id as usize, 1).range()].fill(E::ZERO);
            }
            Operation::Recurrence(recurrence) => zero_tables(&recurrence.body, values),
            _ => {}
        }
    }
}
