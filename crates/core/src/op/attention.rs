//! Attention: `context = Σ wⱼ valueⱼ` with `w = softmax(score(query, keyⱼ))` over the memory of the query's own row.
//!
//! The scores are those of Bahdanau et al. (2015, additive) and Luong et al. (2015, dot; general is a dot with projected
//! keys). Only the context is kept for backward: the weights are computed once more, to the same bits.

use std::ops::Range;

use unrolled_kernels::{AdditiveGradients, Element, Matrix, MatrixMut};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Attention, Instruction, Operand, Program, Score, Sum, ValueId};
use crate::storage::{Schedule, Shard, Taken, View};

/// A query may begin before its own memory is complete, and so an attention of an axis to itself waits for all steps.
pub(crate) fn facts(op: &Attention, i: &Instruction) -> Facts {
    let sums = match op.score {
        Score::Dot { .. } => Vec::new(),
        Score::Additive { weight } => {
            let gradient = Operand::Value(i.outputs[2]);
            vec![(weight, Sum::Columns { gradient, columns: 0..weight.rows })]
        }
    };
    Facts {
        time: if op.own_axis { Time::Whole } else { Time::EachStep },
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: i.inputs.clone(),
        flow: Flow::Through,
        joint: None,
        sums,
        work: Work::EachPair { exponential: matches!(op.score, Score::Additive { .. }) },
    }
}

/// The parts of an attention's instruction.
struct Parts {
    query: ValueId,
    keys: ValueId,
    values: ValueId,
    context: ValueId,
    weights: ValueId,
    /// The sums of energies, of an additive score.
    energies: Option<ValueId>,
}

impl Parts {
    fn of(i: &Instruction) -> Self {
        let (keys, values) = (i.inputs[1], i.inputs.get(2).copied().unwrap_or(i.inputs[1]));
        let energies = i.outputs.get(2).copied();
        Self { query: i.inputs[0], keys, values, context: i.outputs[0], weights: i.outputs[1], energies }
    }
}

/// Numbers of scratch: the scores, weights and slopes of a row's memory.
pub(crate) fn scratch<E: Element>(program: &Program, i: &Instruction, shard: &Shard<E>) -> usize {
    let axis = program.values[i.inputs[1]].axis;
    3 * axis.map_or(0, |axis| shard.schedules[axis].longest())
}

/// The memory of a row is a stretch of whole rows. No section runs along its axis meanwhile.
fn memory<'a, E: Element>(f: &'a View<'_, E>, parts: &Parts) -> &'a Schedule {
    f.schedule(parts.keys)
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Attention, i: &Instruction) {
    let parts = Parts::of(i);
    let mut alignment = std::mem::take(&mut f.shard.alignments[parts.weights]);
    f.with_scratch(|f, scratch| {
        f.write(Operand::Value(parts.context), |f, context| {
            let [query, keys, values] =
                [parts.query, parts.keys, parts.values].map(|value| f.matrix(Operand::Value(value)));
            let (mut context, memory) = (context.matrix(), memory(f, &parts));
            scratch.resize(2 * memory.longest(), E::ZERO);
            for item in f.items(parts.query) {
                let own = memory.row_range(item.row);
                let (scores, weights) = scratch[..2 * own.len()].split_at_mut(own.len());
                weigh(f, op, query.row(item.place), keys.row_range(own.clone()), scores, weights);
                let context = context.row_mut(item.place);
                context.fill(E::ZERO);
                f.kernels.add_weighted_rows(context, weights, values.row_range(own));
                alignment.keep(item.row, f.start() + item.t, weights);
            }
        });
    });
    f.shard.alignments[parts.weights] = alignment;
}

/// The weights of a row's keys.
fn weigh<E: Element>(
    f: &View<'_, E>,
    op: &Attention,
    query: &[E],
    keys: Matrix<'_, E>,
    scores: &mut [E],
    weights: &mut [E],
) {
    match op.score {
        Score::Dot { scale } => f.kernels.dot_scores(scores, query, keys, E::from_f64(scale)),
        Score::Additive { weight } => {
            f.kernels.additive_scores(scores, query, keys, f.weights.slice(weight));
        }
    }
    f.kernels.softmax_rows(line_mut(weights), line(scores));
}

