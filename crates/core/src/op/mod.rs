//! The operations, one file each: facts, then forward directly above backward.
//!
//! An operation sees matrices: all steps together, or one step of a loop. Backward always adds to the
//! gradients of its inputs.

mod activation;
mod arithmetic;
mod as_numbers;
mod attention;
mod binary;
mod choose;
mod concat;
mod coverage;
mod detach;
mod discrete;
mod dropout;
mod edges;
mod embedding;
mod facts;
mod features;
mod fold;
mod function;
mod given;
mod gru;
mod gumbel;
pub(crate) mod gumbel_tree;
mod layer_norm;
mod linear;
mod loss;
mod lstm;
mod matmul;
mod pool;
mod queries;
mod repeat;
mod rnn;
mod row_major;
mod shift;
mod single;
mod softmax_over_time;
mod tree_lstm;
mod unroll;

use unrolled_kernels::Element;

use crate::Error;
use crate::Result;
use crate::finite::first_non_finite;
use crate::program::{Instruction, Operand, Operation, Plan, Program, ValueId};
use crate::storage::{Shard, View};

pub(crate) use facts::{Cut, Facts, Flow, Product, Storage, Time, Work};

impl Instruction {
    /// Everything a pass may ask of the instruction.
    pub(crate) fn facts(&self) -> Facts {
        match &self.op {
            Operation::Embedding(op) => embedding::facts(op, self),
            Operation::Linear(op) => linear::facts(op, self),
            Operation::Activation(_) => activation::facts(self),
            Operation::Softmax => activation::softmax_facts(self),
            Operation::Add | Operation::Affine { .. } => arithmetic::linear_facts(),
            Operation::Multiply => arithmetic::multiply_facts(self),
            Operation::Function(_) => function::facts(self),
            Operation::Divide | Operation::Maximum | Operation::Minimum | Operation::Where => {
                binary::facts(self)
            }
            Operation::Sum | Operation::Spread => features::facts(),
            Operation::Matmul(op) => matmul::facts(*op, self),
            Operation::Parameter(tensor) => given::parameter_facts(*tensor, self),
            Operation::Constant(_) => given::constant_facts(),
            Operation::Detach => detach::facts(),
            Operation::Argmax | Operation::OneHot => discrete::choice_facts(),
            Operation::StraightThrough => discrete::straight_through_facts(),
            Operation::AsNumbers => as_numbers::facts(),
            Operation::Choose(op) => choose::facts(*op),
            Operation::GumbelNoise => gumbel::facts(),
            Operation::Concat | Operation::Slice { .. } => concat::facts(),
            Operation::LayerNorm(op) => layer_norm::facts(op, self),
            Operation::Dropout(_) => dropout::facts(),
            Operation::Shift(op) => shift::facts(op, self),
            Operation::Repeat => repeat::facts(),
            Operation::Pool(op) => pool::facts(*op, self),
            Operation::SoftmaxOverTime => softmax_over_time::facts(self),
            Operation::ActivationStep { linear, .. } => rnn::facts(linear, self),
            Operation::Lstm { linear } => lstm::facts(linear.as_ref(), self),
            Operation::Gru { linear } => gru::facts(linear.as_ref(), self),
            Operation::RowMajor => row_major::facts(),
            Operation::Attention(op) => attention::facts(op, self),
            Operation::SpreadToEdges
            | Operation::SumOverEdges
            | Operation::Child { .. }
            | Operation::Children => edges::facts(),
            Operation::TreeLstm(linear) => tree_lstm::facts(linear, self),
            Operation::Coverage(op) => coverage::facts(op, self),
            Operation::GumbelTree(op) => gumbel_tree::facts(op, self),
            Operation::Loss { .. } => loss::facts(self),
            Operation::Recurrence(op) => unroll::facts(op),
        }
    }

    /// The product with a weight, if there is one.
    pub(crate) fn product(&mut self) -> Option<Product<'_>> {
        let (linear, gates, parts): (_, _, &[usize]) = match &mut self.op {
            Operation::Linear(linear)
            | Operation::ActivationStep { linear, .. }
            | Operation::TreeLstm(linear) => (linear, 1, &[1]),
            Operation::Lstm { linear } => (linear.as_mut()?, 4, &[4]),
            // The gradient of n's part of the product differs from that of its pre-activation.
            Operation::Gru { linear } => (linear.as_mut()?, 3, &[2, 1]),
            Operation::GumbelTree(op) => (&mut op.linear, 1, &[1]),
            Operation::Embedding(_)
            | Operation::Activation(_)
            | Operation::Softmax
            | Operation::Add
            | Operation::Multiply
            | Operation::Affine { .. }
            | Operation::Function(_)
            | Operation::Divide
            | Operation::Maximum
            | Operation::Minimum
            | Operation::Where
            | Operation::Sum
            | Operation::Spread
            | Operation::Matmul(_)
            | Operation::Parameter(_)
            | Operation::Constant(_)
            | Operation::Detach
            | Operation::Argmax
            | Operation::OneHot
            | Operation::StraightThrough
            | Operation::AsNumbers
            | Operation::Choose(_)
            | Operation::GumbelNoise
            | Operation::Concat
            | Operation::Slice { .. }
            | Operation::LayerNorm(_)
            | Operation::Dropout(_)
            | Operation::Shift(_)
            | Operation::Repeat
            | Operation::Pool(_)
            | Operation::RowMajor
            | Operation::Attention(_)
            | Operation::Coverage(_)
            | Operation::SoftmaxOverTime
            | Operation::SpreadToEdges
            | Operation::SumOverEdges
            | Operation::Child { .. }
            | Operation::Children
            | Operation::Loss { .. }
            | Operation::Recurrence(_) => return None,
        };
        Some(Product { linear, gates, parts })
    }
}

