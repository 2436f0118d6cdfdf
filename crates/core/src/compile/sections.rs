//! Sections: instructions that can run together through time, segment by segment.
//!
//! Instructions that read only the current step, and scans of one direction, form a section: it can take the steps of an
//! axis in segments, one after another, and in the opposite order backward. A pool that takes the steps as they pass belongs
//! to the section of its scan; an instruction that reads a whole sequence (a shift) stands between sections. The direction
//! of its section is the order in which the gradient of a weight visits time.

use std::collections::HashMap;

use crate::op::Time;
use crate::program::{Instruction, Program, Section, ValueId, defined, read};

/// The relation of an instruction to time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A loop along an axis.
    Scan { axis: usize, reverse: bool },
    /// Each step of an axis by itself.
    Local,
    /// A vector of the steps of an axis as they pass.
    Gather { axis: usize },
    /// Everything else.
    Whole,
}

impl Role {
    /// True for a vector that the section of `self` gathers as its steps pass.
    fn gathers(self, role: Self) -> bool {
        match (self, role) {
            (Self::Scan { axis, .. }, Self::Gather { axis: along }) => axis == along,
            _ => false,
        }
    }
}

/// The place of an instruction: in a stage, or just before it.
type Position = (usize, bool);

/// Orders the instructions so that those of each section are consecutive.
pub(super) fn divide(program: &mut Program) {
    let roles: Vec<Role> = program.instructions.iter().map(|i| role(program, i)).collect();
    let (stages, mut positions, ready) = stages(program, &roles);
    place_local(program, &roles, &stages, &ready, &mut positions);
    let mut order: Vec<usize> = (0..positions.len()).collect();
    // A pool ends its section: its gradient comes before that of the steps, as that of a pool between sections does.
    order.sort_by_key(|&i| (positions[i], matches!(roles[i], Role::Gather { .. }), i));
    let mut instructions: Vec<Option<Instruction>> =
        std::mem::take(&mut program.instructions).into_iter().map(Some).collect();
    program.instructions = order.iter().filter_map(|&i| instructions[i].take()).collect();
    program.sections = Vec::new();
    for (stage, role) in stages.iter().enumerate() {
        if let &Role::Scan { axis, reverse } = role {
            let inside = |&(_, &i): &(usize, &usize)| positions[i] == (stage, true);
            let mut members = order.iter().enumerate().filter(inside).map(|(at, _)| at);
            if let Some(first) = members.next() {
                let last = members.next_back().unwrap_or(first);
                program.sections.push(Section { axis, reverse, range: first..last + 1 });
            }
        }
    }
}

fn role(program: &Program, instruction: &Instruction) -> Role {
    match instruction.facts().time {
        Time::Along { axis, reverse } => Role::Scan { axis, reverse },
        Time::EachStep if axis_of(program, instruction).is_some() => Role::Local,
        Time::Gather => {
            let axis = instruction.inputs.first().and_then(|&value| program.values[value].axis);
            axis.map_or(Role::Whole, |axis| Role::Gather { axis })
        }
        Time::EachStep | Time::Whole => Role::Whole,
    }
}

/// The axis of the values that an instruction writes, or reads if it writes none.
fn axis_of(program: &Program, instruction: &Instruction) -> Option<usize> {
    program.values[*instruction.outputs.first().or(instruction.inputs.first())?].axis
}

/// The stages: a section, named by its scan, or a single instruction; the places of scans and single
/// instructions, and the first stage that can read each value.
fn stages(program: &Program, roles: &[Role]) -> (Vec<Role>, Vec<Position>, Vec<usize>) {
    let mut stages: Vec<Role> = Vec::new();
    let mut positions = vec![(0, false); roles.len()];
    let mut ready = vec![0; program.values.len()];
    for (i, (instruction, &role)) in program.instructions.iter().zip(roles).enumerate() {
        let from = read(instruction).into_iter().map(|value| ready[value]).max().unwrap_or(0);
        let stage = match role {
            Role::Local => from,
            Role::Scan { .. } => {
                (from..stages.len()).find(|&stage| stages[stage] == role).unwrap_or(stages.len())
            }
            Role::Gather { .. } if stages.get(from).is_some_and(|stage| stage.gathers(role)) => from,
            Role::Gather { .. } | Role::Whole => stages.len(),
        };
        if stage == stages.len() && role != Role::Local {
            stages.push(role);
        }
        positions[i] = (stage, role != Role::Local);
        for value in defined(instruction) {
            // A vector is complete when its section has run through.
            let whole = role == Role::Whole || program.values[value].axis.is_none();
            ready[value] = stage + usize::from(whole);
        }
    }
    (stages, positions, ready)
}

/// Puts local instructions into the section of their first reader, else into that of their inputs.
fn place_local(
    program: &Program,
    roles: &[Role],
    stages: &[Role],
    ready: &[usize],
    positions: &mut [Position],
) {
    let mut readers: HashMap<ValueId, Vec<usize>> = HashMap::new();
    for (i, instruction) in program.instructions.iter().enumerate() {
        for value in read(instruction) {
            readers.entry(value).or_default().push(i);
        }
    }
    for (i, instruction) in program.instructions.iter().enumerate().rev() {
        if roles[i] != Role::Local {
            continue;
        }
        let own_axis = axis_of(program, instruction);
        let along = |stage: usize| matches!(stages.get(stage), Some(&Role::Scan { axis, .. }) if Some(axis) == own_axis);
        let of_outputs = instruction.outputs.iter().filter_map(|value| readers.get(value)).flatten();
        let own = positions[i].0;
        let gathers = |&&reader: &&usize| {
            stages.get(positions[reader].0).is_some_and(|stage| stage.gathers(roles[reader]))
        };
        let pooled = of_outputs.clone().any(|reader| gathers(&reader));
        let first = of_outputs.filter(|reader| !gathers(reader)).map(|&reader| positions[reader]).min();
        // A pool of the section reads before any later section does.
        let last = if pooled { own } else { usize::MAX };
        let reads_section = read(instruction).iter().any(|&value| ready[value] == own && along(own));
        positions[i] = match first {
            Some((stage, true)) if along(stage) && stage <= last => (stage, true),
            _ => (own, reads_section),
        };
    }
}
