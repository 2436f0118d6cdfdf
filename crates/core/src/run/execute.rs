//! Instructions one after another, forward and back.

use std::ops::Range;

use unrolled_kernels::Element;

use super::{Frame, window};
use crate::cell::{gru, lstm, rnn};
use crate::finite::first_non_finite;
use crate::op::{
    activation, arithmetic, concat, dropout, embedding, layer_norm, linear, pool, repeat, shift,
};
use crate::program::{Instruction, Operand, Operation, ValueId};
use crate::scan::recurrence;
use crate::{Error, Result};

/// Whether to look for the first value that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Run on.
    Off,
    /// Stop at it and name the node.
    On,
}

/// Runs a list of instructions.
pub(crate) fn forward_all<E: Element>(
    f: &mut Frame<'_, E>,
    list: &[Instruction],
    probe: Probe,
) -> Result<()> {
    for instruction in list {
        forward(f, instruction, probe)?;
        if probe == Probe::On {
            inspect(f, instruction)?;
        }
    }
    Ok(())
}

fn forward<E: Element>(f: &mut Frame<'_, E>, i: &Instruction, probe: Probe) -> Result<()> {
    match &i.op {
        Operation::Embedding(op) => embedding::forward(f, op, i),
        Operation::Linear(op) => linear::forward(f, op, i),
        Operation::Activation(op) => activation::forward(f, *op, i),
        Operation::Softmax => activation::softmax_forward(f, i),
        Operation::Add => arithmetic::add_forward(f, i),
        Operation::Multiply => arithmetic::multiply_forward(f, i),
        Operation::Affine { scale, shift } => arithmetic::affine_forward(f, *scale, *shift, i),
        Operation::Concat => concat::forward(f, i),
        Operation::Slice { start } => concat::slice_forward(f, *start, i),
        Operation::LayerNorm(op) => layer_norm::forward(f, op, i),
        Operation::Dropout(op) => dropout::forward(f, op, i),
        Operation::Shift(op) => shift::forward(f, op, i),
        Operation::Repeat => repeat::forward(f, i),
        Operation::Pool(op) => pool::forward(f, *op, i),
        Operation::ActivationStep { activation, linear } => rnn::forward(f, *activation, linear, i),
        Operation::Lstm { linear } => lstm::forward(f, linear.as_ref(), i),
        Operation::Gru { linear } => gru::forward(f, linear.as_ref(), i),
        Operation::Recurrence(op) => return recurrence::forward(f, op, probe),
    }
    Ok(())
}

/// Names the node and step of a value that is not finite.
fn inspect<E: Element>(f: &Frame<'_, E>, i: &Instruction) -> Result<()> {
    for &value in i.outputs.iter().filter(|&&v| f.program.values[v].width > 0) {
        let rows = f.matrix(Operand::Value(value));
        for row in 0..rows.rows() {
            if first_non_finite(rows.row(row)).is_some() {
                let when = f.step_of(value, row).map_or(String::new(), |t| format!(" at step {t}"));
                return Err(Error::non_finite(format!("node '{}': a NaN or infinity{when}", i.node)));
            }
        }
    }
    Ok(())
}

/// Sends gradients back through a list of instructions inside a loop.
pub(crate) fn backward_all<E: Element>(f: &mut Frame<'_, E>, list: &[Instruction]) {
    for instruction in list.iter().rev() {
        if f.plan.gradients.active(instruction) {
            backward(f, instruction, &[]);
        }
    }
}

/// The instructions from `first` on that run together: a group, if it runs window by window, or one alone.
fn together<E: Element>(f: &Frame<'_, E>, first: usize) -> (Option<usize>, Range<usize>) {
    let group = f.program.groups.iter().position(|group| group.range.contains(&first));
    match group.filter(|_| f.plan.windowed) {
        Some(group) => (Some(group), f.program.groups[group].range.clone()),
        None => (None, first..first + 1),
    }
}

/// Runs the whole program.
pub(crate) fn forward_program<E: Element>(f: &mut Frame<'_, E>, probe: Probe) -> Result<()> {
    let mut first = 0;
    while first < f.program.instructions.len() {
        let (group, range) = together(f, first);
        first = range.end;
        match group {
            Some(group) => window::forward(f, &f.program.groups[group], probe)?,
            None => forward_all(f, &f.program.instructions[range], probe)?,
        }
    }
    Ok(())
}

/// Sends gradients back through the whole program. `seed` gives the losses of a group that is at hand window by
/// window their part, or of all other values.
pub(super) fn backward_program<E: Element>(
    f: &mut Frame<'_, E>,
    seed: &mut impl FnMut(&mut Frame<'_, E>, Option<usize>) -> Result<()>,
) -> Result<()> {
    seed(f, None)?;
    let mut end = f.program.instructions.len();
    while end > 0 {
        let (group, range) = together(f, end - 1);
        end = range.start;
        match group {
            Some(group) => window::backward(f, group, seed)?,
            None => backward_group(f, range),
        }
    }
    Ok(())
}

/// Sends gradients back through some of the program's instructions, to each value for the first time onto zeros.
pub(super) fn backward_group<E: Element>(f: &mut Frame<'_, E>, range: Range<usize>) {
    let (program, plan) = (f.program, f.plan);
    for index in range.rev() {
        let instruction = &program.instructions[index];
        if plan.gradients.active(instruction) {
            // A window adds to what its group has begun.
            let inside = f.block.window.is_some();
            for &value in &plan.first_touched[index] {
                if !inside || program.values[value].axis.is_some() {
                    f.zero(value);
                }
            }
            backward(f, instruction, &plan.each_step[index]);
        }
    }
}

fn backward<E: Element>(f: &mut Frame<'_, E>, i: &Instruction, each_step: &[ValueId]) {
    match &i.op {
        Operation::Embedding(_) => {}
        Operation::Linear(op) => linear::backward(f, op, i),
        Operation::Activation(op) => activation::backward(f, *op, i),
        Operation::Softmax => activation::softmax_backward(f, i),
        Operation::Add => arithmetic::add_backward(f, i),
        Operation::Multiply => arithmetic::multiply_backward(f, i),
        Operation::Affine { scale, .. } => arithmetic::affine_backward(f, *scale, i),
        Operation::Concat => concat::backward(f, i),
        Operation::Slice { start } => concat::slice_backward(f, *start, i),
        Operation::LayerNorm(op) => layer_norm::backward(f, op, i),
        Operation::Dropout(op) => dropout::backward(f, op, i),
        Operation::Shift(op) => shift::backward(f, op, i),
        Operation::Repeat => repeat::backward(f, i),
        Operation::Pool(op) => pool::backward(f, *op, i),
        Operation::ActivationStep { activation, linear } => rnn::backward(f, *activation, linear, i),
        Operation::Lstm { linear } => lstm::backward(f, linear.as_ref(), i),
        Operation::Gru { linear } => gru::backward(f, linear.as_ref(), i),
        Operation::Recurrence(op) => recurrence::backward(f, op, each_step),
    }
}
