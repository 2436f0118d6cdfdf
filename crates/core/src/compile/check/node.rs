//! One node: inputs accepted and outputs given.

use std::ops::RangeInclusive;

use super::{Checker, Scope};
use crate::graph::{ChooseBy, Evaluation, Factor, MAX_SIZE, Node, Op};
use crate::program::{Dropout, Function, Instruction, Matmul, Operation, Pooling, ValueId};
use crate::{Error, Result};

pub(super) type Ports = Vec<(String, ValueId)>;

impl Checker {
    /// Checks one node that is neither an input, a state nor a loop.
    pub(super) fn node(&mut self, node: &Node, inputs: Vec<ValueId>, scope: &mut Scope) -> Result<Ports> {
        match &node.op {
            Op::Input(_) | Op::State { .. } | Op::TokenState { .. } | Op::Scan(_) | Op::Fold(_) => {
                Err(Error::internal(format!("node '{}': reached the wrong check", node.name)))
            }
            Op::Embedding { weight, padding } => self.embedding(node, &inputs, weight, *padding, scope),
            Op::Linear { weight, bias, rows } => {
                let linear = self.linear(node, &inputs, weight, bias.as_deref(), *rows)?;
                let size = linear.weight.rows;
                self.map(node, inputs, size, Operation::Linear(linear), scope)
            }
            Op::SumOfChildren => self.of_children(node, inputs, Operation::SumOverEdges, scope),
            Op::Child { index } => self.of_children(node, inputs, Operation::Child { index: *index }, scope),
            Op::Root => self.pool(node, inputs, Pooling::Root, scope),
            Op::Last => self.pool(node, inputs, Pooling::Last { first: false }, scope),
            Op::Mean => self.pool(node, inputs, Pooling::Mean, scope),
            Op::Max => self.pool(node, inputs, Pooling::Max, scope),
            Op::SumOverTime => self.pool(node, inputs, Pooling::Sum, scope),
            Op::SoftmaxOverTime => self.softmax_over_time(node, inputs, scope),
            Op::Concat => {
                self.shared_axis(node, &inputs, 1)?;
                let size = inputs.iter().map(|&v| self.program.values[v].width).sum();
                self.map(node, inputs, size, Operation::Concat, scope)
            }
            Op::Slice { start, size } => {
                let width = self.numbers(node, &inputs)?;
                if *size == 0 || start.checked_add(*size).is_none_or(|end| end > width) {
                    return Err(Error::shape(format!(
                        "node '{}': slice {start}..{} is empty or outside the {width} features",
                        node.name,
                        start.saturating_add(*size)
                    )));
                }
                self.map(node, inputs, *size, Operation::Slice { start: *start }, scope)
            }
            Op::Add => self.combine(node, inputs, Operation::Add, scope),
            Op::Multiply => self.combine(node, inputs, Operation::Multiply, scope),
            Op::Affine { scale, shift } => {
                let size = self.numbers(node, &inputs)?;
                setting(node, "scale", *scale, &SINGLE)?;
                setting(node, "shift", *shift, &SINGLE)?;
                self.map(node, inputs, size, Operation::Affine { scale: *scale, shift: *shift }, scope)
            }
            Op::Divide => self.combine_few::<2>(node, inputs, Operation::Divide, scope),
            Op::Maximum => self.combine_few::<2>(node, inputs, Operation::Maximum, scope),
            Op::Minimum => self.combine_few::<2>(node, inputs, Operation::Minimum, scope),
            Op::Where => self.combine_few::<3>(node, inputs, Operation::Where, scope),
            Op::Sum => {
                self.numbers(node, &inputs)?;
                self.map(node, inputs, 1, Operation::Sum, scope)
            }
            Op::Abs => self.function(node, inputs, Function::Abs, scope),
            Op::Exp => self.function(node, inputs, Function::Exp, scope),
            Op::Log => self.function(node, inputs, Function::Log, scope),
            Op::Sqrt => self.function(node, inputs, Function::Sqrt, scope),
            Op::Elu { alpha } => {
                setting(node, "alpha", *alpha, &SINGLE)?;
                self.function(node, inputs, Function::Elu { alpha: *alpha }, scope)
            }
            Op::LeakyRelu { slope } => {
                setting(node, "slope", *slope, &SINGLE)?;
                self.function(node, inputs, Function::LeakyRelu { slope: *slope }, scope)
            }
            Op::Activation(name) => self.activation(node, inputs, *name, scope),
            Op::Matmul { rows, inner, columns, transpose } => {
                let transposed = [Factor::A, Factor::B].map(|factor| *transpose == Some(factor));
                let op = Matmul { rows: *rows, inner: *inner, columns: *columns, transposed };
                self.matmul(node, inputs, op, scope)
            }
            Op::Parameter { weight } => {
                let tensor = self.tensor(node, weight, 1)?;
                self.given(node, &inputs, tensor.rows, Operation::Parameter(tensor), scope)
            }
            Op::Constant { values } => {
                for value in values {
                    setting(node, "values", *value, &SINGLE)?;
                }
                self.given(node, &inputs, values.len(), Operation::Constant(values.clone()), scope)
            }
            Op::Detach => {
                let size = self.numbers(node, &inputs)?;
                self.map(node, inputs, size, Operation::Detach, scope)
            }
            Op::Argmax => {
                let size = self.numbers(node, &inputs)?;
                self.map(node, inputs, size, Operation::Argmax, scope)
            }
            Op::OneHot => self.one_hot(node, inputs, scope),
            Op::StraightThrough => self.combine_few::<2>(node, inputs, Operation::StraightThrough, scope),
            Op::Choose { by, ratio, evaluation } => {
                let forced = *evaluation == Evaluation::Forced;
                self.choose(node, inputs, *by == ChooseBy::Sample, *ratio, forced, scope)
            }
            Op::GumbelNoise => self.gumbel_noise(node, inputs, scope),
            Op::LayerNorm { gain, bias, epsilon } => {
                self.layer_norm(node, inputs, gain, bias, *epsilon, scope)
            }
            Op::Dropout { rate, fixed } => {
                let size = self.numbers(node, &inputs)?;
                if !(0.0..1.0).contains(rate) {
                    return Err(Error::argument(format!(
                        "node '{}': expected a rate of at least 0 and below 1, received {rate}",
                        node.name
                    )));
                }
                // Each step has its own mask, also for a vector, which is the same at every step.
                let inputs = match scope.axis.filter(|_| !fixed) {
                    Some(axis) => vec![self.over(node, inputs[0], axis, scope)?],
                    None => inputs,
                };
                let op = Operation::Dropout(Dropout { rate: *rate, fixed: *fixed });
                self.map(node, inputs, size, op, scope)
            }
            Op::Repeat { steps } => self.repeat_node(node, inputs, steps.as_ref(), scope),
            Op::Shift { start } => self.shift(node, inputs, *start, scope),
            Op::Attention { score } => self.attention(node, &inputs, score, scope),
            Op::GumbelTree { weight, bias, query, temperature } => {
                self.gumbel_tree(node, &inputs, [weight, query], bias.as_deref(), *temperature, scope)
            }
            Op::LstmGates => self.lstm_gates(node, inputs, scope),
            Op::GruGates => self.gru_gates(node, inputs, scope),
        }
    }

