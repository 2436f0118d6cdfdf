//! A model one step at a time.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::Model;
use crate::finite::first_non_finite;
use crate::program::Mode;
use crate::run::Engine;
use crate::storage::{Batch, Data, Named, Tensor, check_state, check_values};
use crate::{Error, Result};

/// A model that is fed step by step and keeps its states in between. The steps have the bits of the whole sequence, and
/// after the first of them nothing is allocated.
pub struct Stream<E> {
    model: Arc<Model<E>>,
    engine: Engine<E>,
    /// One row of one step, with the states that it begins with.
    batch: Batch<E>,
    /// Storage for the states that it ends with.
    next: Vec<Option<Vec<E>>>,
    outputs: Vec<E>,
}

impl<E: Element> Stream<E> {
    /// A stream of one row with its states at zero.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a model that needs a sequence whole.
    pub fn new(model: Arc<Model<E>>) -> Result<Self> {
        let program = &model.program;
        program.check_divisible("stream")?;
        program.check_unpooled("stream")?;
        let engine = Engine::new(Arc::clone(program), Mode::Inference { segmented: false }, model.kernels);
        let batch = Batch::step(program);
        let next = batch.states().to_vec();
        let count: usize = program.outputs.iter().map(|port| program.values[port.value].width).sum();
        Ok(Self { engine, batch, next, outputs: vec![E::ZERO; count], model })
    }

    /// Takes a step and returns the outputs at it. `values` has the numbers of the inputs that take numbers, one input
    /// after the other as the model has them, and `ids` the ids of those that take ids; the outputs come in their
    /// order. On error the states are as before.
    ///
    /// # Errors
    /// [`crate::Code::Shape`] for more or fewer numbers or ids than a step has, `NonFinite` for a NaN or infinity
    /// among them, `Value` for an id out of range; `NonFinite` for a state that has grown out of range; `Size` when
    /// there is no memory.
    pub fn push(&mut self, values: &[E], ids: &[i32]) -> Result<&[E]> {
        self.take(values, ids)?;
        let Self { model, engine, batch, next, outputs } = self;
        engine.run_forward(&model.weights(), batch, model.pool.suited(batch.operations(&model.cost)))?;
        for (state, next) in model.program.states.iter().zip(&mut *next) {
            let next = next.get_or_insert_default();
            next.resize(state.size, E::ZERO);
            engine.read(state.last, batch, next);
            if first_non_finite(next).is_some() {
                let what = Named("state", &state.name);
                return Err(Error::non_finite(format!("{what}: a NaN or infinity")));
            }
        }
        batch.states_mut().swap_with_slice(next);
        let mut rest = &mut outputs[..];
        for port in &model.program.outputs {
            let (output, more) = rest.split_at_mut(model.program.values[port.value].width);
            engine.read(port.value, batch, output);
            rest = more;
        }
        Ok(&self.outputs)
    }

    /// Copies the inputs of a step into the batch and checks them.
    fn take(&mut self, mut values: &[E], mut ids: &[i32]) -> Result<()> {
        let Self { model, batch, .. } = self;
        let ports = || model.program.inputs.iter().map(|port| &port.kind);
        let numbers: usize = ports().filter_map(|kind| kind.size()).sum();
        let tokens = ports().filter(|kind| kind.size().is_none()).count();
        if (values.len(), ids.len()) != (numbers, tokens) {
            return Err(Error::shape(format!(
                "a step has {numbers} numbers and {tokens} ids, got {} and {}",
                values.len(),
                ids.len()
            )));
        }
        for (i, port) in model.program.inputs.iter().enumerate() {
            match &mut batch.inputs_mut()[i] {
                Data::Values(own) => {
                    let (first, rest) = values.split_at(own.len());
                    own.copy_from_slice(first);
                    values = rest;
                }
                Data::Ids(own) => {
                    let (first, rest) = ids.split_at(own.len());
                    own.copy_from_slice(first);
                    ids = rest;
                }
            }
            let axis = model.program.values[port.value].axis.map(|axis| &batch.axes()[axis]);
            check_values(Named("input", &port.name), &port.kind, &batch.inputs()[i], 1, axis, |_| true)?;
        }
        Ok(())
    }

    /// The states after the last step.
    #[must_use]
    pub fn states(&self) -> Vec<Tensor<E>> {
        let states = self.model.program.states.iter().zip(self.batch.states());
        states
            .map(|(state, values)| Tensor {
                name: state.name.clone(),
                shape: vec![1, state.size],
                data: Data::Values(values.clone().unwrap_or_else(|| vec![E::ZERO; state.size])),
                lengths: None,
            })
            .collect()
    }

    /// Goes on from these states, one for each of the model's.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape` or `NonFinite` for one
    /// that does not fit. Nothing is changed then.
    pub fn set_states(&mut self, states: Vec<Tensor<E>>) -> Result<()> {
        let known = &self.model.program.states;
        for state in known {
            let mut given = states.iter().filter(|tensor| tensor.name == state.name);
            match (given.next(), given.next()) {
                (Some(tensor), None) => check_state(state, tensor, 1)?,
                (None, _) => return Err(Error::argument(format!("state '{}' is missing", state.name))),
                _ => return Err(Error::argument(format!("state '{}' is given twice", state.name))),
            }
        }
        let unknown = states.iter().find(|tensor| known.iter().all(|state| state.name != tensor.name));
        if let Some(unknown) = unknown {
            return Err(Error::argument(format!("state '{}' is unknown", unknown.name)));
        }
        for Tensor { name, data, .. } in states {
            let index = known.iter().position(|state| state.name == name);
            if let (Some(index), Data::Values(values)) = (index, data) {
                self.batch.states_mut()[index] = Some(values);
            }
        }
        Ok(())
    }
}
