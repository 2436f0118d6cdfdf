//! A model one step at a time.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::Model;
use crate::graph::Kind;
use crate::program::{Mode, StatePort};
use crate::run::{Batch, Data, Engine, Tensor, check_shape, check_values};
use crate::{Error, Result};

/// A model that is fed piece by piece and keeps its states in between. Sequences in pieces give the same bits as whole.
pub struct Stream<E> {
    model: Arc<Model<E>>,
    engine: Engine<E>,
    states: Vec<Tensor<E>>,
}

impl<E: Element> Stream<E> {
    /// A stream of one row with its states at zero.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a model that needs a sequence whole.
    pub fn new(model: Arc<Model<E>>) -> Result<Self> {
        model.program.check_divisible("stream")?;
        model.program.check_unpooled("stream")?;
        let engine = Engine::new(Arc::clone(&model.program), Mode::Inference, model.kernels);
        let zero = model.program.states.iter().map(|state| Tensor {
            name: state.name.clone(),
            shape: vec![1, state.size],
            data: Data::Values(vec![E::ZERO; state.size]),
            lengths: None,
        });
        Ok(Self { states: zero.collect(), model, engine })
    }

    /// Takes a piece and returns the outputs along it. On error the states are as before.
    ///
    /// # Errors
    /// Those of [`Batch::new`] and [`Engine::forward`]; [`crate::Code::NonFinite`] for a state that has grown out of
    /// range.
    pub fn push(&mut self, inputs: Vec<Tensor<E>>) -> Result<Vec<Tensor<E>>> {
        let batch = Batch::new(&self.model.program, inputs, self.states.clone())?;
        let run = self.engine.forward(&self.model.weights(), &batch, self.model.pool)?;
        for (state, known) in run.states.iter().zip(&self.model.program.states) {
            check_values(
                &format!("state '{}'", known.name),
                &Kind::Vector { size: known.size },
                state,
                None,
            )?;
        }
        self.states = run.states;
        Ok(run.outputs)
    }

    /// The states after the last step.
    #[must_use]
    pub fn states(&self) -> &[Tensor<E>] {
        &self.states
    }

    /// Goes on from these states, one for each of the model's.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape` or `NonFinite` for one
    /// that does not fit. Nothing is changed then.
    pub fn set_states(&mut self, states: Vec<Tensor<E>>) -> Result<()> {
        let known = &self.model.program.states;
        let ordered = known.iter().map(|state| {
            let mut given = states.iter().filter(|tensor| tensor.name == state.name);
            match (given.next(), given.next()) {
                (Some(tensor), None) => check(state, tensor).map(|()| tensor.clone()),
                (None, _) => Err(Error::argument(format!("state '{}' is missing", state.name))),
                _ => Err(Error::argument(format!("state '{}' is given twice", state.name))),
            }
        });
        let ordered: Vec<_> = ordered.collect::<Result<_>>()?;
        if let Some(unknown) =
            states.iter().find(|tensor| known.iter().all(|state| state.name != tensor.name))
        {
            return Err(Error::argument(format!("state '{}' is unknown", unknown.name)));
        }
        self.states = ordered;
        Ok(())
    }
}

fn check<E: Element>(state: &StatePort, tensor: &Tensor<E>) -> Result<()> {
    let (what, kind) = (format!("state '{}'", state.name), Kind::Vector { size: state.size });
    check_shape(&what, &kind, tensor)?;
    if tensor.shape[0] != 1 {
        return Err(Error::shape(format!("{what}: a stream has one row, got {}", tensor.shape[0])));
    }
    check_values(&what, &kind, tensor, None)
}
