//! Whether a sequence may be run in pieces, each beginning with the states that the one before ended with.

use crate::op::Cut;
use crate::program::{Instruction, Program, ValueId};
use crate::{Error, Result};

impl Program {
    /// Refuses a program whose states at the end of a piece are not all it needs to go on.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming `what` was asked for and the node that needs the whole sequence.
    pub fn check_divisible(&self, what: &str) -> Result<()> {
        self.refuse(what, |cut| match cut {
            Cut::Free | Cut::Anew(_) => None,
            Cut::From { vectors, otherwise } => {
                (!vectors.iter().all(|&vector| self.owns(vector))).then_some(otherwise)
            }
            Cut::Never(reason) => Some(reason),
        })
    }

    /// Refuses a program that pools over a whole sequence.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming `what` was asked for and the node.
    pub fn check_unpooled(&self, what: &str) -> Result<()> {
        self.refuse(what, |cut| match cut {
            Cut::Anew(reason) => Some(reason),
            Cut::Free | Cut::From { .. } | Cut::Never(_) => None,
        })
    }

    fn refuse(&self, what: &str, reason: impl Fn(Cut) -> Option<&'static str>) -> Result<()> {
        let refused = |i: &Instruction| Some((i.node.clone(), reason(i.facts().cut)?));
        match self.instructions.iter().find_map(refused) {
            Some((node, reason)) => Err(Error::argument(format!("{what}: node '{node}' {reason}"))),
            None => Ok(()),
        }
    }

    /// Whether a value is one that takes a state a run is given.
    fn owns(&self, initial: ValueId) -> bool {
        self.states.iter().any(|state| state.initial == initial)
    }
}
