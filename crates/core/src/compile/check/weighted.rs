//! Nodes with parameters: inputs accepted and outputs given.

use super::node::{Ports, setting};
use super::{Checker, Scope};
use crate::graph::Node;
use crate::program::{Embedding, LayerNorm, Linear, Operation, TensorRef, ValueId};
use crate::{Error, Result};

impl Checker {
    pub(super) fn linear(
        &self,
        node: &Node,
        inputs: &[ValueId],
        weight: &str,
        bias: Option<&str>,
        rows: Option<[usize; 2]>,
    ) -> Result<Linear> {
        let size = self.numbers(node, inputs)?;
        let outputs = self.tensor(node, weight, 2)?.rows;
        let weight = self.parameter(node, weight, &[outputs, size])?;
        let bias = bias.map(|bias| self.parameter(node, bias, &[outputs])).transpose()?;
        let [start, end] = rows.unwrap_or([0, outputs]);
        if start >= end || end > outputs {
            return Err(Error::shape(format!(
                "node '{}': rows {start}..{end} are outside the weight's {outputs}",
                node.name
            )));
        }
        let part = |tensor: TensorRef| tensor.part(start, end - start);
        Ok(Linear { weight: part(weight), bias: bias.map(part), forward: 0, backward: Vec::new() })
    }

    pub(super) fn embedding(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
        weight: &str,
        padding: Option<u32>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let vocabulary = self.vocabulary(node, inputs)?;
        let size = self.tensor(node, weight, 2)?.columns;
        let weight = self.parameter(node, weight, &[vocabulary, size])?;
        if let Some(id) = padding.filter(|&id| id as usize >= vocabulary) {
            return Err(Error::argument(format!(
                "node '{}': expected a padding id below the vocabulary of {vocabulary}, received {id}",
                node.name
            )));
        }
        let op = Operation::Embedding(Embedding { weight, padding });
        if self.program.values[inputs[0]].holds_ids() {
            return self.map(node, inputs.to_vec(), size, op, scope);
        }
        let kind = self.kind(inputs[0]).with_size(size);
        let (output, ids) = (self.value(&node.name, kind), self.like(&node.name, inputs[0]));
        self.push(node, op, inputs.to_vec(), vec![output, ids], scope);
        Ok(vec![(String::new(), output)])
    }

    pub(super) fn layer_norm(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        gain: &str,
        bias: &str,
        epsilon: f64,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        setting(node, "epsilon", epsilon, &(f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)))?;
        let op = LayerNorm {
            gain: self.parameter(node, gain, &[size])?,
            bias: self.parameter(node, bias, &[size])?,
            epsilon,
        };
        let kind = self.kind(inputs[0]).clone();
        let outputs = [size, 2, size]
            .iter()
            .map(|&width| self.value(&node.name, kind.with_size(width)))
            .collect::<Vec<_>>();
        let output = outputs[0];
        self.push(node, Operation::LayerNorm(op), inputs, outputs, scope);
        Ok(vec![(String::new(), output)])
    }
}
