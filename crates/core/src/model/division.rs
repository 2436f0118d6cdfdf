//! A model's program in two for its sessions, kept from one to the next.

use std::sync::Arc;

use unrolled_kernels::{Element, Kernels};

use crate::Result;
use crate::program::{Mode, Program, Stepped};
use crate::run::Engine;

/// A program divided at an axis, and the engine of the part that no step changes with the storage of its last run.
pub(super) struct Division<E> {
    /// The axis that was asked for.
    axis: Option<String>,
    /// The input of numbers that is fed one step late.
    fed: Option<String>,
    pub(super) stepped: Stepped,
    /// None where a step needs nothing but its states.
    pub(super) once: Option<Engine<E>>,
}

impl<E: Element> Division<E> {
    /// Divides a program. `what` names the caller in errors.
    pub(super) fn new(
        program: &Program,
        kernels: Kernels<E>,
        what: &str,
        axis: Option<&str>,
        fed: Option<&str>,
    ) -> Result<Self> {
        let stepped = program.stepped(what, axis, fed)?;
        let mode = Mode::Inference { segmented: true };
        let once = stepped.once.as_ref().map(|once| Engine::new(Arc::clone(once), mode, kernels));
        Ok(Self { axis: axis.map(str::to_owned), fed: fed.map(str::to_owned), stepped, once })
    }

    /// True for the division that asking for an axis and an input gives.
    pub(super) fn is_at(&self, axis: Option<&str>, fed: Option<&str>) -> bool {
        (self.axis.as_deref(), self.fed.as_deref()) == (axis, fed)
    }
}
