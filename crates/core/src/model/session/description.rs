//! The inputs, outputs and states of a step, for callers that build an interface on a session.

use serde::Serialize;
use unrolled_kernels::Element;

use super::Session;
use crate::model::description::{PortDescription, StateDescription};
use crate::program::Start;

/// The border of a step.
#[derive(Clone, Debug, Serialize)]
pub struct StepDescription {
    /// The inputs of a step.
    pub inputs: Vec<PortDescription>,
    /// By input, for tokens that the model shifts: the id of the first step.
    pub starts: Vec<Option<u32>>,
    /// The outputs of a step, each with the numbers of a row.
    pub outputs: Vec<(String, usize)>,
    /// The states.
    pub states: Vec<StateDescription>,
}

impl<E: Element> Session<E> {
    /// The inputs, outputs and states of a step.
    #[must_use]
    pub fn describe(&self) -> StepDescription {
        let program = self.program();
        let outputs = program.outputs.iter().zip(self.widths());
        StepDescription {
            inputs: program.inputs.iter().map(PortDescription::of).collect(),
            starts: self.starts().iter().map(|start| start.and_then(Start::id)).collect(),
            outputs: outputs.map(|(port, width)| (port.name.clone(), width)).collect(),
            states: program.states.iter().map(StateDescription::of).collect(),
        }
    }
}
