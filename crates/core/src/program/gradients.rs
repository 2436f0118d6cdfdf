//! The gradients of a program in training.

use super::{Contribution, Instruction, Operation};

/// The values that have a gradient, and the sums over them.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    /// By value: true with a gradient.
    pub needed: Vec<bool>,
    /// The sums of the weights' region.
    pub contributions: Vec<Contribution>,
}

impl Gradients {
    /// True if the instruction sends a gradient back.
    #[must_use]
    pub fn active(&self, instruction: &Instruction) -> bool {
        match &instruction.op {
            Operation::Recurrence(recurrence) => {
                recurrence.body.iter().any(|inner| self.active(inner))
                    || recurrence
                        .states
                        .iter()
                        .any(|state| self.needed[state.last] || self.needed[state.next])
                    || recurrence.children.iter().any(|link| self.needed[link.next])
            }
            Operation::Loss { .. } => true,
            _ => instruction.outputs.iter().any(|&v| self.needed[v]),
        }
    }
}
