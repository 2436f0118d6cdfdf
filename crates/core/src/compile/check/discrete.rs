//! Nodes that choose among features: inputs accepted and outputs given.

use super::node::Ports;
use super::{Checker, Scope};
use crate::graph::Node;
use crate::program::{Operation, ValueId};
use crate::{Error, Result};

impl Checker {
    pub(super) fn one_hot(&mut self, node: &Node, inputs: Vec<ValueId>, scope: &mut Scope) -> Result<Ports> {
        let vocabulary = self.vocabulary(node, &inputs)?;
        self.map(node, inputs, vocabulary, Operation::OneHot, scope)
    }

    /// The number of ids of the node's only input, which must hold some.
    pub(super) fn vocabulary(&self, node: &Node, inputs: &[ValueId]) -> Result<usize> {
        self.arity(node, inputs, 1)?;
        let kind = self.kind(inputs[0]);
        kind.vocabulary()
            .ok_or_else(|| Error::kind(format!("node '{}': expected tokens, received {kind}", node.name)))
    }

    /// Each step has its own noise, also for a vector, which is the same at every step.
    pub(super) fn gumbel_noise(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        let inputs = match scope.axis {
            Some(axis) => vec![self.over(node, inputs[0], axis, scope)?],
            None => inputs,
        };
        self.map(node, inputs, size, Operation::GumbelNoise, scope)
    }
}
