//! The check that a sequence can be run in chunks, each beginning with the states that the chunk before ended with.

use crate::op::Cut;
use crate::program::{Instruction, Program, ValueId};
use crate::{Error, Result};

impl Program {
    /// Refuses a program that needs more than the states at the end of a chunk to go on.
    ///
    /// # Errors
    /// [`crate::Code::Argument`], naming the option `what` and the node that needs the whole sequence.
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
    /// [`crate::Code::Argument`], naming the option `what` and the node.
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

    /// True for the initial value of one of the model's own states.
    fn owns(&self, initial: ValueId) -> bool {
        self.states.iter().any(|state| state.initial == initial)
    }
}
