//! The values of a Gumbel Tree-LSTM and its scratch.

use super::trace::{FAMILIES, STATE, WIDTH};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::Schedule;

/// Gates of a composition: i, f_left, f_right, o, u.
pub(crate) const GATES: usize = 5;

/// The instruction's values, each over the steps but for the root. Where a candidate has numbers, the three of a step
/// lie side by side.
pub(super) struct Parts {
    /// The states of the steps.
    pub(super) leaves: ValueId,
    /// By step: the place of the merge.
    pub(super) merges: ValueId,
    /// The last state left.
    pub(super) root: ValueId,
    /// By family of candidates: `[h_l h_r]`.
    pub(super) inputs: [ValueId; 3],
    /// The gates of each candidate; after backward the gradients of the products.
    pub(super) gates: ValueId,
    /// The state of each candidate.
    pub(super) states: ValueId,
    /// The numbers of [`super::trace`].
    pub(super) trace: ValueId,
    /// By candidate: the slopes of its score by its left and its right state.
    pub(super) units: ValueId,
    /// The gradients of a step's state and of a merge's.
    pub(super) gradients: ValueId,
    /// The summands of the query's gradient.
    pub(super) query: ValueId,
}

/// The widths of the values behind the root, for states of `size` numbers in h and in c.
pub(crate) fn widths(size: usize) -> [usize; 9] {
    let (state, families) = (STATE * size, FAMILIES.len());
    let [gates, states, units] = [GATES * size, state, 2 * state].map(|width| families * width);
    [state, state, state, gates, states, WIDTH, units, 2 * state, size]
}

impl Parts {
    pub(super) fn of(i: &Instruction) -> Self {
        let o = &i.outputs;
        Self {
            leaves: i.inputs[0],
            merges: o[0],
            root: o[1],
            inputs: [o[2], o[3], o[4]],
            gates: o[5],
            states: o[6],
            trace: o[7],
            units: o[8],
            gradients: o[9],
            query: o[10],
        }
    }

    /// The values that forward writes, in the order of the outputs.
    pub(super) fn written(&self) -> [Operand; 11] {
        let [adjacent, before, after] = self.inputs;
        [
            self.merges,
            self.root,
            adjacent,
            before,
            after,
            self.gates,
            self.states,
            self.trace,
            self.units,
            self.gradients,
            self.query,
        ]
        .map(Operand::Value)
    }
}

/// Numbers that live within one operation.
pub(super) struct Scratch<'a, E> {
    /// By the place of step p: the node that is the row's p-th among those left.
    pub(super) frontier: &'a mut [E],
    /// By candidate of a row: the noisy score, the softmax, the slope of the choice, the slope of the score.
    pub(super) choices: [&'a mut [E]; 4],
    /// By row: the gates of a candidate, or their gradients.
    pub(super) gates: &'a mut [E],
    /// By row: a product with the weight's other side.
    pub(super) inputs: &'a mut [E],
    /// Vectors: h and c or their gradients, and tanh c.
    pub(super) lines: [&'a mut [E]; 3],
    /// The gates of one candidate.
    pub(super) line_of_gates: &'a mut [E],
}

impl<'a, E: unrolled_kernels::Element> Scratch<'a, E> {
    /// The numbers for a schedule, vectors of `size` numbers and products of `gates`.
    pub(super) fn numbers(steps: &Schedule, size: usize, gates: usize) -> usize {
        let row = gates.saturating_add(STATE * size);
        let lists = steps.items().saturating_add(4 * steps.longest());
        lists.saturating_add((steps.rows() + 1).saturating_mul(row)).saturating_add(3 * size)
    }

    /// Cuts the scratch of an operation.
    pub(super) fn cut(all: &'a mut Vec<E>, steps: &Schedule, size: usize) -> Self {
        let gates = GATES * size;
        all.clear();
        all.resize(Self::numbers(steps, size, gates), E::ZERO);
        let mut rest = all.as_mut_slice();
        let mut take = |count: usize| {
            let (own, others) = std::mem::take(&mut rest).split_at_mut(count);
            rest = others;
            own
        };
        Self {
            frontier: take(steps.items()),
            choices: std::array::from_fn(|_| take(steps.longest())),
            gates: take(steps.rows() * gates),
            inputs: take(steps.rows() * STATE * size),
            lines: std::array::from_fn(|_| take(size)),
            line_of_gates: take(gates),
        }
    }
}
