//! Probes: states and gates whose gradients at each step are read out.
//!
//! A step works on gradients in place. So each next state of a loop gets a copy, which all its readers read in its stead:
//! the gradient of the copy is complete before the step runs backward, and nothing changes it afterwards.

use crate::op::Storage;
use crate::program::{Instruction, Operation, Port, Program, Recurrence, Value, ValueId};

/// Adds a probe for each state and each pre-activation of gates of every loop.
pub(super) fn add(program: &mut Program) {
    let mut instructions = std::mem::take(&mut program.instructions);
    let mut copies: Vec<(ValueId, ValueId)> = Vec::new();
    for instruction in &mut instructions {
        if let Operation::Recurrence(recurrence) = &mut instruction.op {
            probe(program, recurrence, &mut copies);
        }
    }
    let renamed =
        |value: ValueId| copies.iter().find(|&&(old, _)| old == value).map_or(value, |&(_, new)| new);
    for instruction in &mut instructions {
        rename(instruction, &renamed);
    }
    for port in program.outputs.iter_mut() {
        port.value = renamed(port.value);
    }
    for target in program.targets.iter_mut() {
        target.value = renamed(target.value);
    }
    program.instructions = instructions;
}

/// Lets an instruction, and those of its body, read the copies; a copy itself reads the value that it is of.
fn rename(instruction: &mut Instruction, renamed: &impl Fn(ValueId) -> ValueId) {
    if let Operation::Recurrence(recurrence) = &mut instruction.op {
        recurrence.body.iter_mut().for_each(|inner| rename(inner, renamed));
    }
    let outputs = &instruction.outputs;
    let read = instruction.inputs.iter_mut().filter(|input| !outputs.contains(&renamed(**input)));
    read.for_each(|input| *input = renamed(*input));
}

fn probe(program: &mut Program, recurrence: &mut Recurrence, copies: &mut Vec<(ValueId, ValueId)>) {
    for instruction in recurrence.body.iter().filter(|i| i.facts().storage != Storage::Own) {
        let pre = instruction.inputs[0];
        program.gates.push(port(&program.values, &instruction.node, pre));
    }
    for state in 0..recurrence.states.len() {
        let next = recurrence.states[state].next;
        if program.values[next].kind.vocabulary().is_some() {
            continue;
        }
        // Two states may have one next value.
        let copy = match copies.iter().find(|&&(old, new)| old == next || new == next) {
            Some(&(_, copy)) => copy,
            None => copy(program, &mut recurrence.body, next),
        };
        if next != copy && !copies.contains(&(next, copy)) {
            copies.push((next, copy));
        }
        for link in recurrence.states.iter_mut().filter(|link| link.next == next) {
            link.next = copy;
        }
        let name = program.values[recurrence.states[state].incoming].name.clone();
        program.probes.push(port(&program.values, &name, copy));
    }
}

/// Puts a copy of a value after the instruction that makes it.
fn copy(program: &mut Program, body: &mut Vec<Instruction>, value: ValueId) -> ValueId {
    program.values.push(program.values[value].clone());
    let copy = program.values.len() - 1;
    let made = body.iter().position(|i| i.outputs.contains(&value)).map_or(0, |i| i + 1);
    let op = Operation::Affine { scale: 1.0, shift: 0.0 };
    let node = body.get(made.saturating_sub(1)).map_or_else(String::new, |i| i.node.clone());
    body.insert(made, Instruction { node, op, inputs: vec![value], outputs: vec![copy] });
    copy
}

fn port(values: &[Value], name: &str, value: ValueId) -> Port {
    Port { name: name.to_owned(), kind: values[value].kind.clone(), value }
}
