//! A program divided at an axis: everything that does not depend on its steps runs once, the rest once a step.
//!
//! ```text
//! once:  vectors, sequences along other axes          -> values that the steps read, first states
//! step:  one item along the axis, held values, states -> outputs, states
//! ```
//!
//! The instructions are those of the program itself, on its weights and packs. A value that crosses is an output of `once`
//! and held by `step`, under a name that no caller can give. A state that begins with a value of the graph becomes a state
//! of `step`. Vectors that no input decides belong to both: a step finds the parameters as they are then.

mod axis;
mod feed;
mod held;
mod states;

use std::collections::HashSet;
use std::sync::Arc;

use super::sections;
use crate::program::{Instruction, Operation, Port, Program, Stepped, ValueId, defined, read};
use crate::{Error, Result};

impl Program {
    /// Divides the program at an axis: the named one, or the axis of the outputs; of several, the one along which an input is
    /// shifted. `what` names the caller in errors. A step is fed shifted tokens one step late, and the numbers of the input
    /// `fed` if a node shifts these; other shifts of numbers hold the last step in a state.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for an axis that is unknown or that nothing decides, and, naming the node, for steps that
    /// need more than the states before them.
    pub fn stepped(&self, what: &str, axis: Option<&str>, fed: Option<&str>) -> Result<Stepped> {
        let axis = axis::choose(self, what, axis)?;
        let dependent = self.dependent(axis);
        let (mut step, mut once) = self.parted(&dependent);
        step.keep_needed();
        if let Some(axis) = axis {
            check_axes(&step, what, axis)?;
        }
        let starts = feed::take_shifted(&mut step, what, fed)?;
        let begun = states::begin_with_given(&mut step, &dependent);
        step.keep_needed();
        let sources = held::hold(&mut step, &once, what)?;
        step.check_divisible(what)?;
        let outputs = once.outputs.len();
        once.outputs.extend(sources);
        let begins = begun.into_iter().zip(&step.states).map(|(begun, state)| {
            let value = begun?;
            let (name, kind) = (format!(":{}", state.name), self.values[value].kind.clone());
            once.outputs.push(Port { name, kind, value });
            Some(once.outputs.len() - 1)
        });
        let begins = begins.collect();
        once.keep_needed();
        [&mut step, &mut once].into_iter().for_each(sections::divide);
        let any = !once.inputs.is_empty() || !once.outputs.is_empty();
        let once = any.then(|| Arc::new(once));
        Ok(Stepped { once, step: Arc::new(step), axis, outputs, begins, starts })
    }

    /// By value: true if it depends on a step of the axis. Without an axis, all do.
    fn dependent(&self, axis: Option<usize>) -> Vec<bool> {
        let mut dependent = vec![axis.is_none(); self.values.len()];
        let along = |value: ValueId| axis.is_some() && self.values[value].axis == axis;
        for port in &self.inputs {
            dependent[port.value] |= along(port.value);
        }
        loop {
            for instruction in &self.instructions {
                let defined = defined(instruction);
                let here = |&value: &ValueId| along(value) || dependent[value];
                if defined.iter().any(here) || read(instruction).iter().any(here) {
                    defined.into_iter().for_each(|value| dependent[value] = true);
                }
            }
            // A step begins with the states that it changes, and so do their copies.
            let own = |&value: &ValueId| !dependent[value];
            let changed = self.states.iter().filter(|state| dependent[state.last]).map(|state| state.initial);
            let begun: Vec<ValueId> = changed.filter(own).collect();
            if begun.is_empty() {
                return dependent;
            }
            begun.into_iter().for_each(|value| dependent[value] = true);
        }
    }

    /// The part of a step, and the part that no step changes.
    fn parted(&self, dependent: &[bool]) -> (Self, Self) {
        let (steps, rest): (Vec<_>, Vec<_>) = self
            .instructions
            .iter()
            .cloned()
            .partition(|instruction| defined(instruction).into_iter().any(|value| dependent[value]));
        let given = given(&rest);
        let ports = |ports: &[Port], part: bool| {
            ports.iter().filter(|port| dependent[port.value] == part).cloned().collect()
        };
        let states =
            |part| self.states.iter().filter(|state| dependent[state.last] == part).cloned().collect();
        let part = |instructions, part| Self {
            instructions,
            inputs: ports(&self.inputs, part),
            outputs: ports(&self.outputs, part),
            states: states(part),
            ..self.clone()
        };
        (part(given.into_iter().chain(steps).collect(), true), part(rest, false))
    }

    /// Leaves out the instructions that no output and no state at the end depends on.
    fn keep_needed(&mut self) {
        let outputs = self.outputs.iter().map(|port| port.value);
        let mut wanted = outputs.chain(self.states.iter().map(|state| state.last)).collect();
        self.instructions = self.needed_by(&mut wanted).into_iter().cloned().collect();
    }
}

/// The instructions whose values no input decides.
fn given(list: &[Instruction]) -> Vec<Instruction> {
    let mut given = HashSet::new();
    let own = |instruction: &&Instruction| {
        let decided = matches!(instruction.op, Operation::Recurrence(_))
            || instruction.inputs.iter().any(|value| !given.contains(value));
        if !decided {
            given.extend(instruction.outputs.iter().copied());
        }
        !decided
    };
    list.iter().filter(own).cloned().collect()
}

/// Refuses states and outputs along another axis that the steps decide: they begin anew at each step.
fn check_axes(step: &Program, what: &str, axis: usize) -> Result<()> {
    let other = |value: ValueId| step.values[value].axis.filter(|&other| other != axis);
    let refused = |which: String, other: usize| {
        let (axis, other) = (&step.axes[axis], &step.axes[other]);
        Err(Error::argument(format!(
            "{what}: expected a model with steps along '{axis}', received one whose {which} runs along '{other}' and depends on them"
        )))
    };
    for instruction in &step.instructions {
        let keeps = matches!(instruction.op, Operation::Recurrence(_) | Operation::Shift(_));
        let mut others = defined(instruction).into_iter().filter_map(other);
        if let Some(other) = others.next().filter(|_| keeps) {
            return refused(format!("node '{}'", instruction.node), other);
        }
    }
    match step.outputs.iter().find_map(|port| Some((port, other(port.value)?))) {
        Some((port, other)) => refused(format!("output '{}'", port.name), other),
        None => Ok(()),
    }
}
