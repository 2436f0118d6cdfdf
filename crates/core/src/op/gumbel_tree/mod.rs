//! A tree that a model chooses over the steps of a row: the Gumbel Tree-LSTM (Choi, Yoo and Lee, 2018).
//!
//! A row of T steps begins with T states `[h c]`. At each of T - 1 merges every two neighbors have a candidate,
//! `i, f_l, f_r, o = σ, u = tanh` of `W [h_l h_r] + b`, `c = i u + f_l c_l + f_r c_r`, `h = o tanh c`, with the score
//! `query · h`. One candidate takes the place of its two states: in training the largest score under Gumbel's noise,
//! otherwise the largest. Backward takes the choice for `m = softmax(noisy scores / temperature)` in
//! `s'_p = m_p candidate_p + (1 - C_p) s_p + C_(p-1) s_(p+1)`, `C_p = Σ_(q <= p) m_q` (straight-through).
//!
//! Neighbors stay neighbors until one of them is merged, so a row composes fewer than 3 T candidates, not T² / 2: the T - 1
//! of neighboring steps, and at each merge the new state with the one before it and the one after it. Three candidates a
//! step: all lies on the axis of the steps, and rows never meet. The slope of a score is the same at every merge, and
//! gradients are linear in it: each candidate has its slopes once ("units"), scaled merge by merge.

mod backward;
mod choice;
mod composition;
mod forward;
mod parts;
mod trace;

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work, linear_sums};
use crate::program::{GumbelTree, Instruction, Operand, Program, Sum};
use crate::storage::Shard;

pub(crate) use backward::backward;
pub(crate) use forward::forward;
pub(crate) use parts::{GATES, widths};

use parts::{Parts, Scratch};
use trace::STATE;

/// Backward reads all that forward kept; it leaves the gradients of the products where the gates were.
pub(crate) fn facts(op: &GumbelTree, i: &Instruction) -> Facts {
    let parts = Parts::of(i);
    let rows = op.linear.weight.rows;
    let sums = parts.inputs.iter().enumerate().flat_map(|(family, &input)| {
        linear_sums(&op.linear, Operand::Value(parts.gates), 0, family * rows..(family + 1) * rows, input)
    });
    let query = Sum::Columns { gradient: Operand::Value(parts.query), columns: 0..op.query.rows };
    Facts {
        time: Time::Whole,
        cut: Cut::Never("builds a tree over the whole sequence"),
        storage: Storage::Own,
        reads_back: i.inputs.iter().chain(&i.outputs).copied().collect(),
        flow: Flow::Through,
        joint: None,
        sums: sums.chain([(op.query, query)]).collect(),
        work: Work::Elementwise { weights: parts.inputs.len() * op.linear.weights() },
    }
}

/// Numbers of scratch.
pub(crate) fn scratch<E: Element>(program: &Program, i: &Instruction, shard: &Shard<E>) -> usize {
    let (parts, size) = (Parts::of(i), program.values[i.inputs[0]].width / STATE);
    let axis = program.values[parts.merges].axis;
    axis.map_or(0, |axis| Scratch::<E>::numbers(&shard.schedules[axis], size, GATES * size))
}
