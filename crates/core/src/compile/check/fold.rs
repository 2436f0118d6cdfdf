//! A fold: its body bound to the values of the nodes and to the states of their children.

use super::node::Ports;
use super::scan::declared;
use super::{Checker, Scope, names};
use crate::graph::{Fold, Kind, MAX_SIZE, Node, Op};
use crate::program::{ChildLink, Form, Instruction, Operation, Recurrence, ValueId};
use crate::{Error, Result};

/// A state of the children, with its value over the edges.
struct ChildState<'a> {
    name: &'a str,
    size: usize,
    incoming: ValueId,
}

impl Checker {
    /// Checks a fold and gives its ports: the body's outputs, states among them, at every node.
    pub(super) fn fold(
        &mut self,
        node: &Node,
        fold: &Fold,
        inputs: &[ValueId],
        outer: &mut Scope,
    ) -> Result<Ports> {
        if outer.axis.is_some() {
            return Err(Error::graph(format!(
                "node '{}': expected a body without loops, received a fold in a loop",
                node.name
            )));
        }
        let declared = declared(&fold.body);
        let axis = self.loop_axis(node, &declared, inputs)?;
        if !self.program.forms[axis].is_forest() {
            return Err(Error::kind(format!(
                "node '{}': expected values of a forest to fold, received those of the axis '{}', which has no parents: scan it",
                node.name, self.program.axes[axis]
            )));
        }
        let edges = self.edges_of(node, axis)?;
        let mut scope = Scope::new(&format!("fold '{}'", node.name));
        (scope.axis, scope.edges) = (Some(axis), Some(edges));
        scope.prefix = format!("{}.", node.name);
        self.bind_inputs(node, &declared, inputs, &mut scope)?;
        let states = self.bind_children(node, fold, edges, &mut scope)?;
        self.nodes(&fold.body.nodes, &mut scope)?;
        self.limit_children(axis, &scope.instructions);
        self.close_fold(node, fold, axis, &states, scope, outer)
    }

    /// The axis of the edges of a forest.
    fn edges_of(&mut self, node: &Node, axis: usize) -> Result<usize> {
        let name = format!("{}:edges", self.program.axes[axis]);
        let known = self.program.axes.contains(&name);
        let edges = self.axis(&name);
        let form = Form::Edges { of: axis };
        if known && self.program.forms[edges] != form {
            return Err(Error::graph(format!(
                "node '{}': expected no axis '{name}', received one",
                node.name
            )));
        }
        self.program.forms[edges] = form;
        Ok(edges)
    }