/// Runs a list of instructions; a run that inspects stops at the first value that is not finite.
pub(crate) fn forward_all<E: Element>(f: &mut View<'_, E>, list: &[Instruction]) -> Result<()> {
    for instruction in list {
        forward(f, instruction)?;
        if f.inspect {
            inspect(f, instruction)?;
        }
    }
    Ok(())
}

fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) -> Result<()> {
    match &i.op {
        Operation::Embedding(op) => embedding::forward(f, op, i),
        Operation::Linear(op) => linear::forward(f, op, i),
        Operation::Activation(op) => activation::forward(f, *op, i),
        Operation::Softmax => activation::softmax_forward(f, i),
        Operation::Add => arithmetic::add_forward(f, i),
        Operation::Multiply => arithmetic::multiply_forward(f, i),
        Operation::Affine { scale, shift } => arithmetic::affine_forward(f, *scale, *shift, i),
        Operation::Function(op) => function::forward(f, *op, i),
        Operation::Divide => binary::divide_forward(f, i),
        Operation::Maximum => binary::maximum_forward(f, i),
        Operation::Minimum => binary::minimum_forward(f, i),
        Operation::Where => binary::where_forward(f, i),
        Operation::Sum => features::sum_forward(f, i),
        Operation::Spread => features::spread_forward(f, i),
        Operation::Matmul(op) => matmul::forward(f, *op, i),
        Operation::Parameter(tensor) => given::parameter_forward(f, *tensor, i),
        Operation::Constant(values) => given::constant_forward(f, values, i),
        Operation::Detach => detach::forward(f, i),
        Operation::Argmax => discrete::argmax_forward(f, i),
        Operation::OneHot => discrete::one_hot_forward(f, i),
        Operation::StraightThrough => discrete::straight_through_forward(f, i),
        Operation::AsNumbers => as_numbers::forward(f, i),
        Operation::Choose(op) => choose::forward(f, *op, i),
        Operation::GumbelNoise => gumbel::forward(f, i),
        Operation::Concat => concat::forward(f, i),
        Operation::Slice { start } => concat::slice_forward(f, *start, i),
        Operation::LayerNorm(op) => layer_norm::forward(f, op, i),
        Operation::Dropout(op) => dropout::forward(f, op, i),
        Operation::Shift(op) => shift::forward(f, op, i),
        Operation::Repeat => repeat::forward(f, i),
        Operation::Pool(op) => pool::forward(f, *op, i),
        Operation::SoftmaxOverTime => softmax_over_time::forward(f, i),
        Operation::ActivationStep { activation, linear } => rnn::forward(f, *activation, linear, i),
        Operation::Lstm { linear } => lstm::forward(f, linear.as_ref(), i),
        Operation::Gru { linear } => gru::forward(f, linear.as_ref(), i),
        Operation::RowMajor => row_major::forward(f, i),
        Operation::Attention(op) => attention::forward(f, op, i),
        Operation::SpreadToEdges => edges::spread_forward(f, i),
        Operation::SumOverEdges => edges::sum_forward(f, i),
        Operation::Child { index } => edges::child_forward(f, *index, i),
        Operation::Children => edges::children_forward(f, i),
        Operation::TreeLstm(op) => tree_lstm::forward(f, op, i),
        Operation::Coverage(op) => coverage::forward(f, op, i),
        Operation::GumbelTree(op) => gumbel_tree::forward(f, op, i),
        Operation::Loss { target } => loss::forward(f, *target, i),
        Operation::Recurrence(op) => return unroll::forward(f, op),
    }
    Ok(())
}

