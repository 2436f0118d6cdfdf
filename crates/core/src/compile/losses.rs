//! Losses as instructions: each compares an output with its target.

use std::sync::Arc;

use crate::graph::Kind;
use crate::loss::{Loss, LossConfig};
use crate::program::{Instruction, Operation, Program, Target};
use crate::{Error, Result};

/// Appends a loss for each named output.
pub(super) fn append(program: &mut Program, losses: &[(&str, &LossConfig)]) -> Result<()> {
    for (output, config) in losses {
        if program.targets.iter().any(|target| target.name == **output) {
            return Err(Error::argument(format!("losses: expected one for output '{output}', received two")));
        }
        let target = target(program, output, config)?;
        program.instructions.push(Instruction {
            node: (*output).to_owned(),
            op: Operation::Loss { target: program.targets.len() },
            inputs: vec![target.value],
            outputs: Vec::new(),
        });
        program.targets.push(target);
    }
    Ok(())
}

fn target(program: &Program, output: &str, config: &LossConfig) -> Result<Target> {
    let port = program.output(output).ok_or_else(|| {
        let known: Vec<&str> = program.outputs.iter().map(|port| port.name.as_str()).collect();
        Error::argument(format!("losses: expected one of the outputs {known:?}, received '{output}'"))
    })?;
    let made = |value| program.instructions.iter().find(|i| i.outputs.contains(&value));
    let cut = made(port.value).filter(|i| matches!(i.op, Operation::Detach));
    if cut.and_then(|i| made(i.inputs[0])).is_some_and(|i| matches!(i.op, Operation::GumbelTree(_))) {
        return Err(Error::argument(format!(
            "losses: expected an output that gradients go back from, received the merges '{output}'; train the layer by losses of \
             its output or state, which the choices learn from"
        )));
    }
    let width = port.kind.size().ok_or_else(|| {
        Error::kind(format!("losses: expected numbers from output '{output}', received {}", port.kind))
    })?;
    let loss = Arc::new(Loss::new(config, width)?);
    let kind = match (port.kind.axis(), loss.takes_classes()) {
        (_, false) => port.kind.clone(),
        (Some(axis), true) => Kind::Tokens { vocabulary: width, axis: axis.to_owned() },
        (None, true) => Kind::Token { vocabulary: width },
    };
    Ok(Target { name: output.to_owned(), kind, value: port.value, loss })
}
