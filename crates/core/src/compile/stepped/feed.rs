//! Tokens that enter through a shift: a step is fed the token of the step before, so its shift is the input itself.

use std::collections::HashMap;

use super::held::rewire;
use crate::program::{Instruction, Operation, Program, ValueId, read};
use crate::{Error, Result};

/// Takes the shifts of token inputs out of a step. By input: the start id of its shift.
pub(super) fn take_shifted(step: &mut Program, what: &str) -> Result<Vec<Option<u32>>> {
    let mut same = HashMap::new();
    let mut starts = Vec::with_capacity(step.inputs.len());
    for port in &step.inputs {
        let shifts: Vec<(&Instruction, u32)> =
            step.instructions.iter().filter_map(|i| Some((i, start(i, port.value)?))).collect();
        let Some(&(shift, id)) = shifts.first() else {
            starts.push(None);
            continue;
        };
        let refused = |node: &str, how: &str| {
            let (name, first) = (&port.name, &shift.node);
            Err(Error::argument(format!(
                "{what}: expected tokens to enter one way, received input '{name}', which node '{first}' shifts and node '{node}' {how}"
            )))
        };
        if let Some((other, _)) = shifts.iter().find(|(_, other)| *other != id) {
            return refused(&other.node, "shifts with another start id");
        }
        let direct = |i: &&Instruction| start(i, port.value).is_none() && read(i).contains(&port.value);
        if let Some(reader) = step.instructions.iter().find(direct) {
            return refused(&reader.node, "reads as it is");
        }
        same.extend(shifts.iter().map(|(shift, _)| (shift.outputs[0], port.value)));
        starts.push(Some(id));
    }
    step.instructions.retain(|instruction| !instruction.outputs.iter().any(|value| same.contains_key(value)));
    rewire(&mut step.instructions, &same);
    Ok(starts)
}

/// The start id of a shift of these tokens.
fn start(instruction: &Instruction, tokens: ValueId) -> Option<u32> {
    match &instruction.op {
        Operation::Shift(shift) if instruction.inputs[0] == tokens => shift.start,
        _ => None,
    }
}