/// Numbers of scratch that an instruction needs in a shard of `rows` rows.
pub(crate) fn scratch<E: Element>(
    program: &Program,
    plan: &Plan,
    i: &Instruction,
    shard: &Shard<E>,
) -> usize {
    let rows = shard.rows.len();
    let width = |value: ValueId| program.values[value].width;
    match &i.op {
        Operation::Dropout(_) => width(i.outputs[0]),
        Operation::Choose(op) if op.sample => width(i.inputs[0]),
        Operation::Gru { .. } if plan.training => rows.saturating_mul(width(i.outputs[2])),
        Operation::Attention(_) => attention::scratch(program, i, shard),
        Operation::Coverage(_) => coverage::scratch(program, i, shard),
        Operation::GumbelTree(_) => gumbel_tree::scratch(program, i, shard),
        Operation::TreeLstm(_) => tree_lstm::scratch(program, i, shard),
        Operation::Loss { target } => program.targets[*target].loss.scratch(),
        Operation::Recurrence(op) => {
            op.body.iter().map(|i| scratch(program, plan, i, shard)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Names the node and step of a value that is not finite.
fn inspect<E: Element>(f: &View<'_, E>, i: &Instruction) -> Result<()> {
    for &value in i.outputs.iter().filter(|&&v| f.program.values[v].width > 0) {
        let rows = f.matrix(Operand::Value(value));
        for row in 0..rows.rows() {
            if first_non_finite(rows.row(row)).is_some() {
                let when = f.step_of(value, row).map_or(String::new(), |t| format!(" at step {t}"));
                return Err(Error::non_finite(format!(
                    "node '{}': expected finite numbers, received a NaN or infinity{when}",
                    i.node
                )));
            }
        }
    }
    Ok(())
}

/// Sends gradients back through a list of instructions inside a loop.
pub(crate) fn backward_all<E: Element>(f: &mut View<'_, E>, list: &[Instruction]) {
    for instruction in list.iter().rev() {
        let unheard = instruction.outputs.iter().any(|&value| f.has_no_children(value));
        if f.plan.gradients.active(instruction) && !unheard {
            backward(f, instruction, &[]);
        }
    }
}

/// Sends gradients back through one instruction; `per_step_gradients` are those of a loop that live for one step.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction, per_step_gradients: &[ValueId]) {
    match &i.op {
        // The gradients of parameters are sums of the weights' region; ids, constants, choices and detached values have none.
        Operation::Embedding(_)
        | Operation::Parameter(_)
        | Operation::Constant(_)
        | Operation::Argmax
        | Operation::OneHot
        | Operation::AsNumbers
        | Operation::Choose(_)
        | Operation::Detach => {}
        Operation::Linear(op) => linear::backward(f, op, i),
        Operation::Activation(op) => activation::backward(f, *op, i),
        Operation::Softmax => activation::softmax_backward(f, i),
        Operation::Add => arithmetic::add_backward(f, i),
        Operation::Multiply => arithmetic::multiply_backward(f, i),
        Operation::Affine { scale, .. } => arithmetic::affine_backward(f, *scale, i),
        Operation::Function(op) => function::backward(f, *op, i),
        Operation::Divide => binary::divide_backward(f, i),
        Operation::Maximum => binary::maximum_backward(f, i),
        Operation::Minimum => binary::minimum_backward(f, i),
        Operation::Where => binary::where_backward(f, i),
        Operation::Sum => features::sum_backward(f, i),
        Operation::Spread => features::spread_backward(f, i),
        Operation::Matmul(op) => matmul::backward(f, *op, i),
        Operation::StraightThrough => discrete::straight_through_backward(f, i),
        Operation::GumbelNoise => gumbel::backward(f, i),
        Operation::Concat => concat::backward(f, i),
        Operation::Slice { start } => concat::slice_backward(f, *start, i),
        Operation::LayerNorm(op) => layer_norm::backward(f, op, i),
        Operation::Dropout(op) => dropout::backward(f, op, i),
        Operation::Shift(op) => shift::backward(f, op, i),
        Operation::Repeat => repeat::backward(f, i),
        Operation::Pool(op) => pool::backward(f, *op, i),
        Operation::SoftmaxOverTime => softmax_over_time::backward(f, i),
        Operation::ActivationStep { activation, linear } => rnn::backward(f, *activation, linear, i),
        Operation::Lstm { linear } => lstm::backward(f, linear.as_ref(), i),
        Operation::Gru { linear } => gru::backward(f, linear.as_ref(), i),
        Operation::RowMajor => row_major::backward(f, i),
        Operation::Attention(op) => attention::backward(f, op, i),
        Operation::SpreadToEdges => edges::spread_backward(f, i),
        Operation::SumOverEdges => edges::sum_backward(f, i),
        Operation::Child { index } => edges::child_backward(f, *index, i),
        Operation::Children => edges::children_backward(f, i),
        Operation::TreeLstm(op) => tree_lstm::backward(f, op, i),
        Operation::Coverage(op) => coverage::backward(f, op, i),
        Operation::GumbelTree(op) => gumbel_tree::backward(f, op, i),
        Operation::Loss { target } => loss::backward(f, *target, i),
        Operation::Recurrence(op) => unroll::backward(f, op, per_step_gradients),
    }
}
