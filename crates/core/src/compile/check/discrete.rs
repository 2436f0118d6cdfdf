//! Nodes that choose among features: inputs accepted and outputs given.

use super::node::Ports;
use super::{Checker, Scope};
use crate::graph::{Kind, Node};
use crate::program::{Choose, Operation, ValueId};
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

    /// Chooses an id among scores: each step by itself, also among those of a vector, which is the same at every step.
    pub(super) fn choose(
        &mut self,
        node: &Node,
        mut inputs: Vec<ValueId>,
        sample: bool,
        ratio: f64,
        forced: bool,
        scope: &mut Scope,
    ) -> Result<Ports> {
        if !(1..=3).contains(&inputs.len()) {
            return Err(Error::graph(format!(
                "node '{}': expected scores, then a teacher and its probability if there are any, received {} inputs",
                node.name,
                inputs.len()
            )));
        }
        if !(0.0..=1.0).contains(&ratio) {
            return Err(Error::argument(format!(
                "node '{}': expected a ratio from 0 to 1, received {ratio}",
                node.name
            )));
        }
        let vocabulary = self.size_of(node, inputs[0])?;
        if let Some(&teacher) = inputs.get(1).filter(|&&v| self.kind(v).vocabulary() != Some(vocabulary)) {
            return Err(Error::shape(format!(
                "node '{}': expected a teacher's ids below {vocabulary}, the number of scores, received {}",
                node.name,
                self.kind(teacher)
            )));
        }
        if let Some(&given) = inputs.get(2).filter(|&&v| self.kind(v).size() != Some(1)) {
            return Err(Error::shape(format!(
                "node '{}': expected a ratio of one number, received {}",
                node.name,
                self.kind(given)
            )));
        }
        let axis = self.one_axis(node, &inputs)?.or(scope.axis);
        if let Some(axis) = axis {
            inputs[0] = self.over(node, inputs[0], axis, scope)?;
        }
        let kind = Kind::Token { vocabulary };
        let kind = axis.map_or(kind.clone(), |axis| kind.over(&self.program.axes[axis]));
        let output = self.computed(&node.name, kind);
        let taught = inputs.len() > 1;
        let ratios = if taught { [f64::from(u8::from(forced)), ratio] } else { [0.0; 2] };
        self.push(node, Operation::Choose(Choose { sample, ratios }), inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }
}
