//! Nodes that look along time: inputs accepted and outputs given.

use super::node::Ports;
use super::{Checker, Scope, names};
use crate::graph::{Kind, MAX_SIZE, Node, Steps};
use crate::program::{Form, Operation, Pooling, Shift, StatePort, TokenState, ValueId};
use crate::{Error, Result};

impl Checker {
    /// Refuses the nodes of a forest where steps of time are wanted.
    pub(super) fn refuse_forest(&self, node: &Node, what: &str, axis: usize, advice: &str) -> Result<()> {
        match self.program.forms[axis].is_forest() {
            false => Ok(()),
            true => Err(Error::kind(format!(
                "node '{}': expected {what}, received the nodes of the forest '{}': {advice}",
                node.name, self.program.axes[axis]
            ))),
        }
    }

    /// Repeats a vector over the steps of an axis.
    fn repeat(&mut self, node: &Node, vector: ValueId, axis: usize, scope: &mut Scope) -> ValueId {
        let vector = self.as_numbers(node, vector, scope);
        let kind = self.kind(vector).over(&self.program.axes[axis]);
        let name = self.name(vector).to_owned();
        let output = self.computed(&name, kind);
        self.push(node, Operation::Repeat, vec![vector], vec![output], scope);
        output
    }

    /// The axis that the inputs of a node share; vectors among sequences are the same at every step.
    pub(super) fn shared_axis(&self, node: &Node, inputs: &[ValueId], least: usize) -> Result<Option<usize>> {
        if inputs.len() < least {
            return Err(Error::graph(format!(
                "node '{}': expected at least {least} inputs, received {}",
                node.name,
                inputs.len()
            )));
        }
        for &value in inputs {
            self.size_of(node, value)?;
        }
        self.one_axis(node, inputs)
    }

    /// Checks a node that repeats a vector or a token along an axis.
    pub(super) fn repeat_node(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        steps: Option<&Steps>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        refuse_step(node, "repeat", scope)?;
        self.arity(node, &inputs, if steps.is_some() { 1 } else { 2 })?;
        let axis = match steps {
            Some(steps) => self.fixed_axis(node, steps)?,
            None => self.program.values[inputs[1]].axis.ok_or_else(|| {
                Error::kind(format!(
                    "node '{}': expected a value with steps to repeat along, received {}",
                    node.name,
                    self.kind(inputs[1])
                ))
            })?,
        };
        let kind = self.kind(inputs[0]);
        if kind.axis().is_some() || kind.memory().is_some() {
            return Err(Error::kind(format!(
                "node '{}': expected a vector or a token to repeat, received {kind}",
                node.name
            )));
        }
        let output = self.repeat(node, inputs[0], axis, scope);
        Ok(vec![(String::new(), output)])
    }

    /// The axis of a fixed number of steps, which no input and no other number of steps may have.
    fn fixed_axis(&mut self, node: &Node, steps: &Steps) -> Result<usize> {
        let Steps { count, axis: name } = steps;
        if !(1..=MAX_SIZE).contains(count) {
            return Err(Error::argument(format!(
                "node '{}': expected from 1 to {MAX_SIZE} steps, received {count}",
                node.name
            )));
        }
        names::validate(name, &node.name)?;
        let axis = self.axis(name);
        let fixed = &mut self.program.fixed_steps[axis];
        let fed = self.program.inputs.iter().any(|port| port.kind.axis() == Some(name));
        if fed || fixed.is_some_and(|known| known != *count) {
            return Err(Error::graph(format!(
                "node '{}': expected an axis of its own for {count} steps, received '{name}', which has others",
                node.name
            )));
        }
        *fixed = Some(*count);
        Ok(axis)
    }

    /// The axis that the inputs of a node share, numbers and ids.
    pub(super) fn one_axis(&self, node: &Node, inputs: &[ValueId]) -> Result<Option<usize>> {
        let mut axes = inputs.iter().filter_map(|&v| self.program.values[v].axis);
        let Some(axis) = axes.next() else { return Ok(None) };
        if let Some(other) = axes.find(|&other| other != axis) {
            return Err(Error::kind(format!(
                "node '{}': expected values on one axis, received '{}' and '{}'",
                node.name, self.program.axes[axis], self.program.axes[other]
            )));
        }
        Ok(Some(axis))
    }

    /// The inputs of a node whose kernel reads every one of them step by step.
    pub(super) fn step_by_step(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        scope: &mut Scope,
    ) -> Result<Vec<ValueId>> {
        let Some(axis) = self.shared_axis(node, &inputs, 1)? else { return Ok(inputs) };
        inputs.into_iter().map(|value| self.over(node, value, axis, scope)).collect()
    }

    /// A value over an axis: itself, or a vector repeated.
    pub(super) fn over(
        &mut self,
        node: &Node,
        value: ValueId,
        axis: usize,
        scope: &mut Scope,
    ) -> Result<ValueId> {
        match self.program.values[value].axis {
            Some(_) => Ok(value),
            None => Ok(self.repeat(node, value, axis, scope)),
        }
    }

