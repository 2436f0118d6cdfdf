//! The inputs of a run: named arrays, batch first, checked against the program before anything runs.

use unrolled_kernels::Element;

use super::check::{Subject, check_lengths, check_shape, check_state, check_steps, check_values};
use super::held::Held;
use super::targets::{GivenTargets, Targets, Weight};
use super::tensor::{Axis, Data, Tensor};
use crate::graph::Kind;
use crate::memory::{copied, zeros};
use crate::program::{Form, Port, Program, StatePort};
use crate::{Error, Result};

/// A batch that fits its program.
#[derive(Clone, Debug)]
pub struct Batch<E> {
    rows: usize,
    axes: Vec<Axis>,
    inputs: Vec<Data<E>>,
    states: Vec<Option<Vec<E>>>,
    held: Option<Held<E>>,
    targets: Vec<Targets<E>>,
}

impl<E: Element> Batch<E> {
    /// Checks the inputs, and the states to begin with (any not given is zero).
    ///
    /// # Errors
    /// Naming the input: [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape`,
    /// `Value` for an id out of range, `NonFinite` for a NaN or infinity at a valid step.
    pub fn new(program: &Program, inputs: Vec<Tensor<E>>, states: Vec<Tensor<E>>) -> Result<Self> {
        let mut batch = Self::empty(program);
        batch.fill(program, inputs)?;
        batch.add_states(program, states)?;
        Ok(batch)
    }

    /// No rows yet, and states at zero.
    pub(crate) fn empty(program: &Program) -> Self {
        Self {
            rows: 0,
            axes: vec![Axis::default(); program.axes.len()],
            inputs: program.inputs.iter().map(|_| Data::Values(Vec::new())).collect(),
            states: vec![None; program.states.len()],
            held: None,
            targets: Vec::new(),
        }
    }

