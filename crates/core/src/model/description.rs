//! A model's inputs, outputs, states and parameters, for callers that build an interface on a model.

use serde::Serialize;
use unrolled_kernels::Precision;

use crate::graph::Kind;
use crate::program::{Port, Program, StatePort, Wire};

/// A model's border and its parameters.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// The inputs of a run.
    pub inputs: Vec<PortDescription>,
    /// The outputs of a run.
    pub outputs: Vec<PortDescription>,
    /// The states that a run may be given and returns.
    pub states: Vec<StateDescription>,
    /// The kind of every wire of the graph, in the order of the nodes; wires in scan bodies are left out.
    pub wires: Vec<PortDescription>,
    /// The parameters in the order of the flat arena.
    pub parameters: Vec<ParameterDescription>,
    /// Elements of all parameters.
    pub count: usize,
    /// The node for which a sequence cannot be cut in time, and the reason; none if it can.
    pub indivisible: Option<String>,
    /// The precision of products' operands, `"f32"` or `"bf16"`.
    pub precision: &'static str,
}

/// An input, an output or a wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortDescription {
    /// The name; of a wire `"node"` or `"node:port"`.
    pub name: String,
    /// The kind of its value.
    pub kind: Kind,
}

/// A state.
#[derive(Clone, Debug, Serialize)]
pub struct StateDescription {
    name: String,
    size: usize,
    /// True for a state that goes from a sequence's end to its start.
    reverse: bool,
}

impl PortDescription {
    pub(super) fn of(port: &Port) -> Self {
        Self { name: port.name.clone(), kind: port.kind.clone() }
    }
}

impl StateDescription {
    pub(super) fn of(state: &StatePort) -> Self {
        Self { name: state.name.clone(), size: state.size, reverse: state.reverse }
    }
}

/// A parameter.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterDescription {
    name: String,
    shape: Vec<usize>,
    offset: usize,
}

impl Description {
    /// Describes a program whose products have operands of a precision.
    #[must_use]
    pub fn new(program: &Program, precision: Precision) -> Self {
        let wire = |wire: &Wire| PortDescription { name: wire.name.clone(), kind: wire.kind.clone() };
        let entries = program.layout.entries().iter();
        Self {
            inputs: program.inputs.iter().map(PortDescription::of).collect(),
            outputs: program.outputs.iter().map(PortDescription::of).collect(),
            states: program.states.iter().map(StateDescription::of).collect(),
            wires: program.wires.iter().map(wire).collect(),
            parameters: entries
                .map(|e| ParameterDescription {
                    name: e.name.clone(),
                    shape: e.shape.clone(),
                    offset: e.offset,
                })
                .collect(),
            count: program.layout.total(),
            indivisible: program.indivisible(),
            precision: match precision {
                Precision::Full => "f32",
                Precision::Bf16 => "bf16",
            },
        }
    }
}
