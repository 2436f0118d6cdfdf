//! Vectors that are read along an axis: a copy for each reader of one that has several.
//!
//! A reader adds to the gradient of its vector item by item. Two readers of one vector would add in another order when time
//! runs in segments. Each copy has one reader, and the gradients of copies meet outside of segments, in the program's order.

use std::collections::HashSet;

use crate::program::{Instruction, Operation, Program, Value, ValueId, readers};

/// Gives each reader along an axis a vector of its own.
pub(super) fn separate(program: &mut Program) {
    let readers = readers(program);
    let shared = |value: ValueId| readers.get(value).is_some_and(|&count| count > 1);
    let mut out = Vec::with_capacity(program.instructions.len());
    for mut instruction in std::mem::take(&mut program.instructions) {
        match &mut instruction.op {
            Operation::Recurrence(recurrence) => {
                for inner in &mut recurrence.body {
                    copy_vectors(inner, &mut program.values, &shared, &mut out);
                }
            }
            _ => copy_vectors(&mut instruction, &mut program.values, &shared, &mut out),
        }
        out.push(instruction);
    }
    program.instructions = given_first(out);
}

/// Puts vectors that no input decides before all else: between a loop and what reads its steps they would end the section.
fn given_first(list: Vec<Instruction>) -> Vec<Instruction> {
    let mut given = HashSet::new();
    let (mut first, rest): (Vec<_>, Vec<_>) = list.into_iter().partition(|instruction| {
        let is_given = match instruction.op {
            Operation::Parameter(_) | Operation::Constant(_) => true,
            Operation::Recurrence(_) | Operation::Loss { .. } => false,
            _ => instruction.inputs.iter().all(|value| given.contains(value)),
        };
        if is_given {
            given.extend(instruction.outputs.iter().copied());
        }
        is_given
    });
    first.extend(rest);
    first
}

/// Puts a copy before an instruction for each shared vector that it reads along an axis.
fn copy_vectors(
    instruction: &mut Instruction,
    values: &mut Vec<Value>,
    shared: &impl Fn(ValueId) -> bool,
    out: &mut Vec<Instruction>,
) {
    let over_time = instruction.outputs.iter().any(|&output| values[output].axis.is_some());
    for input in &mut instruction.inputs {
        let value = &values[*input];
        if !over_time || value.axis.is_some() || value.width == 0 || !shared(*input) {
            continue;
        }
        values.push(value.clone());
        let (original, copy) = (std::mem::replace(input, values.len() - 1), values.len() - 1);
        let op = Operation::Affine { scale: 1.0, shift: 0.0 };
        let node = instruction.node.clone();
        out.push(Instruction { node, op, inputs: vec![original], outputs: vec![copy] });
    }
}
