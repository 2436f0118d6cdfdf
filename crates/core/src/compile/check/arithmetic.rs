//! Nodes that compute numbers from numbers, item by item: inputs accepted and outputs given.

use unrolled_kernels::Activation;

use super::node::Ports;
use super::{Checker, Scope};
use crate::graph::{ActivationName, Kind, Node};
use crate::program::{Function, Matmul, Operation, ValueId};
use crate::{Error, Result};

impl Checker {
    pub(super) fn function(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        function: Function,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        self.map(node, inputs, size, Operation::Function(function), scope)
    }

    /// Adds an instruction without inputs, whose output is a vector.
    pub(super) fn given(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
        size: usize,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        self.arity(node, inputs, 0)?;
        let kind = Kind::Vector { size };
        kind.validate(&node.name)?;
        let output = self.value(&node.name, kind);
        self.push(node, op, Vec::new(), vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    pub(super) fn combine_few<const N: usize>(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        self.arity(node, &inputs, N)?;
        self.combine(node, inputs, op, scope)
    }

    /// Combines values number by number; a value of one number meets every number of the others.
    pub(super) fn combine(
        &mut self,
        node: &Node,
        mut inputs: Vec<ValueId>,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        self.shared_axis(node, &inputs, 2)?;
        let size = inputs.iter().map(|&v| self.program.values[v].width).max().unwrap_or(1);
        for input in inputs.iter_mut().filter(|_| size > 1) {
            if self.program.values[*input].width == 1 {
                let (name, kind) = (self.name(*input).to_owned(), self.kind(*input).with_size(size));
                let spread = self.value(&name, kind);
                self.push(node, Operation::Spread, vec![*input], vec![spread], scope);
                *input = spread;
            }
        }
        if let Some(&other) = inputs.iter().find(|&&v| self.program.values[v].width != size) {
            return Err(Error::shape(format!(
                "node '{}': expected values of one size, received {} from '{}' and {} from '{}'",
                node.name,
                self.kind(inputs[0]),
                self.name(inputs[0]),
                self.kind(other),
                self.name(other)
            )));
        }
        self.map(node, inputs, size, op, scope)
    }

    pub(super) fn activation(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        name: ActivationName,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        self.map(node, inputs, size, operation(name), scope)
    }

    /// Multiplies two small matrices, which each row or step holds flat.
    pub(super) fn matmul(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        op: Matmul,
        scope: &mut Scope,
    ) -> Result<Ports> {
        self.shared_axis(node, &inputs, 2)?;
        self.arity(node, &inputs, 2)?;
        let Matmul { rows, inner, columns, transposed } = op;
        for (n, [high, wide]) in [[rows, inner], [inner, columns]].into_iter().enumerate() {
            let [high, wide] = if transposed[n] { [wide, high] } else { [high, wide] };
            let kind = self.kind(inputs[n]);
            if kind.size() != high.checked_mul(wide) {
                return Err(Error::shape(format!(
                    "node '{}': expected {high} by {wide} numbers for '{}', received {kind}",
                    node.name,
                    self.name(inputs[n])
                )));
            }
        }
        self.map(node, inputs, rows.saturating_mul(columns), Operation::Matmul(op), scope)
    }
}

fn operation(name: ActivationName) -> Operation {
    match name {
        ActivationName::Tanh => Operation::Activation(Activation::Tanh),
        ActivationName::Sigmoid => Operation::Activation(Activation::Sigmoid),
        ActivationName::Relu => Operation::Activation(Activation::Relu),
        ActivationName::Softplus => Operation::Function(Function::Softplus),
        ActivationName::HardSigmoid => Operation::Function(Function::HardSigmoid),
        ActivationName::Silu => Operation::Function(Function::Silu),
        ActivationName::Gelu => Operation::Function(Function::Gelu),
        ActivationName::Softmax => Operation::Softmax,
    }
}
