//! The start of a session: everything that no step changes, run once.

use std::sync::Arc;

use unrolled_kernels::Element;

use super::{MOST_ROWS, Session};
use crate::model::division::Division;
use crate::model::network::lock;
use crate::model::{Model, Snapshot};
use crate::program::{Mode, Port, Program, Stepped, ValueId};
use crate::run::Engine;
use crate::storage::{Batch, Data, Held, Tensor, check_finite_state};
use crate::{Error, Result};

/// The results of the part that no step changes.
struct Beginning<E> {
    rows: usize,
    fixed: Arc<Vec<Tensor<E>>>,
    held: Option<Held<E>>,
    begun: Vec<Option<Arc<Vec<E>>>>,
}

impl<E: Element> Session<E> {
    /// A session of so many rows of a model that takes nothing at the start.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a model that needs a sequence whole, that has several axes to step along, or that takes
    /// an input at the start, and for no rows; `Size` for too many.
    pub fn new(model: Arc<Model<E>>, rows: usize) -> Result<Self> {
        Self::open(model, "session", None, Some(rows), Vec::new())
    }

    /// A session of a model whose inputs other than those along `axis` are given now, for as many rows as they have. Without
    /// an axis, the one of the outputs; of several, the one along which an input is shifted.
    ///
    /// # Errors
    /// Those of [`Session::new`]; those of [`Batch::new`] for the inputs.
    pub fn begin(model: Arc<Model<E>>, axis: Option<&str>, inputs: Vec<Tensor<E>>) -> Result<Self> {
        Self::open(model, "session", axis, None, inputs)
    }

    /// A session from the number of its rows or from the inputs that the model takes at the start. `what` names the caller
    /// in errors.
    ///
    /// # Errors
    /// As [`Session::new`] and [`Session::begin`].
    pub fn open(
        model: Arc<Model<E>>,
        what: &str,
        axis: Option<&str>,
        rows: Option<usize>,
        inputs: Vec<Tensor<E>>,
    ) -> Result<Self> {
        Self::open_with(model, Snapshot::latest(), what, (axis, None), rows, inputs)
    }

    /// [`Session::open`] whose steps all have the weights of a snapshot, whatever the model learns meanwhile, and are fed the
    /// second name's input one step late if the model shifts it, numbers as well.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open_with(
        model: Arc<Model<E>>,
        weights: Snapshot<E>,
        what: &str,
        (axis, fed): (Option<&str>, Option<&str>),
        rows: Option<usize>,
        inputs: Vec<Tensor<E>>,
    ) -> Result<Self> {
        rows.map_or(Ok(()), |rows| check_rows(what, rows))?;
        let kept = lock(&model.division).take_if(|kept| kept.is_at(axis, fed));
        let mut division = match kept {
            Some(division) => division,
            None => Division::new(&model.program, model.kernels, what, axis, fed)?,
        };
        check_given(what, &division.stepped, rows, &inputs)?;
        let mut stepped = division.stepped.clone();
        let Beginning { rows, fixed, held, begun } = match &mut division.once {
            Some(once) => run_once(&model, &weights, once, (&stepped, what), rows, inputs)?,
            None => {
                let begun = vec![None; stepped.step.states.len()];
                Beginning { rows: rows.unwrap_or(0), fixed: Arc::default(), held: None, begun }
            }
        };
        *lock(&model.division) = Some(division);
        if let Some(held) = &held {
            size_coverages(Arc::make_mut(&mut stepped.step), held)?;
        }
        let program = &stepped.step;
        let mut batch = Batch::step(program, stepped.axis, rows, held)?;
        for (state, first) in batch.states_mut().iter_mut().zip(&begun) {
            if let (Some(state), Some(first)) = (state, first) {
                state.copy_from_slice(first);
            }
        }
        let engine = Engine::new(Arc::clone(program), Mode::Inference { segmented: false }, model.kernels);
        let (cost, next) = (program.cost(), vec![None; program.states.len()]);
        Ok(Self { weights, cost, engine, batch, next, outputs: Vec::new(), fixed, begun, stepped, model })
    }

    /// A second session that goes on from the same states, with memory of its own but for what no step changes.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn fork(&self) -> Result<Self> {
        let (model, weights, stepped) = (Arc::clone(&self.model), self.weights.clone(), self.stepped.clone());
        let mut batch = Batch::step(&stepped.step, stepped.axis, self.rows(), self.batch.held().cloned())?;
        for (own, state) in batch.states_mut().iter_mut().zip(self.batch.states()) {
            if let (Some(own), Some(state)) = (own, state) {
                own.copy_from_slice(state);
            }
        }
        let mode = Mode::Inference { segmented: false };
        let engine = Engine::new(Arc::clone(&stepped.step), mode, model.kernels);
        let next = vec![None; stepped.step.states.len()];
        let (cost, fixed, begun) = (self.cost.clone(), Arc::clone(&self.fixed), self.begun.clone());
        Ok(Self { weights, cost, engine, batch, next, outputs: Vec::new(), fixed, begun, stepped, model })
    }
}

