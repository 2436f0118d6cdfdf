//! The look of one query at the memory of its row: an additive score of keys that the coverage is added to.

use std::ops::Range;

use unrolled_kernels::{AdditiveGradients, Element, Matrix, MatrixMut};

use crate::op::single::{FIRST, line, line_mut, one};
use crate::program::{Coverage, Instruction, Operand, ValueId};
use crate::storage::{Taken, View};

/// The parts of the instruction.
pub(super) struct Parts {
    pub(super) query: ValueId,
    pub(super) keys: ValueId,
    pub(super) values: ValueId,
    pub(super) context: ValueId,
    pub(super) weights: ValueId,
    pub(super) energies: ValueId,
    pub(super) coverage: ValueId,
    pub(super) loss: ValueId,
    pub(super) sums: ValueId,
}

impl Parts {
    pub(super) fn of(i: &Instruction) -> Self {
        let (keys, values) = (i.inputs[1], i.inputs.get(2).copied().unwrap_or(i.inputs[1]));
        Self {
            query: i.inputs[0],
            keys,
            values,
            context: i.outputs[0],
            weights: i.outputs[1],
            energies: i.outputs[2],
            coverage: i.outputs[3],
            loss: i.outputs[4],
            sums: i.outputs[5],
        }
    }
}

/// A query's look at the memory of its row.
pub(super) struct Look<'a, E> {
    pub(super) op: &'a Coverage,
    pub(super) parts: &'a Parts,
    /// The place of the query.
    pub(super) place: usize,
    /// The places of the memory.
    pub(super) own: Range<usize>,
    /// The coverage before the query.
    pub(super) coverage: &'a [E],
}

/// Numbers for a row's memory while one query looks at it.
pub(super) struct Room<'a, E> {
    pub(super) scores: &'a mut [E],
    pub(super) weights: &'a mut [E],
    pub(super) slopes: &'a mut [E],
    /// The keys with their coverage, and the gradients of these.
    pub(super) keys: &'a mut [E],
    pub(super) d_keys: &'a mut [E],
}

impl<'a, E: Element> Room<'a, E> {
    pub(super) fn within(scratch: &'a mut Vec<E>, steps: usize, width: usize) -> Self {
        scratch.resize((3 + 2 * width) * steps, E::ZERO);
        let (scores, rest) = scratch.split_at_mut(steps);
        let (weights, rest) = rest.split_at_mut(steps);
        let (slopes, rest) = rest.split_at_mut(steps);
        let (keys, d_keys) = rest.split_at_mut(steps * width);
        Self { scores, weights, slopes, keys, d_keys }
    }
}

/// Rows of `width` numbers.
pub(super) fn rows<E: Element>(numbers: &[E], width: usize) -> Matrix<'_, E> {
    Matrix::new(numbers, numbers.len() / width, width)
}

fn rows_mut<E: Element>(numbers: &mut [E], width: usize) -> MatrixMut<'_, E> {
    let count = numbers.len() / width;
    MatrixMut::new(numbers, count, width)
}

/// The weights of a row's keys, under the coverage before the query.
pub(super) fn weigh<E: Element>(f: &View<'_, E>, look: &Look<'_, E>, room: &mut Room<'_, E>) {
    let Look { op, parts, place, .. } = *look;
    let query = f.matrix(Operand::Value(parts.query)).row(place);
    let (steps, width) = (f.matrix(Operand::Value(parts.keys)).row_range(look.own.clone()), query.len());
    for (j, key) in room.keys.chunks_exact_mut(width).enumerate() {
        key.copy_from_slice(steps.row(j));
    }
    let covering = one(f.weights.slice(op.coverage));
    f.kernels.add_to_rows(rows_mut(room.keys, width), line(look.coverage), covering);
    f.kernels.additive_scores(room.scores, query, rows(room.keys, width), f.weights.slice(op.weight));
    f.kernels.softmax_rows(line_mut(room.weights), line(room.scores));
}

