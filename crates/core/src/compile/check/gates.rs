//! The nodes of gates: an LSTM's and a GRU's, from their products.

use super::node::Ports;
use super::{Checker, Scope};
use crate::graph::Node;
use crate::program::{Operation, ValueId};
use crate::{Error, Result};

impl Checker {
    /// The state size of a gates node whose inputs are `gates[i]` times as wide.
    fn gates(&self, node: &Node, inputs: &[ValueId], gates: &[usize]) -> Result<usize> {
        self.arity(node, inputs, gates.len())?;
        let size = self.size_of(node, inputs[gates.len() - 1])?;
        for (&value, &gates) in inputs.iter().zip(gates) {
            if self.size_of(node, value)? != gates * size {
                return Err(Error::shape(format!(
                    "node '{}': expected {} features from '{}' for a state of {size}, received {}",
                    node.name,
                    gates * size,
                    self.name(value),
                    self.kind(value)
                )));
            }
        }
        Ok(size)
    }

    pub(super) fn lstm_gates(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let inputs = self.step_by_step(node, inputs, scope)?;
        let size = self.gates(node, &inputs, &[4, 1])?;
        let outputs = self.gate_values(node, inputs[0], &[4 * size, size, size]);
        let ports = vec![("h".to_owned(), outputs[2]), ("c".to_owned(), outputs[1])];
        self.push(node, Operation::Lstm { linear: None }, inputs, outputs, scope);
        Ok(ports)
    }

    pub(super) fn gru_gates(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let inputs = self.step_by_step(node, inputs, scope)?;
        let size = self.gates(node, &inputs, &[3, 3, 1])?;
        let outputs = self.gate_values(node, inputs[0], &[3 * size, size, size]);
        let ports = vec![("h".to_owned(), outputs[2])];
        let inputs = vec![inputs[0], inputs[2], inputs[1]];
        self.push(node, Operation::Gru { linear: None }, inputs, outputs, scope);
        Ok(ports)
    }

    fn gate_values(&mut self, node: &Node, like: ValueId, sizes: &[usize]) -> Vec<ValueId> {
        let kind = self.kind(like).clone();
        sizes.iter().map(|&size| self.value(&node.name, kind.with_size(size))).collect()
    }
}
