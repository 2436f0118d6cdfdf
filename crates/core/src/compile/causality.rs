//! The check that a sequence can be run in chunks, each beginning with the states that the chunk before ended with: the last
//! chunk then ends as the whole sequence does.

use std::collections::HashSet;

use crate::graph::Kind;
use crate::op::{Cut, Flow, Time};
use crate::program::{Instruction, Operation, Program, ValueId, defined, read};
use crate::{Error, Result};

impl Program {
    /// Refuses a program that cannot be cut in time.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming the option `what` and the node, as [`Program::indivisible`] does.
    pub fn check_divisible(&self, what: &str) -> Result<()> {
        match self.indivisible() {
            None => Ok(()),
            Some(reason) => Err(Error::argument(format!(
                "{what}: expected a model that goes on from its states alone, received one whose {reason}"
            ))),
        }
    }

    /// The node of a program that needs more than the states at the end of a chunk to go on, or whose steps need those that
    /// follow, and the reason: one rule for streams, for predictions that begin with a state, for carried states and for
    /// truncation.
    #[must_use]
    pub fn indivisible(&self) -> Option<String> {
        if let Some(port) = self.inputs.iter().find(|port| matches!(port.kind, Kind::Forest { .. })) {
            return Some(format!("input '{}' gives a forest", port.name));
        }
        let mut summaries = vec![false; self.values.len()];
        let mut owned = vec![false; self.values.len()];
        self.states.iter().for_each(|state| owned[state.initial] = true);
        for instruction in self.lasting() {
            let reason = match instruction.facts().cut {
                Cut::From { vectors, .. } if vectors.iter().all(|&vector| owned[vector]) => None,
                Cut::Free => None,
                Cut::From { otherwise: reason, .. } | Cut::Never(reason) => Some(reason.to_owned()),
            };
            let summary = read(instruction).into_iter().filter(|&value| summaries[value]).min();
            let late = summary.filter(|_| self.over_time(instruction)).map(|value| {
                let name = &self.values[value].name;
                format!("reads at each step '{name}', which the last step of a sequence decides")
            });
            let fixed = self.fixed(instruction).then(|| "runs for a fixed number of steps".to_owned());
            if let Some(reason) = reason.or(late).or(fixed) {
                return Some(format!("node '{}' {reason}", instruction.node));
            }
            if let Some((copy, from)) = copied(instruction) {
                owned[copy] = owned[from];
            }
            let whole = summary.is_some() || instruction.facts().time != Time::EachStep;
            for value in defined(instruction).into_iter().filter(|_| whole) {
                summaries[value] = self.values[value].axis.is_none();
            }
        }
        None
    }

    /// The instructions that the outputs and the states at the end depend on; with losses, those that a loss now or after
    /// further chunks depends on: an output without a loss may need the whole sequence.
    fn lasting(&self) -> Vec<&Instruction> {
        let mut wanted = HashSet::new();
        if self.targets.is_empty() {
            wanted.extend(self.outputs.iter().map(|port| port.value));
            wanted.extend(self.states.iter().map(|state| state.last));
        }
        loop {
            let lasting = self.needed_by(&mut wanted);
            let begun = self.states.iter().filter(|state| wanted.contains(&state.initial));
            let next: Vec<ValueId> =
                begun.map(|state| state.last).filter(|last| !wanted.contains(last)).collect();
            if next.is_empty() {
                return lasting;
            }
            wanted.extend(next);
        }
    }

    /// The losses, and the instructions that they and the wanted values depend on; all that these read is wanted then.
    pub(super) fn needed_by(&self, wanted: &mut HashSet<ValueId>) -> Vec<&Instruction> {
        let mut needed: Vec<&Instruction> = Vec::new();
        for instruction in self.instructions.iter().rev() {
            let wanted_here = defined(instruction).iter().any(|value| wanted.contains(value));
            if wanted_here || instruction.facts().flow == Flow::Start {
                wanted.extend(read(instruction));
                needed.push(instruction);
            }
        }
        needed.reverse();
        needed
    }

    /// True for an instruction along an axis whose number of steps the graph fixes.
    fn fixed(&self, instruction: &Instruction) -> bool {
        let axes = defined(instruction).into_iter().filter_map(|value| self.values[value].axis);
        axes.into_iter().any(|axis| self.fixed_steps[axis].is_some())
    }

    /// True for an instruction with a result at each step.
    fn over_time(&self, instruction: &Instruction) -> bool {
        defined(instruction).into_iter().any(|value| self.values[value].axis.is_some())
    }
}

/// The copy that a reader of a shared vector has, and the vector.
pub(super) fn copied(instruction: &Instruction) -> Option<(ValueId, ValueId)> {
    match instruction.op {
        Operation::Affine { scale: 1.0, shift: 0.0 } => Some((instruction.outputs[0], instruction.inputs[0])),
        _ => None,
    }
}
