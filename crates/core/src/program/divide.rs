//! Whether a sequence may be run in pieces, each beginning with the states that the one before ended with.

use super::{Instruction, Operation, Pool, Program, ValueId};
use crate::{Error, Result};

impl Program {
    /// Refuses a program whose states at the end of a piece are not all it needs to go on.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming `what` was asked for and the node that needs the whole sequence.
    pub fn check_divisible(&self, what: &str) -> Result<()> {
        self.instructions.iter().try_for_each(|instruction| match self.reason(instruction) {
            Some(reason) => Err(Error::argument(format!("{what}: node '{}' {reason}", instruction.node))),
            None => Ok(()),
        })
    }

    /// Refuses a program that pools over a whole sequence.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming `what` was asked for and the node.
    pub fn check_unpooled(&self, what: &str) -> Result<()> {
        let whole = |i: &&Instruction| matches!(i.op, Operation::Pool(Pool::Mean | Pool::Max));
        match self.instructions.iter().find(whole) {
            Some(i) => {
                Err(Error::argument(format!("{what}: node '{}' pools over the whole sequence", i.node)))
            }
            None => Ok(()),
        }
    }

    fn reason(&self, instruction: &Instruction) -> Option<&'static str> {
        let backwards = "reads backwards in time";
        match &instruction.op {
            Operation::Recurrence(recurrence) if recurrence.reverse => Some(backwards),
            Operation::Recurrence(recurrence) if recurrence.states.iter().any(|s| !self.owns(s.initial)) => {
                Some("begins each piece with an initial state from the graph")
            }
            Operation::Shift(shift) if shift.reverse => Some(backwards),
            Operation::Shift(_) if !instruction.inputs.get(1).is_some_and(|&first| self.owns(first)) => {
                Some("shifts in time and does not keep its last step")
            }
            _ => None,
        }
    }

    /// Whether a value is where a run puts a state it is given.
    fn owns(&self, initial: ValueId) -> bool {
        self.states.iter().any(|state| state.initial == initial)
    }
}
