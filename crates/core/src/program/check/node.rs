//! One node: what it accepts and what it gives.

use std::ops::RangeInclusive;

use unrolled_kernels::Activation;

use super::super::{
    Dropout, Embedding, Instruction, LayerNorm, Linear, Operation, Pool, Shift, TensorRef, ValueId,
};
use super::{Checker, Scope};
use crate::graph::{ActivationName, Kind, MAX_SIZE, Node, Op};
use crate::{Error, Result};

pub(super) type Ports = Vec<(String, ValueId)>;

impl Checker {
    /// Checks one node that is neither an input, a state nor a scan.
    pub(super) fn node(&mut self, node: &Node, inputs: Vec<ValueId>, scope: &mut Scope) -> Result<Ports> {
        match &node.op {
            Op::Input(_) | Op::State { .. } | Op::Scan(_) => {
                Err(Error::internal(format!("node '{}': reached the wrong check", node.name)))
            }
            Op::Embedding { weight, padding } => self.embedding(node, &inputs, weight, *padding, scope),
            Op::Linear { weight, bias, rows } => {
                let linear = self.linear(node, &inputs, weight, bias.as_deref(), *rows)?;
                let size = linear.weight.rows;
                self.map(node, inputs, size, Operation::Linear(linear), scope)
            }
            Op::Last => self.pool(node, inputs, Pool::Last { first: false }, scope),
            Op::Mean => self.pool(node, inputs, Pool::Mean, scope),
            Op::Max => self.pool(node, inputs, Pool::Max, scope),
            Op::Concat => {
                let inputs = self.align(node, inputs, 1, scope)?;
                let size = inputs.iter().map(|&v| self.program.values[v].width).sum();
                self.map(node, inputs, size, Operation::Concat, scope)
            }
            Op::Slice { start, size } => {
                let width = self.numbers(node, &inputs)?;
                if *size == 0 || start.checked_add(*size).is_none_or(|end| end > width) {
                    return Err(Error::shape(format!(
                        "node '{}': cannot take {size} features from {start} on of {width}",
                        node.name
                    )));
                }
                self.map(node, inputs, *size, Operation::Slice { start: *start }, scope)
            }
            Op::Add => self.combine(node, inputs, Operation::Add, scope),
            Op::Multiply => self.combine(node, inputs, Operation::Multiply, scope),
            Op::Affine { scale, shift } => {
                let size = self.numbers(node, &inputs)?;
                let single = f64::from(f32::MIN)..=f64::from(f32::MAX);
                setting(node, "scale", *scale, &single)?;
                setting(node, "shift", *shift, &single)?;
                self.map(node, inputs, size, Operation::Affine { scale: *scale, shift: *shift }, scope)
            }
            Op::Activation(name) => {
                let size = self.numbers(node, &inputs)?;
                let op = match name {
                    ActivationName::Tanh => Operation::Activation(Activation::Tanh),
                    ActivationName::Sigmoid => Operation::Activation(Activation::Sigmoid),
                    ActivationName::Relu => Operation::Activation(Activation::Relu),
                    ActivationName::Softmax => Operation::Softmax,
                };
                self.map(node, inputs, size, op, scope)
            }
            Op::LayerNorm { gain, bias, epsilon } => {
                self.layer_norm(node, inputs, gain, bias, *epsilon, scope)
            }
            Op::Dropout { rate, fixed } => {
                let size = self.numbers(node, &inputs)?;
                if !(0.0..1.0).contains(rate) {
                    return Err(Error::argument(format!(
                        "node '{}': rate must be at least 0 and below 1, got {rate}",
                        node.name
                    )));
                }
                self.map(
                    node,
                    inputs,
                    size,
                    Operation::Dropout(Dropout { rate: *rate, fixed: *fixed }),
                    scope,
                )
            }
            Op::Shift { start } => self.shift(node, inputs, *start, scope),
            Op::LstmGates => self.lstm_gates(node, inputs, scope),
            Op::GruGates => self.gru_gates(node, inputs, scope),
        }
    }

    /// The features of the node's only input, which must hold numbers.
    fn numbers(&self, node: &Node, inputs: &[ValueId]) -> Result<usize> {
        self.arity(node, inputs, 1)?;
        self.size_of(node, inputs[0])
    }

    pub(super) fn size_of(&self, node: &Node, value: ValueId) -> Result<usize> {
        let kind = self.kind(value);
        kind.size().ok_or_else(|| {
            Error::kind(format!(
                "node '{}': expected numbers, got {kind} from '{}'",
                node.name,
                self.name(value)
            ))
        })
    }

    pub(super) fn name(&self, value: ValueId) -> &str {
        &self.program.values[value].name
    }

    pub(super) fn arity(&self, node: &Node, inputs: &[ValueId], expected: usize) -> Result<()> {
        if inputs.len() == expected {
            return Ok(());
        }
        Err(Error::graph(format!("node '{}': expected {expected} inputs, got {}", node.name, inputs.len())))
    }