/// The slopes of the scores: those of the softmax of `d wⱼ`, which is the gradient of the coverage after the step, that of the
/// context, and that of the loss. The loss has one of the coverage before the step too.
pub(super) fn find_slopes<E: Element>(
    f: &View<'_, E>,
    look: &Look<'_, E>,
    d_coverage: &mut [E],
    room: &mut Room<'_, E>,
) {
    let (parts, place) = (look.parts, look.place);
    room.scores.copy_from_slice(d_coverage);
    if f.has_gradient(parts.context) {
        let d_context = f.matrix(Operand::Gradient(parts.context)).row(place);
        let values = f.matrix(Operand::Value(parts.values)).row_range(look.own.clone());
        f.kernels.dot_scores(line_mut(room.slopes), one(d_context), values, E::ONE);
        f.kernels.add_assign(room.scores, room.slopes);
    }
    if f.has_gradient(parts.loss) {
        let d_loss = f.matrix(Operand::Gradient(parts.loss)).row(place)[0];
        for (j, (&w, &c)) in room.weights.iter().zip(look.coverage).enumerate() {
            // Of two equal numbers each gets half, as of a `minimum`.
            let share = if w < c { 1.0 } else { f64::from(u8::from(w == c)) / 2.0 };
            room.scores[j] += d_loss * E::from_f64(share);
            d_coverage[j] += d_loss * E::from_f64(1.0 - share);
        }
    }
    room.slopes.fill(E::ZERO);
    f.kernels.softmax_backward_rows(line_mut(room.slopes), line(room.weights), line(room.scores));
}

/// Sends the slopes of the scores to the query, the keys with their coverage, and the sums of both weights.
pub(super) fn send_scores<E: Element>(
    f: &View<'_, E>,
    look: &Look<'_, E>,
    [d_query, _, _, energies, sums]: &mut [Option<Taken<E>>; 5],
    room: &mut Room<'_, E>,
) {
    let Look { op, parts, place, coverage, .. } = *look;
    let (Some(energies), Some(sums)) = (energies, sums) else {
        unreachable!("a coverage has sums");
    };
    let (mut energies, mut sums) = (energies.matrix(), sums.matrix());
    let (energies, sums) = (energies.row_mut(place), sums.row_mut(place));
    [&mut *energies, sums, room.d_keys].into_iter().for_each(|sums| sums.fill(E::ZERO));
    let mut d_query = d_query.as_mut().map(Taken::matrix);
    let d_query = d_query.as_mut().map(|d_query| d_query.row_mut(place));
    let (query, weight) = (f.matrix(Operand::Value(parts.query)).row(place), f.weights.slice(op.weight));
    let (keys, d_keys) = (rows(room.keys, query.len()), rows_mut(room.d_keys, query.len()));
    let gradients = AdditiveGradients { query: d_query, keys: Some(d_keys), weight: energies };
    f.kernels.additive_backward(gradients, query, keys, weight, room.slopes);
    let d_keys = rows(room.d_keys, query.len());
    f.kernels.add_weighted_rows(line_mut(sums), FIRST, line(coverage), d_keys);
}

/// `d keyⱼ` are those of the keys with their coverage; `d valueⱼ += wⱼ d context`.
pub(super) fn send_memory<E: Element>(
    f: &View<'_, E>,
    look: &Look<'_, E>,
    [_, d_keys, d_values, ..]: &mut [Option<Taken<E>>; 5],
    room: &Room<'_, E>,
) {
    let Look { parts, place, ref own, .. } = *look;
    if let Some(d_keys) = d_keys {
        let mut to = d_keys.matrix().row_range(own.clone());
        let width = to.columns();
        for (j, d_key) in room.d_keys.chunks_exact(width).enumerate() {
            f.kernels.add_assign(to.row_mut(j), d_key);
        }
    }
    let d_memory = if parts.values == parts.keys { d_keys } else { d_values };
    if let Some(d_memory) = d_memory.as_mut().filter(|_| f.has_gradient(parts.context)) {
        let d_context = f.matrix(Operand::Gradient(parts.context)).row(place);
        let to = d_memory.matrix().row_range(own.clone());
        f.kernels.add_to_rows(to, line(room.weights), one(d_context));
    }
}