/// Sends `d context` to the query and the memory, item by item.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Attention, i: &Instruction) {
    let parts = Parts::of(i);
    let gradient = |value: ValueId| f.has_gradient(value).then_some(Operand::Gradient(value));
    let operands = [
        gradient(parts.query),
        gradient(parts.keys),
        gradient(parts.values).filter(|_| parts.values != parts.keys),
        parts.energies.map(Operand::Value),
    ];
    f.with_scratch(|f, scratch| {
        f.write_some(operands, |f, taken| {
            let memory = memory(f, &parts);
            scratch.resize(3 * memory.longest(), E::ZERO);
            for item in f.items_back(parts.query) {
                let own = memory.row_range(item.row);
                send(f, op, &parts, item.place, own.clone(), taken, &mut scratch[..3 * own.len()]);
            }
        });
    });
}

/// Sends the gradient of one context back: `d valueⱼ += wⱼ d context`, and the slopes of the scores, which are those of the
/// softmax of `d wⱼ = d context · valueⱼ`, to the query and the keys.
fn send<E: Element>(
    f: &View<'_, E>,
    op: &Attention,
    parts: &Parts,
    place: usize,
    own: Range<usize>,
    [d_query, d_keys, d_values, energies]: &mut [Option<Taken<E>>; 4],
    scratch: &mut [E],
) {
    let (scores, rest) = scratch.split_at_mut(own.len());
    let (weights, slopes) = rest.split_at_mut(own.len());
    let query = f.matrix(Operand::Value(parts.query)).row(place);
    let d_context = f.matrix(Operand::Gradient(parts.context)).row(place);
    let [keys, values] =
        [parts.keys, parts.values].map(|value| f.matrix(Operand::Value(value)).row_range(own.clone()));
    weigh(f, op, query, keys, scores, weights);
    let d_memory = if parts.values == parts.keys { &mut *d_keys } else { d_values };
    if let Some(d_memory) = d_memory {
        f.kernels.add_to_rows(d_memory.matrix().row_range(own.clone()), weights, d_context);
    }
    f.kernels.dot_scores(scores, d_context, values, E::ONE);
    slopes.fill(E::ZERO);
    f.kernels.softmax_backward_rows(line_mut(slopes), line(weights), line(scores));
    let d_keys = d_keys.as_mut().map(|d_keys| d_keys.matrix().row_range(own));
    let mut d_query = d_query.as_mut().map(Taken::matrix);
    let d_query = d_query.as_mut().map(|d_query| d_query.row_mut(place));
    match (op.score, energies) {
        (Score::Dot { scale }, _) => {
            slopes.iter_mut().for_each(|slope| *slope = *slope * E::from_f64(scale));
            if let Some(d_query) = d_query {
                f.kernels.add_weighted_rows(d_query, slopes, keys);
            }
            if let Some(d_keys) = d_keys {
                f.kernels.add_to_rows(d_keys, slopes, query);
            }
        }
        (Score::Additive { weight }, Some(energies)) => {
            let mut energies = energies.matrix();
            let sums = energies.row_mut(place);
            sums.fill(E::ZERO);
            let weight = f.weights.slice(weight);
            let gradients = AdditiveGradients { query: d_query, keys: d_keys, weight: sums };
            f.kernels.additive_backward(gradients, query, keys, weight, slopes);
        }
        (Score::Additive { .. }, None) => unreachable!("an additive score has sums of energies"),
    }
}

fn line<E: Element>(numbers: &[E]) -> Matrix<'_, E> {
    Matrix::new(numbers, 1, numbers.len())
}

fn line_mut<E: Element>(numbers: &mut [E]) -> MatrixMut<'_, E> {
    let count = numbers.len();
    MatrixMut::new(numbers, 1, count)
}