    /// Adds an instruction whose one output has the rows and steps of its first input.
    fn map(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        size: usize,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        if size > MAX_SIZE {
            return Err(Error::size(format!(
                "node '{}': {size} features are more than {MAX_SIZE}",
                node.name
            )));
        }
        let kind = self.kind(inputs[0]).with_size(size);
        let output = self.value(&node.name, kind);
        self.push(node, op, inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    pub(super) fn push(
        &self,
        node: &Node,
        op: Operation,
        inputs: Vec<ValueId>,
        outputs: Vec<ValueId>,
        scope: &mut Scope,
    ) {
        let name = format!("{}{}", scope.prefix, node.name);
        scope.instructions.push(Instruction { node: name, op, inputs, outputs });
    }

    /// Repeats a vector over the steps of an axis.
    pub(super) fn repeat(
        &mut self,
        node: &Node,
        vector: ValueId,
        axis: usize,
        scope: &mut Scope,
    ) -> Result<ValueId> {
        let size = self.size_of(node, vector)?;
        let axis = self.program.axes[axis].clone();
        let name = self.name(vector).to_owned();
        let output = self.value(&name, Kind::Sequence { size, axis });
        self.push(node, Operation::Repeat, vec![vector], vec![output], scope);
        Ok(output)
    }

    /// Puts vectors beside sequences on the sequences' axis.
    pub(super) fn align(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        least: usize,
        scope: &mut Scope,
    ) -> Result<Vec<ValueId>> {
        if inputs.len() < least {
            return Err(Error::graph(format!(
                "node '{}': expected at least {least} inputs, got {}",
                node.name,
                inputs.len()
            )));
        }
        for &value in &inputs {
            self.size_of(node, value)?;
        }
        let mut axes = inputs.iter().filter_map(|&v| self.program.values[v].axis);
        let Some(axis) = axes.next() else { return Ok(inputs) };
        if let Some(other) = axes.find(|&other| other != axis) {
            return Err(Error::kind(format!(
                "node '{}': expected values on one axis, got '{}' and '{}'",
                node.name, self.program.axes[axis], self.program.axes[other]
            )));
        }
        inputs
            .into_iter()
            .map(|value| match self.program.values[value].axis {
                Some(_) => Ok(value),
                None => self.repeat(node, value, axis, scope),
            })
            .collect()
    }

    fn combine(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let inputs = self.align(node, inputs, 2, scope)?;
        let size = self.program.values[inputs[0]].width;
        if let Some(&other) = inputs.iter().find(|&&v| self.program.values[v].width != size) {
            return Err(Error::shape(format!(
                "node '{}': expected values of one size, got {} from '{}' and {} from '{}'",
                node.name,
                self.kind(inputs[0]),
                self.name(inputs[0]),
                self.kind(other),
                self.name(other)
            )));
        }
        self.map(node, inputs, size, op, scope)
    }

    fn linear(
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
                "node '{}': rows {start}..{end} are not a part of the weight's {outputs}",
                node.name
            )));
        }
        let part = |tensor: TensorRef| tensor.row_block(start, end - start);
        Ok(Linear { weight: part(weight), bias: bias.map(part), forward: 0, backward: Vec::new() })
    }

    fn embedding(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
        weight: &str,
        padding: Option<u32>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        self.arity(node, inputs, 1)?;
        let kind = self.kind(inputs[0]).clone();
        let vocabulary = kind.vocabulary().ok_or_else(|| {
            Error::kind(format!("node '{}': an embedding expects tokens, got {kind}", node.name))
        })?;
        let size = self.tensor(node, weight, 2)?.columns;
        let weight = self.parameter(node, weight, &[vocabulary, size])?;
        if let Some(id) = padding.filter(|&id| id as usize >= vocabulary) {
            return Err(Error::value(format!(
                "node '{}': the padding id {id} is not below the vocabulary of {vocabulary}",
                node.name
            )));
        }
        self.map(node, inputs.to_vec(), size, Operation::Embedding(Embedding { weight, padding }), scope)
    }

    fn pool(&mut self, node: &Node, inputs: Vec<ValueId>, pool: Pool, scope: &mut Scope) -> Result<Ports> {
        let size = self.numbers(node, &inputs)?;
        if scope.axis.is_some() || self.program.values[inputs[0]].axis.is_none() {
            return Err(Error::kind(format!(
                "node '{}': expected a sequence to pool over, got one step of it or {}",
                node.name,
                self.kind(inputs[0])
            )));
        }
        let output = self.value(&node.name, Kind::Vector { size });
        self.push(node, Operation::Pool(pool), inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }

    fn layer_norm(
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

    fn shift(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        start: Option<u32>,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let kind = inputs.first().map(|&v| self.kind(v).clone());
        let kind = kind.filter(|kind| kind.axis().is_some() && scope.axis.is_none()).ok_or_else(|| {
            Error::kind(format!("node '{}': expected a sequence or tokens over time to shift", node.name))
        })?;
        if let Some(vocabulary) = kind.vocabulary() {
            self.arity(node, &inputs, 1)?;
            if start.is_none_or(|id| (id as usize) >= vocabulary) {
                return Err(Error::value(format!(
                    "node '{}': tokens need a start id below {vocabulary}, got {start:?}",
                    node.name
                )));
            }
        } else {
            if start.is_some() {
                return Err(Error::argument(format!(
                    "node '{}': a start id is for tokens, got {kind}",
                    node.name
                )));
            }
            self.arity(node, &inputs, if inputs.len() == 2 { 2 } else { 1 })?;
            if let Some(&first) = inputs.get(1) {
                let expected = Kind::Vector { size: kind.size().unwrap_or(0) };
                if *self.kind(first) != expected {
                    return Err(Error::shape(format!(
                        "node '{}': expected {expected} as its first step, got {}",
                        node.name,
                        self.kind(first)
                    )));
                }
            }
        }
        let output = self.value(&node.name, kind);
        self.push(node, Operation::Shift(Shift { reverse: false, start }), inputs, vec![output], scope);
        Ok(vec![(String::new(), output)])
    }
}

/// Checks a number among a node's options, which the model takes in f32.
fn setting(node: &Node, name: &str, value: f64, range: &RangeInclusive<f64>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Error::argument(format!(
        "node '{}': {name} must be from {least:e} to {most:e}, got {value}",
        node.name
    )))
}