    pub(super) fn softmax_over_time(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        self.refuse_part(node, "softmax over time", inputs[0], scope)?;
        self.map(node, inputs, size, Operation::SoftmaxOverTime, scope)
    }

    /// Refuses a value without steps, and one of which a scan's body sees one step at a time.
    pub(super) fn refuse_part(&self, node: &Node, what: &str, value: ValueId, scope: &Scope) -> Result<()> {
        refuse_step(node, what, scope)?;
        match self.program.values[value].axis {
            Some(_) => Ok(()),
            None => Err(Error::kind(format!(
                "node '{}': expected a sequence for {what}, received {}",
                node.name,
                self.kind(value)
            ))),
        }
    }

    pub(super) fn pool(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        pool: Pooling,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        self.refuse_part(node, "pool", inputs[0], scope)?;
        self.pooled_axis(node, pool, inputs[0])?;
        let output = self.value(&node.name, Kind::Vector { size });
        self.push(node, Operation::Pool(pool), inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    /// A sequence has a last step, a forest has roots; both have a mean.
    fn pooled_axis(&mut self, node: &Node, pool: Pooling, value: ValueId) -> Result<()> {
        let Some(axis) = self.program.values[value].axis else { return Ok(()) };
        match (pool, &mut self.program.forms[axis]) {
            (Pooling::Last { .. }, _) => {
                self.refuse_forest(node, "a sequence to take the last step of", axis, "take its root")
            }
            (Pooling::Root, Form::Forest { one_root, .. }) => {
                *one_root = true;
                Ok(())
            }
            (Pooling::Root, _) => Err(Error::kind(format!(
                "node '{}': expected the nodes of a forest, received {}: take its last step",
                node.name,
                self.kind(value)
            ))),
            (Pooling::Mean | Pooling::Sum | Pooling::Max, _) => Ok(()),
        }
    }

    pub(super) fn shift(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        start: Option<u32>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        refuse_step(node, "shift", scope)?;
        let kind = inputs.first().map(|&v| self.kind(v).clone());
        let kind = kind.filter(|kind| kind.axis().is_some()).ok_or_else(|| {
            let received = inputs.first().map_or("none".to_owned(), |&v| self.kind(v).to_string());
            Error::kind(format!(
                "node '{}': expected a sequence or tokens over time to shift, received {received}",
                node.name
            ))
        })?;
        if let Some(axis) = self.program.values[inputs[0]].axis {
            self.refuse_forest(node, "a sequence to shift", axis, "a fold sees the children")?;
        }
        if let Some(vocabulary) = kind.vocabulary() {
            self.arity(node, &inputs, 1)?;
            if start.is_none_or(|id| (id as usize) >= vocabulary) {
                let received = start.map_or("none".to_owned(), |id| id.to_string());
                return Err(Error::argument(format!(
                    "node '{}': expected a start id below the vocabulary of {vocabulary}, received {received}",
                    node.name
                )));
            }
        } else {
            if let Some(id) = start {
                return Err(Error::argument(format!(
                    "node '{}': expected no start id for {kind}, received {id}",
                    node.name
                )));
            }
            self.arity(node, &inputs, if inputs.len() == 2 { 2 } else { 1 })?;
            if let Some(&first) = inputs.get(1) {
                let expected = Kind::Vector { size: kind.size().unwrap_or(0) };
                if *self.kind(first) != expected {
                    return Err(Error::shape(format!(
                        "node '{}': expected {expected} as its first step, received {}",
                        node.name,
                        self.kind(first)
                    )));
                }
            }
        }
        let inputs = match inputs.as_slice() {
            &[x] => self.kept_shift(node, x, start, scope),
            _ => inputs,
        };
        let output = self.like(&node.name, inputs[0]);
        self.push(node, Operation::Shift(Shift { reverse: false, start }), inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    /// A state of the model for a shift that begins with no vector of the graph: the last step that it took. The inputs of
    /// the shift.
    fn kept_shift(&mut self, node: &Node, x: ValueId, start: Option<u32>, scope: &mut Scope) -> Vec<ValueId> {
        let name = format!("{}:last", node.name);
        let vocabulary = self.kind(x).vocabulary();
        let size = self.kind(x).size().unwrap_or(1);
        let kind = vocabulary.map_or(Kind::Vector { size }, |vocabulary| Kind::Token { vocabulary });
        let token = vocabulary.zip(start).map(|(vocabulary, start)| TokenState { vocabulary, start });
        let [initial, last] = [(); 2].map(|()| self.computed(&name, kind.clone()));
        let inputs = vec![x, initial];
        let op = Operation::Pool(Pooling::Last { first: false });
        self.push(node, op, inputs.clone(), vec![last], scope);
        self.program.states.push(StatePort { name, size, token, initial, last, reverse: false });
        inputs
    }
}

/// Refuses a node that looks along time where one step is all there is.
fn refuse_step(node: &Node, what: &str, scope: &Scope) -> Result<()> {
    match scope.axis {
        None => Ok(()),
        Some(_) => Err(Error::kind(format!(
            "node '{}': {what} needs a whole sequence; inside a scan there is only one step",
            node.name
        ))),
    }
}
