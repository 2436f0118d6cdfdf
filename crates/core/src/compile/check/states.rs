//! The states of a scan: of numbers, or of one id.

use std::collections::HashSet;

use super::{Checker, Scope};
use crate::graph::{Kind, Node, Op, Scan};
use crate::program::{Instruction, Operation, TokenState, ValueId};
use crate::{Error, Result};

/// A state node of a body, with its values.
pub(super) struct State {
    pub(super) name: String,
    /// The kind of the state of a row.
    pub(super) kind: Kind,
    /// For a state that holds an id.
    pub(super) token: Option<TokenState>,
    pub(super) initial: ValueId,
    pub(super) incoming: ValueId,
}

/// The kind of a state, if the node is one.
fn state_of(node: &Node) -> Result<Option<(Kind, Option<TokenState>)>> {
    let (kind, token) = match node.op {
        Op::State { size } => (Kind::Vector { size }, None),
        Op::TokenState { vocabulary, start } => {
            (Kind::Token { vocabulary }, Some(TokenState { vocabulary, start }))
        }
        _ => return Ok(None),
    };
    kind.validate(&node.name)?;
    if let Some(TokenState { vocabulary, start }) =
        token.filter(|token| token.start as usize >= token.vocabulary)
    {
        return Err(Error::argument(format!(
            "node '{}': expected a start id below the vocabulary of {vocabulary}, received {start}",
            node.name
        )));
    }
    Ok(Some((kind, token)))
}

impl Checker {
    pub(super) fn bind_states(
        &mut self,
        node: &Node,
        scan: &Scan,
        initial: &[ValueId],
        axis: usize,
        scope: &mut Scope,
        outer: &mut Scope,
    ) -> Result<Vec<State>> {
        let mut states = Vec::new();
        for inner in &scan.body.nodes {
            let Some((kind, token)) = state_of(inner)? else { continue };
            let name = format!("{}:{}", node.name, inner.name);
            let given = scan.initial.iter().position(|state| *state == inner.name);
            let initial = match given {
                Some(i) if *self.kind(initial[i]) == kind => self.as_numbers(node, initial[i], outer),
                Some(i) => {
                    return Err(Error::shape(format!(
                        "node '{}': expected {kind} for the initial state '{}', received {}",
                        node.name,
                        inner.name,
                        self.kind(initial[i])
                    )));
                }
                None => self.computed(&name, kind.clone()),
            };
            let incoming = self.computed(&name, kind.over(&self.program.axes[axis]));
            scope.bind(&inner.name, vec![(String::new(), incoming)]);
            states.push(State { name: inner.name.clone(), kind, token, initial, incoming });
        }
        check_initialized(node, scan, &states)?;
        Ok(states)
    }

    /// A value as numbers: itself, or the numbers of given ids.
    pub(super) fn as_numbers(&mut self, node: &Node, value: ValueId, scope: &mut Scope) -> ValueId {
        if !self.program.values[value].holds_ids() {
            return value;
        }
        let (name, kind) = (self.name(value).to_owned(), self.kind(value).clone());
        let numbers = self.computed(&name, kind);
        self.push(node, Operation::AsNumbers, vec![value], vec![numbers], scope);
        numbers
    }

    /// True for a value that a state may take next.
    pub(super) fn is_next(&self, state: &State, value: ValueId) -> bool {
        let kind = self.kind(value);
        kind.size() == state.kind.size() && kind.vocabulary() == state.kind.vocabulary()
    }

    /// The next value of a state, in storage of its own and at each step.
    pub(super) fn next_state(
        &mut self,
        node: &Node,
        value: ValueId,
        states: &[State],
        axis: usize,
        scope: &mut Scope,
    ) -> Result<ValueId> {
        let value = self.as_numbers(node, value, scope);
        let value = self.over(node, value, axis, scope)?;
        let incoming = states.iter().any(|state| state.incoming == value);
        Ok(if incoming { self.copy(node, value, scope) } else { value })
    }

    /// Copies a state that is another state's next value: each next value needs storage of its own.
    fn copy(&mut self, node: &Node, value: ValueId, scope: &mut Scope) -> ValueId {
        let kind = self.kind(value).clone();
        let copy = self.computed(&node.name, kind);
        let op = Operation::Affine { scale: 1.0, shift: 0.0 };
        scope.instructions.push(Instruction {
            node: node.name.clone(),
            op,
            inputs: vec![value],
            outputs: vec![copy],
        });
        copy
    }
}

fn check_initialized(node: &Node, scan: &Scan, states: &[State]) -> Result<()> {
    let known: HashSet<&str> = states.iter().map(|state| state.name.as_str()).collect();
    if let Some(name) = scan.initial.iter().find(|name| !known.contains(name.as_str())) {
        return Err(Error::graph(format!(
            "node '{}': expected a state of its body to initialize, received '{name}'",
            node.name
        )));
    }
    let distinct: HashSet<&String> = scan.initial.iter().collect();
    if distinct.len() != scan.initial.len() {
        return Err(Error::graph(format!(
            "node '{}': expected each state to be initialized once, received one twice",
            node.name
        )));
    }
    Ok(())
}
