//! Items that enter through a shift: a step is fed the item of the step before, so its shift is the input itself.

use std::collections::HashMap;

use super::held::rewire;
use crate::compile::causality::copied;
use crate::program::{Instruction, Operation, Port, Program, Start, ValueId, read};
use crate::{Error, Result};

/// Takes the shifts of inputs out of a step, with the states that hold what these took: those of tokens, and those of the
/// numbers of the input `fed`. By input: the item that its shift begins with.
pub(super) fn take_shifted(step: &mut Program, what: &str, fed: Option<&str>) -> Result<Vec<Option<Start>>> {
    let late = |port: &Port| port.kind.vocabulary().is_some() || Some(port.name.as_str()) == fed;
    let begun: Vec<ValueId> = step.states.iter().map(|state| state.initial).collect();
    let copies: HashMap<ValueId, ValueId> = step.instructions.iter().filter_map(copied).collect();
    let initial = |i: &Instruction| i.inputs.get(1).map(|value| *copies.get(value).unwrap_or(value));
    let mut same = HashMap::new();
    let mut kept = Vec::new();
    let mut starts = Vec::with_capacity(step.inputs.len());
    for port in &step.inputs {
        let own: Vec<&Instruction> = step.instructions.iter().filter(|i| shifts(i, port)).collect();
        let Some(&first) = own.first().filter(|_| late(port)) else {
            starts.push(None);
            continue;
        };
        let refused = |node: &str, how: &str| {
            let (name, first) = (&port.name, &first.node);
            Err(Error::argument(format!(
                "{what}: expected items to enter one way, received input '{name}', which node '{first}' shifts and node '{node}' {how}"
            )))
        };
        if let Some(other) = own.iter().find(|shift| start(shift) != start(first)) {
            return refused(&other.node, "shifts with another start id");
        }
        if let Some(other) =
            own.iter().find(|shift| !initial(shift).is_some_and(|value| begun.contains(&value)))
        {
            return refused(&other.node, "begins with a vector of the graph");
        }
        kept.extend(own.iter().filter_map(|shift| initial(shift)));
        let direct = |i: &&Instruction| {
            let holds = initial(i).is_some_and(|value| kept.contains(&value));
            read(i).contains(&port.value) && !shifts(i, port) && !(holds && is_unread(step, i.outputs[0]))
        };
        if let Some(reader) = step.instructions.iter().find(direct) {
            return refused(&reader.node, "reads as it is");
        }
        same.extend(own.iter().map(|shift| (shift.outputs[0], port.value)));
        starts.push(Some(start(first)));
    }
    step.states.retain(|state| !kept.contains(&state.initial));
    step.instructions.retain(|instruction| !instruction.outputs.iter().any(|value| same.contains_key(value)));
    rewire(&mut step.instructions, &same);
    Ok(starts)
}

/// True for a shift of this input.
fn shifts(instruction: &Instruction, port: &Port) -> bool {
    matches!(&instruction.op, Operation::Shift(shift) if !shift.reverse)
        && instruction.inputs[0] == port.value
}

/// True for a value that no output is and no instruction reads.
fn is_unread(step: &Program, value: ValueId) -> bool {
    let output = step.outputs.iter().any(|port| port.value == value);
    !output && !step.instructions.iter().any(|instruction| read(instruction).contains(&value))
}

fn start(shift: &Instruction) -> Start {
    match &shift.op {
        Operation::Shift(shift) => shift.start.map_or(Start::Zeros, Start::Id),
        _ => Start::Zeros,
    }
}
