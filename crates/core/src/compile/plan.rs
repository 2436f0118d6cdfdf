//! Shared storage: lifetimes to slots.
//!
//! A slot is a buffer of rows or steps by features. Values and gradients whose lifetimes do not meet
//! share one; a value that lives for a single step of a loop takes the room of a single step.

use super::checkpoints::{checkpoints, delays, previous, recomputed};
use super::gradients;
use super::liveness::Lives;
use crate::program::{
    Gradients, InstructionPlan, Mode, Operand, Plan, Program, Tape, ValuePlan, defined, read,
};

/// Plans the storage of a program.
pub(super) fn plan(program: &Program, mode: Mode) -> Plan {
    let (segmented, outputs, training) = match mode {
        Mode::Inference { segmented } => (segmented, true, None),
        Mode::Evaluation => (true, false, None),
        Mode::Training { inputs, tape } => (tape != Tape::Whole, false, Some(inputs)),
    };
    let gradients = match training {
        Some(inputs) => gradients::differentiate(program, inputs),
        None => Gradients { needed: vec![false; program.values.len()], contributions: Vec::new() },
    };
    let delays = delays(program);
    let sections = sections(program, segmented, outputs);
    let mut instructions = vec![InstructionPlan::default(); program.instructions.len()];
    let mut lives = Lives::new(program, &gradients, training.is_some(), &delays, &sections);
    lives.forward(outputs);
    if let Some(inputs) = training {
        lives.backward(inputs, &mut instructions);
    }
    lives.keep_contributions();
    if segmented {
        program.sections.iter().for_each(|section| lives.repeat(section.range.clone()));
    }
    let (mut slots, places) = lives.assign();
    let checkpoints = match segmented {
        true => checkpoints(program, &gradients, training.is_some(), &mut slots),
        false => vec![Default::default(); program.values.len()],
    };
    let recomputed = recomputed(program, &gradients, &delays);
    let values = (0..program.values.len()).map(|value| ValuePlan {
        place: places.get(&Operand::Value(value)).copied(),
        gradient: places.get(&Operand::Gradient(value)).copied(),
        section: sections[value],
        delay: delays[value],
        recomputed: recomputed[value],
        checkpoint: checkpoints[value],
    });
    let (values, previous) = (values.collect(), previous(program, &gradients, &delays));
    let memory = (0..program.axes.len()).map(|axis| program.is_memory(axis)).collect();
    let training = training.is_some();
    Plan { slots, gradients, values, instructions, previous, memory, segmented, training }
}

/// By value over time: the section that no other shares the value with, where sections run segment by segment.
fn sections(program: &Program, segmented: bool, outputs: bool) -> Vec<Option<usize>> {
    let mut sections: Vec<Option<usize>> = vec![None; program.values.len()];
    if !segmented {
        return sections;
    }
    for (s, section) in program.sections.iter().enumerate() {
        for value in program.instructions[section.range.clone()].iter().flat_map(defined) {
            sections[value] = (program.values[value].axis == Some(section.axis)).then_some(s);
        }
    }
    let known = |s: usize, reader: usize| program.sections[s].range.contains(&reader);
    for (i, instruction) in program.instructions.iter().enumerate() {
        for value in read(instruction) {
            sections[value] = sections[value].filter(|&s| known(s, i));
        }
    }
    // The caller reads them whole.
    let read_out = program.outputs.iter().filter(|_| outputs).chain(&program.probes).chain(&program.gates);
    read_out.for_each(|port| sections[port.value] = None);
    sections
}
