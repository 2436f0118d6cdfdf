//! The inputs and outputs of a model that a generation names.

use unrolled_kernels::Element;

use super::GenerateConfig;
use super::stepper::Form;
use crate::graph::{ActivationName, Graph, Kind, Op};
use crate::memory::refill;
use crate::model::Model;
use crate::program::Port;
use crate::storage::Tensor;
use crate::{Error, Result};

/// The port of a name.
pub(super) fn find(what: &str, ports: &[Port], name: &str) -> Result<Port> {
    let port = ports.iter().find(|port| port.name == name);
    port.cloned().ok_or_else(|| {
        let known: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
        Error::argument(format!("generate: unknown {what} '{name}'; known: {known:?}"))
    })
}

/// Refuses all but one number a step.
pub(super) fn one_number(what: &str, port: &Port) -> Result<()> {
    match port.kind {
        Kind::Sequence { size: 1, .. } => Ok(()),
        _ => Err(Error::argument(format!(
            "{what} '{}': expected one number a step, received {}",
            port.name, port.kind
        ))),
    }
}

/// Probabilities if the output ends in this function, else logits.
pub(super) fn form(graph: &Graph, output: &str, function: ActivationName) -> Form {
    let wire = graph.outputs.iter().find(|wire| wire.name == output);
    let node = wire.and_then(|wire| graph.nodes.iter().find(|node| node.name == wire.from));
    match node.map(|node| &node.op) {
        Some(Op::Activation(name)) if *name == function => Form::Probabilities,
        _ => Form::Logits,
    }
}

/// By row: the steps of the memory that the alignment of the options spreads over.
pub(super) fn memory_of<E: Element>(
    model: &Model<E>,
    config: &GenerateConfig,
    inputs: &[Tensor<E>],
) -> Result<Vec<usize>> {
    let mut steps = Vec::new();
    let port =
        config.alignment.as_ref().and_then(|name| model.outputs().iter().find(|port| port.name == *name));
    let Some(memory) = port.and_then(|port| port.kind.memory()) else { return Ok(steps) };
    let along = |tensor: &&Tensor<E>| {
        model.inputs().iter().any(|port| port.name == tensor.name && port.kind.axis() == Some(memory))
    };
    if let Some(Tensor { shape, lengths, .. }) = inputs.iter().find(along) {
        let (rows, time) = (shape.first().copied().unwrap_or(0), shape.get(1).copied().unwrap_or(0));
        let length = |row: usize| match lengths {
            Some(lengths) => {
                lengths.get(row).map_or(0, |&length| usize::try_from(length).unwrap_or(0).min(time))
            }
            None => time,
        };
        refill(&mut steps, rows, (0..rows).map(length), "the lengths of the memory")?;
    }
    Ok(steps)
}
