//! Attention: `context = Σ wⱼ valueⱼ` with `w = softmax(score(query, keyⱼ))` over the memory of the query's own row.
//!
//! The scores are those of Bahdanau et al. (2015, additive) and Luong et al. (2015, dot; general is a dot with projected
//! keys). Only the context is kept for backward: the weights are computed once more, to the same bits.

use unrolled_kernels::{AdditiveGradients, Element, Matrix, MatrixMut, Rows};

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::queries::{Queries, TOGETHER};
use crate::program::{Attention, Instruction, Operand, Program, Score, Sum, ValueId};
use crate::storage::{Schedule, Shard, Taken, View};

/// A query may begin before its own memory is complete, and so an attention of an axis to itself waits for all steps. Backward
/// writes the energies of an additive score, whether their sum is formed or its weight frozen.
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
        reads_back: i.inputs.iter().chain(i.outputs.get(2)).copied().collect(),
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

/// Numbers of scratch: the scores, weights and slopes of queries that are handled together.
pub(crate) fn scratch<E: Element>(program: &Program, i: &Instruction, shard: &Shard<E>) -> usize {
    let steps = |value: ValueId| program.values[value].axis.map(|axis| shard.schedules[axis].longest());
    let shared = program.values[i.inputs[1]].axis.is_some_and(|axis| shard.schedules[axis].is_shared());
    let together = if shared { TOGETHER } else { steps(i.inputs[0]).unwrap_or(1).min(TOGETHER) };
    together.saturating_mul(3 * steps(i.inputs[1]).unwrap_or(0))
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
            let memory = memory(f, &parts);
            Queries::for_each(f, (parts.query, memory), false, |queries| {
                let own = memory.row_range(queries.row());
                let places = queries.places(0..queries.count());
                let [scores, weights] = tables(scratch, queries.count(), own.len());
                weigh(f, op, Rows::new(query, places), keys.row_range(own.clone()), scores, weights);
                let mut context = context.matrix();
                places.iter().for_each(|&place| context.row_mut(place as usize).fill(E::ZERO));
                let weights = Matrix::new(weights, queries.count(), own.len());
                f.kernels.add_weighted_rows(context, places, weights, values.row_range(own));
                for (query, (row, step)) in queries.items().enumerate() {
                    alignment.keep(row, f.start() + step, weights.row(query));
                }
            });
        });
    });
    f.shard.alignments[parts.weights] = alignment;
}

/// Takes tables of `queries` rows and a column for each of `keys` keys out of the scratch.
fn tables<E: Element, const N: usize>(scratch: &mut Vec<E>, queries: usize, keys: usize) -> [&mut [E]; N] {
    scratch.resize(N * queries * keys, E::ZERO);
    let mut rest = &mut scratch[..];
    std::array::from_fn(|_| {
        let (table, others) = std::mem::take(&mut rest).split_at_mut(queries * keys);
        rest = others;
        table
    })
}

/// The weights of a row's keys, query by query.
fn weigh<E: Element>(
    f: &View<'_, E>,
    op: &Attention,
    queries: Rows<'_, E>,
    keys: Matrix<'_, E>,
    scores: &mut [E],
    weights: &mut [E],
) {
    let (count, own) = (queries.count(), keys.rows());
    match op.score {
        Score::Dot { scale } => {
            let scores = MatrixMut::new(scores, count, own);
            f.kernels.dot_scores(scores, queries, keys, E::from_f64(scale));
        }
        Score::Additive { weight } => {
            let weight = f.weights.slice(weight);
            for (query, scores) in scores.chunks_exact_mut(own.max(1)).enumerate() {
                f.kernels.additive_scores(scores, queries.row(query), keys, weight);
            }
        }
    }
    f.kernels.softmax_rows(MatrixMut::new(weights, count, own), Matrix::new(scores, count, own));
}

/// Sends `d context` to the queries and the memory, row by row.
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
            let queried = (parts.query, memory(f, &parts));
            Queries::for_each(f, queried, true, |queries| send(f, op, &parts, queries, taken, scratch));
        });
    });
}

/// Sends the gradients of some contexts back: `d valueⱼ += wⱼ d context`, and the slopes of the scores, which are those of
/// the softmax of `d wⱼ = d context · valueⱼ`, to the queries and the keys.
fn send<E: Element>(
    f: &View<'_, E>,
    op: &Attention,
    parts: &Parts,
    queries: &Queries,
    [d_query, d_keys, d_values, energies]: &mut [Option<Taken<E>>; 4],
    scratch: &mut Vec<E>,
) {
    let own = memory(f, parts).row_range(queries.row());
    let count = queries.count();
    let [query, keys, values] =
        [parts.query, parts.keys, parts.values].map(|value| f.matrix(Operand::Value(value)));
    let [keys, values] = [keys, values].map(|rows| rows.row_range(own.clone()));
    let d_context = f.matrix(Operand::Gradient(parts.context));
    let [scores, weights, slopes] = tables(scratch, count, own.len());
    let all = queries.places(0..count);
    weigh(f, op, Rows::new(query, all), keys, scores, weights);
    f.kernels.dot_scores(MatrixMut::new(scores, count, own.len()), Rows::new(d_context, all), values, E::ONE);
    slopes.fill(E::ZERO);
    let [scores, weights] = [scores, weights].map(|table| Matrix::new(table, count, own.len()));
    f.kernels.softmax_backward_rows(MatrixMut::new(slopes, count, own.len()), weights, scores);
    if let Score::Dot { scale } = op.score {
        slopes.iter_mut().for_each(|slope| *slope = *slope * E::from_f64(scale));
    }
    let slopes = Matrix::new(slopes, count, own.len());
    let shared = parts.values == parts.keys;
    // A gradient that both sums go to takes those of one query after those of another: the order of a loop.
    let together = if shared { 1 } else { count };
    for first in (0..count).step_by(together) {
        let some = first..first + together;
        let places = queries.places(some.clone());
        let [weights, slopes] = [weights, slopes].map(|table| table.row_range(some.clone()));
        let d_memory = if shared { &mut *d_keys } else { &mut *d_values };
        if let Some(d_memory) = d_memory {
            let rows = d_memory.matrix().row_range(own.clone());
            f.kernels.add_to_rows(rows, weights, Rows::new(d_context, places));
        }
        let own = || own.clone();
        match (op.score, &mut *energies) {
            (Score::Dot { .. }, _) => {
                if let Some(d_query) = d_query {
                    f.kernels.add_weighted_rows(d_query.matrix(), places, slopes, keys);
                }
                if let Some(d_keys) = d_keys {
                    let rows = d_keys.matrix().row_range(own());
                    f.kernels.add_to_rows(rows, slopes, Rows::new(query, places));
                }
            }
            (Score::Additive { weight }, Some(energies)) => {
                let weight = f.weights.slice(weight);
                for (i, place) in places.iter().map(|&place| place as usize).enumerate() {
                    let (mut d_query, mut energies) =
                        (d_query.as_mut().map(Taken::matrix), energies.matrix());
                    let sums = energies.row_mut(place);
                    sums.fill(E::ZERO);
                    let gradients = AdditiveGradients {
                        query: d_query.as_mut().map(|d_query| d_query.row_mut(place)),
                        keys: d_keys.as_mut().map(|d_keys| d_keys.matrix().row_range(own())),
                        weight: sums,
                    };
                    f.kernels.additive_backward(gradients, query.row(place), keys, weight, slopes.row(i));
                }
            }
            (Score::Additive { .. }, None) => unreachable!("an additive score has sums of energies"),
        }
    }
}