    /// So many rows for a program without inputs.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(crate) fn of_rows(program: &Program, rows: usize) -> Result<Self> {
        let mut batch = Self { rows, ..Self::empty(program) };
        batch.fix_other_axes(program)?;
        Ok(batch)
    }

    /// One step of `rows` rows of zeros along `axis`, beside held values along others.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(crate) fn step(
        program: &Program,
        axis: Option<usize>,
        rows: usize,
        held: Option<Held<E>>,
    ) -> Result<Self> {
        let input = |port: &Port| match port.kind.size() {
            Some(size) => Ok(Data::Values(zeros(rows.saturating_mul(size), Subject("input", &port.name))?)),
            None => Ok(Data::Ids(zeros(rows, Subject("input", &port.name))?)),
        };
        let state = |state: &StatePort| first_state(state, rows).map(Some);
        let axes = (0..program.axes.len()).map(|i| match (&held, program.fixed_steps[i]) {
            (Some(held), _) if Some(i) != axis => held.axis(i),
            (None, Some(steps)) if Some(i) != axis => {
                Axis::new(steps, std::iter::repeat_n(steps as u32, rows))
            }
            _ => Axis::new(1, std::iter::repeat_n(1, rows)),
        });
        Ok(Self {
            rows,
            axes: axes.collect::<Result<_>>()?,
            inputs: program.inputs.iter().map(input).collect::<Result<_>>()?,
            states: program.states.iter().map(state).collect::<Result<_>>()?,
            held,
            targets: Vec::new(),
        })
    }

    /// Takes these inputs in place of those before.
    ///
    /// # Errors
    /// As [`Batch::new`]; the batch must then be filled again before a run.
    pub(crate) fn fill(&mut self, program: &Program, mut inputs: Vec<Tensor<E>>) -> Result<()> {
        for (i, tensor) in inputs.iter().enumerate() {
            find(program.inputs.iter().map(|p| p.name.as_str()), &tensor.name, "input")?;
            if inputs[..i].iter().any(|other| other.name == tensor.name) {
                return Err(Error::argument(format!(
                    "input '{}': expected once, received twice",
                    tensor.name
                )));
            }
        }
        for (i, port) in program.inputs.iter().enumerate() {
            let given = inputs.iter().position(|tensor| tensor.name == port.name);
            let given = given.ok_or_else(|| {
                Error::argument(format!("input '{}': expected values, received none", port.name))
            })?;
            self.set_input(program, i, inputs.swap_remove(given))?;
        }
        self.fix_other_axes(program)
    }

    /// Gives the axes that no input runs along the steps that the graph fixes, those of edges as many as nodes, or none.
    fn fix_other_axes(&mut self, program: &Program) -> Result<()> {
        for i in 0..self.axes.len() {
            if program.inputs.iter().any(|port| program.values[port.value].axis == Some(i)) {
                continue;
            }
            let (before, rest) = self.axes.split_at_mut(i);
            match program.forms[i] {
                Form::Edges { of } => rest[0].take_lengths(&before[of])?,
                Form::Chain | Form::Forest { .. } => {
                    let steps = program.fixed_steps[i].unwrap_or(0);
                    check_steps(Subject("axis", &program.axes[i]), self.rows, steps)?;
                    rest[0].fix(steps, self.rows)?;
                }
            }
        }
        Ok(())
    }

    fn set_input(&mut self, program: &Program, index: usize, mut tensor: Tensor<E>) -> Result<()> {
        let port = &program.inputs[index];
        let what = Subject("input", &port.name);
        check_shape(what, &port.kind, &tensor)?;
        let rows = tensor.shape.first().copied().unwrap_or(0);
        if index == 0 {
            self.rows = rows;
        } else if rows != self.rows {
            return Err(Error::shape(format!(
                "{what}: expected {} rows as in the first input, received {rows}",
                self.rows
            )));
        }
        check_lengths(what, &port.kind, &tensor)?;
        let axis_of = |port: &Port| program.values[port.value].axis;
        let axis = axis_of(port);
        if let Some(i) = axis {
            let known = program.inputs[..index].iter().any(|before| axis_of(before) == axis);
            if !known {
                self.axes[i].follow(&tensor)?;
            } else if !self.axes[i].is_of(&tensor) {
                return Err(Error::shape(format!(
                    "{what}: expected the same time and lengths as the other inputs on axis '{}', received others",
                    program.axes[i]
                )));
            }
            tensor.data.pack(&self.axes[i], port.kind.size().unwrap_or(1));
            if let (Kind::Forest { .. }, Data::Ids(parents)) = (&port.kind, &mut tensor.data) {
                let parents = std::mem::take(parents);
                return self.axes[i].take_forests(parents, program.forms[i]).map_err(|e| e.within(what));
            }
        }
        check_values(what, &port.kind, &tensor.data, rows, axis.map(|i| &self.axes[i]), |_| true)?;
        self.inputs[index] = tensor.data;
        Ok(())
    }

    fn add_states(&mut self, program: &Program, states: Vec<Tensor<E>>) -> Result<()> {
        for tensor in states {
            let i = find(program.states.iter().map(|s| s.name.as_str()), &tensor.name, "state")?;
            check_state(&program.states[i], &tensor, self.rows)?;
            if let Data::Values(values) = tensor.data {
                self.states[i] = Some(values);
            }
        }
        Ok(())
    }

    /// Takes the targets out of `given`, which are named as their outputs, in place of those before, and adds their weights
    /// to `weights`, row by row.
    ///
    /// # Errors
    /// Naming the target: [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape`, `Value`
    /// for a class out of range or a negative weight, `NonFinite` for a NaN or infinity that counts.
    pub fn bind_targets(
        &mut self,
        program: &Program,
        given: &mut Vec<GivenTargets<E>>,
        weights: &mut [Weight],
    ) -> Result<()> {
        self.targets.clear();
        for (target, weight) in program.targets.iter().zip(weights) {
            let at = given.iter().position(|given| given.tensor.name == target.name);
            let at = at.ok_or_else(|| {
                Error::argument(format!("target '{}': expected values, received none", target.name))
            })?;
            let axis = program.values[target.value].axis.map(|axis| &self.axes[axis]);
            self.targets.push(Targets::bind(target, given.swap_remove(at), self.rows, axis, weight)?);
        }
        match given.first() {
            Some(GivenTargets { tensor, .. }) => Err(Error::argument(format!(
                "target '{}': expected once and for an output with a loss, received one too many",
                tensor.name
            ))),
            None => Ok(()),
        }
    }

    /// The targets, in the order of the program's.
    #[must_use]
    pub fn targets(&self) -> &[Targets<E>] {
        &self.targets
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The steps along each axis of the program.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The arrays, in the order of the program's inputs; along an [`Axis`] without padding.
    #[must_use]
    pub fn inputs(&self) -> &[Data<E>] {
        &self.inputs
    }

    /// The initial states, in the order of the program's; `None` is zero.
    #[must_use]
    pub fn states(&self) -> &[Option<Vec<E>>] {
        &self.states
    }

    /// The values that lie in memory from run to run.
    pub(crate) fn held(&self) -> Option<&Held<E>> {
        self.held.as_ref()
    }

    /// The arrays, to be written with checked numbers.
    pub(crate) fn inputs_mut(&mut self) -> &mut [Data<E>] {
        &mut self.inputs
    }

    /// The initial states, to exchange.
    pub(crate) fn states_mut(&mut self) -> &mut [Option<Vec<E>>] {
        &mut self.states
    }

    /// Puts states in place of those given.
    pub fn set_states(&mut self, states: Vec<Option<Vec<E>>>) {
        self.states = states;
    }

    /// The steps `start..end` of every sequence, for truncated backpropagation through time.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn steps(&self, program: &Program, start: usize, end: usize) -> Result<Self> {
        let axes = self.axes.iter().map(|axis| axis.steps(start, end)).collect::<Result<_>>()?;
        let inputs = program
            .inputs
            .iter()
            .zip(&self.inputs)
            .map(|(port, data)| match program.values[port.value].axis {
                None => data.try_clone(),
                Some(i) => self.axes[i].slice(data, port.kind.size().unwrap_or(1), start, end),
            })
            .collect::<Result<_>>()?;
        let targets = program.targets.iter().zip(&self.targets).map(|(target, targets)| {
            match program.values[target.value].axis {
                None => targets.try_clone(),
                Some(i) => targets.steps(&self.axes[i], target.loss.width(), start, end),
            }
        });
        let (states, targets) = (copied_states(&self.states)?, targets.collect::<Result<_>>()?);
        Ok(Self { rows: self.rows, axes, inputs, states, held: None, targets })
    }
}

/// A state that no run was given yet, of `rows` rows.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(crate) fn first_state<E: Element>(state: &StatePort, rows: usize) -> Result<Vec<E>> {
    let mut values = zeros(rows.saturating_mul(state.size), Subject("state", &state.name))?;
    values.fill(E::from_f64(state.first()));
    Ok(values)
}

/// The same states in memory of their own.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(crate) fn copied_states<E: Element>(states: &[Option<Vec<E>>]) -> Result<Vec<Option<Vec<E>>>> {
    let copy = |state: &Option<Vec<E>>| state.as_ref().map(|state| copied(state, "a state")).transpose();
    states.iter().map(copy).collect()
}

fn find<'a>(mut names: impl Iterator<Item = &'a str> + Clone, name: &str, what: &str) -> Result<usize> {
    names.clone().position(|known| known == name).ok_or_else(|| {
        let known: Vec<&str> = names.by_ref().collect();
        Error::argument(format!("unknown {what} '{name}'; known: {known:?}"))
    })
}