    fn bind_children<'a>(
        &mut self,
        node: &Node,
        fold: &'a Fold,
        edges: usize,
        scope: &mut Scope,
    ) -> Result<Vec<ChildState<'a>>> {
        let mut states = Vec::new();
        for inner in &fold.body.nodes {
            let size = match inner.op {
                Op::State { size } => size,
                Op::TokenState { .. } => {
                    return Err(Error::graph(format!(
                        "node '{}': expected states of numbers, received the token '{}'",
                        node.name, inner.name
                    )));
                }
                _ => continue,
            };
            let kind = Kind::Vector { size };
            kind.validate(&inner.name)?;
            let incoming =
                self.value(&format!("{}:{}", node.name, inner.name), kind.over(&self.program.axes[edges]));
            scope.bind(&inner.name, vec![(String::new(), incoming)]);
            states.push(ChildState { name: &inner.name, size, incoming });
        }
        if states.is_empty() {
            return Err(Error::graph(format!("{}: expected at least one state, received none", scope.name)));
        }
        Ok(states)
    }

    /// A body that reads children by their numbers alone would not see others.
    fn limit_children(&mut self, axis: usize, body: &[Instruction]) {
        let summed = body.iter().any(|i| matches!(i.op, Operation::SumOverEdges));
        let read = body.iter().filter_map(|i| match i.op {
            Operation::Child { index } => Some(index + 1),
            _ => None,
        });
        if let (Some(most), Form::Forest { most_children, .. }, false) =
            (read.max(), &mut self.program.forms[axis], summed)
        {
            *most_children = Some(most_children.map_or(most, |known| known.min(most)));
        }
    }

    /// Inputs of a node of a fold's body: where one is a value of each child, values of the node itself are told to each.
    pub(super) fn spread(&mut self, node: &Node, inputs: Vec<ValueId>, scope: &mut Scope) -> Vec<ValueId> {
        let Some(edges) = scope.edges else { return inputs };
        if !inputs.iter().any(|&value| self.program.values[value].axis == Some(edges)) {
            return inputs;
        }
        let mut out = Vec::with_capacity(inputs.len());
        for value in inputs {
            let of_node = self.program.values[value].axis == scope.axis;
            out.push(if of_node { self.told(node, value, edges, scope) } else { value });
        }
        out
    }

    /// A value of a node at each of its edges, made once.
    fn told(&mut self, node: &Node, value: ValueId, edges: usize, scope: &mut Scope) -> ValueId {
        if let Some(&known) = scope.told.get(&value) {
            return known;
        }
        let numbers = self.as_numbers(node, value, scope);
        let (name, kind) = (self.name(value).to_owned(), self.kind(value).over(&self.program.axes[edges]));
        let output = self.computed(&name, kind);
        self.push(node, Operation::SpreadToEdges, vec![numbers], vec![output], scope);
        scope.told.insert(value, output);
        output
    }

    /// Checks the sum over children, and the child of a number.
    pub(super) fn of_children(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        if let Operation::Child { index } = op
            && index >= MAX_SIZE
        {
            return Err(Error::size(format!(
                "node '{}': expected a child's number below {MAX_SIZE}, received {index}",
                node.name
            )));
        }
        let (Some(axis), Some(edges)) = (scope.axis, scope.edges) else {
            return Err(Error::kind(format!("node '{}': expected a place in the body of a fold", node.name)));
        };
        // A value that is the same for all children is told to each.
        let value = match self.program.values[inputs[0]].axis {
            None => self.over(node, inputs[0], edges, scope)?,
            Some(own) if own == edges => inputs[0],
            Some(_) => {
                return Err(Error::kind(format!(
                    "node '{}': expected a value of each child, received '{}', one of the node itself",
                    node.name,
                    self.name(inputs[0])
                )));
            }
        };
        let output = self.value(&node.name, Kind::Vector { size }.over(&self.program.axes[axis]));
        self.push(node, op, vec![value], vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    /// Ties the body's outputs to states and ports, and puts the loop into the outer scope.
    fn close_fold(
        &mut self,
        node: &Node,
        fold: &Fold,
        axis: usize,
        states: &[ChildState<'_>],
        mut scope: Scope,
        outer: &mut Scope,
    ) -> Result<Ports> {
        let mut ports: Ports = Vec::new();
        for wire in &fold.body.outputs {
            names::validate(&wire.name, &scope.name)?;
            let value = scope.resolve(&wire.from, &format!("output '{}'", wire.name))?;
            let value = self.step_of(node, value, axis, &mut scope)?;
            if self.program.values[value].axis != Some(axis) {
                return Err(Error::kind(format!(
                    "{}: expected a value of the node as output '{}', received one of each child: sum it over the children",
                    scope.name, wire.name
                )));
            }
            if ports.iter().any(|(name, _)| *name == wire.name) {
                return Err(Error::graph(format!(
                    "{}: expected one output '{}', received two",
                    scope.name, wire.name
                )));
            }
            ports.push((wire.name.clone(), value));
        }
        let mut children = Vec::with_capacity(states.len());
        for &ChildState { name, size, incoming } in states {
            let next = ports.iter().find(|(port, _)| port == name).map(|&(_, value)| value);
            let next = next.ok_or_else(|| {
                Error::graph(format!(
                    "{}: expected an output with the node's own value of state '{name}', received none",
                    scope.name
                ))
            })?;
            if self.kind(next).size() != Some(size) {
                return Err(Error::shape(format!(
                    "{}: expected vector[{size}] as the value of state '{name}', received {}",
                    scope.name,
                    self.kind(next)
                )));
            }
            children.push(ChildLink { incoming, next });
        }
        let recurrence =
            Recurrence { axis, reverse: false, states: Vec::new(), children, body: scope.instructions };
        outer.instructions.push(Instruction {
            node: node.name.clone(),
            op: Operation::Recurrence(recurrence),
            inputs: Vec::new(),
            outputs: Vec::new(),
        });
        Ok(ports)
    }
}