/// Runs the part that no step changes.
fn run_once<E: Element>(
    model: &Model<E>,
    weights: &Snapshot<E>,
    engine: &mut Engine<E>,
    (stepped, what): (&Stepped, &str),
    rows: Option<usize>,
    inputs: Vec<Tensor<E>>,
) -> Result<Beginning<E>> {
    let batch = match rows {
        Some(rows) => Batch::of_rows(engine.program(), rows)?,
        None => Batch::new(engine.program(), inputs, Vec::new())?,
    };
    let rows = batch.rows();
    check_rows(what, rows)?;
    let pool = model.pool.suited(batch.operations(&engine.program().cost()));
    let mut outputs = engine.forward(&model.weights_of(weights), &batch, pool)?.outputs;
    let mut crossing = outputs.split_off(stepped.outputs).into_iter().map(|tensor| match tensor.data {
        Data::Values(values) => values,
        Data::Ids(_) => Vec::new(),
    });
    let held = crossing.by_ref().take(stepped.step.held.len()).collect();
    let mut first: Vec<Vec<E>> = crossing.collect();
    let before = stepped.outputs + stepped.step.held.len();
    let begun = stepped.begins.iter().zip(&stepped.step.states).map(|(begins, state)| {
        let Some(output) = begins else { return Ok(None) };
        let values = std::mem::take(&mut first[output - before]);
        check_finite_state(&state.name, &values)?;
        Ok(Some(Arc::new(values)))
    });
    let begun = begun.collect::<Result<_>>()?;
    Ok(Beginning { rows, fixed: Arc::new(outputs), held: Some(Held::new(held, batch.axes(), rows)?), begun })
}

/// Sizes the states of attentions with coverage: a number for each step of the longest memory.
fn size_coverages<E: Element>(step: &mut Program, held: &Held<E>) -> Result<()> {
    let sizes: Vec<(ValueId, usize)> = step.coverages().map(|it| (it.value, it.memory)).collect();
    for (value, memory) in sizes {
        let size = held.axis(memory)?.time.max(1);
        step.states.iter_mut().filter(|state| state.last == value).for_each(|state| state.size = size);
    }
    Ok(())
}

pub(super) fn check_rows(what: &str, rows: usize) -> Result<()> {
    match rows {
        0 => Err(Error::argument(format!("{what}: expected at least 1 row, received 0"))),
        1..=MOST_ROWS => Ok(()),
        _ => Err(Error::size(format!("{what}: expected at most {MOST_ROWS} rows, received {rows}"))),
    }
}

/// Checks that a session is given the inputs of its start, or the number of rows of a model that has none.
fn check_given<E>(what: &str, stepped: &Stepped, rows: Option<usize>, inputs: &[Tensor<E>]) -> Result<()> {
    let ports = |program: &Program| program.inputs.iter().map(|port: &Port| port.name.clone()).collect();
    let at_start: Vec<String> = stepped.once.as_deref().map(ports).unwrap_or_default();
    let each: Vec<String> = ports(&stepped.step);
    if let Some(tensor) = inputs.iter().find(|tensor| each.contains(&tensor.name)) {
        let name = &tensor.name;
        return Err(Error::argument(format!(
            "{what}: expected input '{name}' step by step, received it at the start"
        )));
    }
    if let Some(tensor) = inputs.iter().find(|tensor| !at_start.contains(&tensor.name)) {
        let name = &tensor.name;
        return Err(Error::argument(format!(
            "{what}: unknown input '{name}' at the start; known: {at_start:?}"
        )));
    }
    let missing = at_start.iter().find(|name| inputs.iter().all(|tensor| tensor.name != **name));
    match missing {
        Some(name) => Err(Error::argument(format!(
            "{what}: expected values for input '{name}' at the start, received none"
        ))),
        None if rows.is_none() && at_start.is_empty() => Err(Error::argument(format!(
            "{what}: expected the number of rows, since the model takes nothing at the start, received none"
        ))),
        None => Ok(()),
    }
}
