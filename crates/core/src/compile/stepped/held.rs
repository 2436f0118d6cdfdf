//! The values that a step reads and does not change: it holds them from step to step.

use std::collections::{HashMap, HashSet};

use crate::compile::causality::copied;
use crate::program::{HeldPort, Instruction, Operation, Port, Program, ValueId, defined, read};
use crate::{Error, Result};

/// Makes the values that `step` reads of the part that runs once values that it holds. By held value: the value of `once`.
pub(super) fn hold(step: &mut Program, once: &Program, what: &str) -> Result<Vec<Port>> {
    let made = Made::by(once);
    let mut own: HashSet<ValueId> = step.instructions.iter().flat_map(defined).collect();
    own.extend(step.inputs.iter().map(|port| port.value));
    own.extend(step.states.iter().map(|state| state.initial));
    let mut sources: Vec<Port> = Vec::new();
    let mut to = HashMap::new();
    for instruction in &step.instructions {
        let mut all: Vec<ValueId> =
            read(instruction).into_iter().filter(|value| !own.contains(value)).collect();
        all.sort_unstable();
        for crossing in all {
            let (source, row_major) = made.source(crossing);
            let mut known = step.held.iter().zip(&sources);
            let known = known.find(|(held, known)| (known.value, held.row_major) == (source, row_major));
            if let Some((held, _)) = known {
                to.insert(crossing, held.port.value);
                continue;
            }
            let (name, kind) = (&step.values[source].name, step.values[source].kind.clone());
            if step.values[source].holds_ids() {
                return Err(Error::argument(format!(
                    "{what}: expected a model whose steps read ids of their own, received one whose node '{}' reads '{name}' of {kind} at each step",
                    instruction.node
                )));
            }
            let value = if row_major { crossing } else { source };
            let port = |value| Port { name: format!(":{name}"), kind: kind.clone(), value };
            sources.push(port(source));
            step.held.push(HeldPort { port: port(value), row_major });
            to.insert(crossing, value);
        }
    }
    rewire(&mut step.instructions, &to);
    keep_whole(step);
    Ok(sources)
}

/// The values of a program that are others in another place.
struct Made {
    /// Without gradients, a copy for each reader is the vector itself.
    copies: HashMap<ValueId, ValueId>,
    /// Steps laid out row after row.
    row_major: HashMap<ValueId, ValueId>,
}

impl Made {
    fn by(once: &Program) -> Self {
        let row_major = |instruction: &Instruction| match instruction.op {
            Operation::RowMajor => Some((instruction.outputs[0], instruction.inputs[0])),
            _ => None,
        };
        Self {
            copies: once.instructions.iter().filter_map(copied).collect(),
            row_major: once.instructions.iter().filter_map(row_major).collect(),
        }
    }

    /// The value that `value` is in another place, and true if it lies row after row there.
    fn source(&self, value: ValueId) -> (ValueId, bool) {
        let row_major = self.row_major.get(&value);
        let mut source = row_major.copied().unwrap_or(value);
        while let Some(&original) = self.copies.get(&source) {
            source = original;
        }
        (source, row_major.is_some())
    }
}

/// Puts a copy of a held value before an instruction that would work in its place.
fn keep_whole(step: &mut Program) {
    let held: HashSet<ValueId> = step.held.iter().map(|held| held.port.value).collect();
    let mut list = Vec::with_capacity(step.instructions.len());
    for mut instruction in std::mem::take(&mut step.instructions) {
        let first = instruction.inputs.first().copied().filter(|value| held.contains(value));
        if let Some(value) = first.filter(|_| instruction.facts().storage.is_in_place()) {
            step.values.push(step.values[value].clone());
            let copy = step.values.len() - 1;
            let (node, op) = (instruction.node.clone(), Operation::Affine { scale: 1.0, shift: 0.0 });
            list.push(Instruction { node, op, inputs: vec![value], outputs: vec![copy] });
            instruction.inputs[0] = copy;
        }
        list.push(instruction);
    }
    step.instructions = list;
}

/// Lets instructions read other values in place of some.
pub(super) fn rewire(list: &mut [Instruction], to: &HashMap<ValueId, ValueId>) {
    let moved = |value: &mut ValueId| *value = to.get(value).copied().unwrap_or(*value);
    for instruction in list {
        instruction.inputs.iter_mut().for_each(moved);
        if let Operation::Recurrence(recurrence) = &mut instruction.op {
            recurrence.states.iter_mut().for_each(|state| moved(&mut state.initial));
            rewire(&mut recurrence.body, to);
        }
    }
}