    /// The features of the node's only input, which must hold numbers.
    pub(super) fn numbers(&self, node: &Node, inputs: &[ValueId]) -> Result<usize> {
        self.arity(node, inputs, 1)?;
        self.size_of(node, inputs[0])
    }

    pub(super) fn size_of(&self, node: &Node, value: ValueId) -> Result<usize> {
        let kind = self.kind(value);
        kind.size().ok_or_else(|| {
            Error::kind(format!(
                "node '{}': expected numbers, received {kind} from '{}'",
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
        Err(Error::graph(format!(
            "node '{}': expected {expected} inputs, received {}",
            node.name,
            inputs.len()
        )))
    }

    /// Adds an instruction whose one output has the rows and steps of its inputs.
    pub(super) fn map(
        &mut self,
        node: &Node,
        inputs: Vec<ValueId>,
        size: usize,
        op: Operation,
        scope: &mut Scope,
    ) -> Result<Ports> {
        if size > MAX_SIZE {
            return Err(Error::size(format!(
                "node '{}': expected at most {MAX_SIZE} features, received {size}",
                node.name
            )));
        }
        let over_time = inputs.iter().find(|&&v| self.program.values[v].axis.is_some());
        let kind = self.kind(*over_time.unwrap_or(&inputs[0])).with_size(size);
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
}

/// Numbers that fit `f32`.
pub(super) const SINGLE: RangeInclusive<f64> = (f32::MIN as f64)..=(f32::MAX as f64);

/// Checks a number among a node's options, which the model takes in f32.
pub(super) fn setting(node: &Node, name: &str, value: f64, range: &RangeInclusive<f64>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Error::argument(format!(
        "node '{}': expected {name} from {least:e} to {most:e}, received {value:?}",
        node.name
    )))
}
