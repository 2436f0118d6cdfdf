//! A scan: its body bound to the sequences, vectors and states that enter it.

use super::states::State;
use super::{Checker, Scope, names};
use crate::graph::{Body, Kind, Node, Op, Scan};
use crate::program::{Instruction, Operation, Recurrence, StateLink, StatePort, ValueId};
use crate::{Error, Result};

/// The inputs that a body declares.
pub(super) fn declared(body: &Body) -> Vec<(&Node, &Kind)> {
    let nodes = body.nodes.iter();
    nodes
        .filter_map(|inner| match &inner.op {
            Op::Input(kind) => Some((inner, kind)),
            _ => None,
        })
        .collect()
}

impl Checker {
    /// Checks a scan and gives its ports: the body's outputs, then the final states.
    pub(super) fn scan(
        &mut self,
        node: &Node,
        scan: &Scan,
        inputs: &[ValueId],
        outer: &mut Scope,
    ) -> Result<Vec<(String, ValueId)>> {
        if outer.axis.is_some() {
            return Err(Error::graph(format!(
                "node '{}': expected a body without scans, received a scan in a scan",
                node.name
            )));
        }
        let entering = inputs.len().checked_sub(scan.initial.len()).ok_or_else(|| {
            Error::graph(format!(
                "node '{}': expected at least {} inputs, one for each initial state, received {}",
                node.name,
                scan.initial.len(),
                inputs.len()
            ))
        })?;
        let (entering, initial) = inputs.split_at(entering);
        let declared = declared(&scan.body);
        let axis = self.loop_axis(node, &declared, entering)?;
        self.refuse_forest(node, "a sequence to scan", axis, "fold it")?;
        let mut scope = Scope::new(&format!("scan '{}'", node.name));
        scope.axis = Some(axis);
        scope.reverse = scan.reverse;
        scope.prefix = format!("{}.", node.name);
        self.bind_inputs(node, &declared, entering, &mut scope)?;
        let states = self.bind_states(node, scan, initial, axis, &mut scope, outer)?;
        self.nodes(&scan.body.nodes, &mut scope)?;
        self.close(node, scan, axis, states, scope, outer)
    }

    /// The axis of the sequences that enter step by step; a body takes others whole.
    pub(super) fn loop_axis(
        &self,
        node: &Node,
        declared: &[(&Node, &Kind)],
        entering: &[ValueId],
    ) -> Result<usize> {
        let steps = declared.iter().zip(entering).filter(|((_, kind), _)| kind.axis().is_none());
        let mut axes = steps.filter_map(|(_, &v)| self.program.values[v].axis);
        let axis = axes.next().ok_or_else(|| {
            Error::kind(format!(
                "node '{}': expected at least one sequence to run along, received none",
                node.name
            ))
        })?;
        if let Some(other) = axes.find(|&other| other != axis) {
            return Err(Error::kind(format!(
                "node '{}': expected sequences on one axis, received '{}' and '{}'",
                node.name, self.program.axes[axis], self.program.axes[other]
            )));
        }
        Ok(axis)
    }

    pub(super) fn bind_inputs(
        &mut self,
        node: &Node,
        declared: &[(&Node, &Kind)],
        entering: &[ValueId],
        scope: &mut Scope,
    ) -> Result<()> {
        if declared.len() != entering.len() {
            return Err(Error::graph(format!(
                "node '{}': expected {} inputs for its body, received {}",
                node.name,
                declared.len(),
                entering.len()
            )));
        }
        for (&(inner, kind), &value) in declared.iter().zip(entering) {
            let outside = self.kind(value).clone();
            let fits = match kind.axis() {
                None => kind.size() == outside.size() && kind.vocabulary() == outside.vocabulary(),
                Some(_) => *kind == outside && self.program.values[value].axis != scope.axis,
            };
            if !fits {
                let when =
                    if kind.axis().is_none() { "at each step" } else { "of another axis than the loop's" };
                return Err(Error::shape(format!(
                    "node '{}': expected {kind} {when} for its body's input '{}', received {outside}",
                    node.name, inner.name
                )));
            }
            scope.bind(&inner.name, vec![(String::new(), value)]);
        }
        Ok(())
    }

    /// A value that leaves the body step by step, numbers or ids.
    pub(super) fn step_of(
        &mut self,
        node: &Node,
        value: ValueId,
        axis: usize,
        scope: &mut Scope,
    ) -> Result<ValueId> {
        match self.kind(value).size() {
            Some(_) => self.over(node, value, axis, scope),
            None => Ok(value),
        }
    }

    /// Ties the body's outputs to states and ports, and puts the loop into the outer scope.
    fn close(
        &mut self,
        node: &Node,
        scan: &Scan,
        axis: usize,
        states: Vec<State>,
        mut scope: Scope,
        outer: &mut Scope,
    ) -> Result<Vec<(String, ValueId)>> {
        let mut ports = Vec::new();
        let mut next = std::collections::HashMap::new();
        for wire in &scan.body.outputs {
            names::validate(&wire.name, &scope.name)?;
            let value = scope.resolve(&wire.from, &format!("output '{}'", wire.name))?;
            let value = self.step_of(node, value, axis, &mut scope)?;
            if next.insert(wire.name.as_str(), value).is_some() {
                return Err(Error::graph(format!(
                    "{}: expected one output '{}', received two",
                    scope.name, wire.name
                )));
            }
            if !states.iter().any(|state| state.name == wire.name) {
                ports.push((wire.name.clone(), value));
            }
        }
        let mut links = Vec::with_capacity(states.len());
        for state in &states {
            let &value = next.get(state.name.as_str()).ok_or_else(|| {
                Error::graph(format!(
                    "{}: expected an output with the next value of state '{}', received none",
                    scope.name, state.name
                ))
            })?;
            if !self.is_next(state, value) {
                return Err(Error::shape(format!(
                    "{}: expected {} as the next value of state '{}', received {}",
                    scope.name,
                    state.kind,
                    state.name,
                    self.kind(value)
                )));
            }
            let value = self.next_state(node, value, &states, axis, &mut scope)?;
            let name = format!("{}:{}", node.name, state.name);
            let last = self.computed(&name, state.kind.clone());
            if !scan.initial.contains(&state.name) {
                let (size, reverse) = (self.program.values[last].width, scan.reverse);
                let &State { initial, token, .. } = state;
                self.program.states.push(StatePort { name, size, token, initial, last, reverse });
            }
            ports.push((state.name.clone(), last));
            links.push(StateLink { initial: state.initial, incoming: state.incoming, next: value, last });
        }
        let (children, body) = (Vec::new(), scope.instructions);
        let recurrence = Recurrence { axis, reverse: scan.reverse, states: links, children, body };
        outer.instructions.push(Instruction {
            node: node.name.clone(),
            op: Operation::Recurrence(recurrence),
            inputs: Vec::new(),
            outputs: Vec::new(),
        });
        Ok(ports)
    }
}
