//! Who shares storage: lifetimes to slots.
//!
//! A slot is a buffer of rows or steps by features. Values and gradients whose lifetimes do not meet
//! share one; what lives for a single step of a loop holds a single step.

use super::checkpoints::{checkpoints, delays, previous, recomputed};
use super::gradients;
use super::liveness::Lives;
use crate::program::{
    Gradients, InstructionPlan, Mode, Operand, Plan, Program, Tape, ValueId, ValuePlan, defined, read,
};

/// Plans the storage of a program.
pub(super) fn plan(program: &Program, mode: Mode) -> Plan {
    let (segmented, training, seeded, inputs) = match mode {
        Mode::Inference { segmented } => (segmented, false, Vec::new(), false),
        Mode::Training { seeded, inputs, tape } => (tape != Tape::Whole, true, seeded, inputs),
    };
    let gradients = match training {
        true => gradients::differentiate(program, &seeded, inputs),
        false => Gradients { needed: vec![false; program.values.len()], contributions: Vec::new() },
    };
    let delays = delays(program);
    let sections = sections(program, segmented, training);
    let mut instructions = vec![InstructionPlan::default(); program.instructions.len()];
    let mut lives = Lives::new(program, &gradients, training, &delays, &sections);
    lives.forward(&seeded);
    if training {
        lives.backward(&seeded, inputs, &mut instructions);
    }
    lives.keep_contributions();
    if segmented {
        program.sections.iter().for_each(|section| lives.repeat(section.range.clone()));
    }
    let (mut slots, places) = lives.assign();
    let checkpoints = match segmented {
        true => checkpoints(program, &gradients, training, &mut slots),
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
    Plan { slots, gradients, values, instructions, previous, segmented, training }
}

/// By value: the section that alone knows it, over time, where sections run segment by segment.
fn sections(program: &Program, segmented: bool, training: bool) -> Vec<Option<usize>> {
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
    if !training {
        // The caller reads them whole.
        let outputs: Vec<ValueId> = program.outputs.iter().map(|port| port.value).collect();
        outputs.into_iter().for_each(|value| sections[value] = None);
    }
    sections
}
