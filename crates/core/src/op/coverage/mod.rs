//! Attention with coverage: its score sees how much each key has been looked at.
//!
//! ```text
//! cⱼ(t) = Σ wⱼ(t') over the steps t' before t
//! eⱼ = weight · tanh(query + keyⱼ + cⱼ(t) coverage);  w = softmax(e);  context = Σ wⱼ valueⱼ;  loss = Σ min(wⱼ, cⱼ(t))
//! ```
//!
//! Tu et al. (2016); See et al. (2017), equations 11 to 13. An additive score of keys to which the coverage is added. Training
//! keeps the coverage before each step: what backward subtracted from that of the step after would have other bits.

mod look;

use std::cmp::Ordering;

use unrolled_kernels::Element;

use self::look::{Look, Parts, Room, find_slopes, rows, send_memory, send_scores, weigh};
use super::facts::{BACKWARDS, Cut, Facts, Flow, Storage, Time, Work};
use super::single::{FIRST, line, line_mut, one};
use crate::program::{Coverage, Instruction, Operand, Program, Sum, ValueId};
use crate::storage::{Item, Shard, View};

/// Each step follows the one before, out of its loop too. A session carries the coverage as a state.
pub(crate) fn facts(op: &Coverage, i: &Instruction) -> Facts {
    let columns =
        |value: ValueId| Sum::Columns { gradient: Operand::Value(value), columns: 0..op.weight.rows };
    let parts = Parts::of(i);
    Facts {
        time: Time::Along { axis: op.axis, reverse: op.reverse },
        cut: if op.reverse { Cut::Never(BACKWARDS) } else { Cut::Free },
        storage: Storage::Own,
        // Backward writes the sums, whether they are formed or their weights frozen.
        reads_back: i.inputs.iter().copied().chain([parts.energies, parts.sums]).collect(),
        flow: Flow::Through,
        joint: None,
        sums: vec![(op.weight, columns(parts.energies)), (op.coverage, columns(parts.sums))],
        work: Work::EachPair { exponential: true },
    }
}

/// Numbers of scratch: those of [`Room`] for the longest memory.
pub(crate) fn scratch<E: Element>(program: &Program, i: &Instruction, shard: &Shard<E>) -> usize {
    let keys = &program.values[i.inputs[1]];
    let longest = keys.axis.map_or(0, |axis| shard.schedules[axis].longest());
    longest.saturating_mul(3 + 2 * keys.width)
}

/// The lines of the coverage before an item and before the next one, none for the last. Without a backward there is one line.
fn lines<E: Element>(f: &View<'_, E>, op: &Coverage, query: ValueId, item: Item) -> (usize, Option<usize>) {
    let t = f.start() + item.t;
    match (f.plan.training, op.reverse) {
        (false, _) => (0, Some(0)),
        (true, true) => (t, t.checked_sub(1)),
        (true, false) => (t, Some(t + 1).filter(|&next| next < f.part(query).whole.items_in(item.row))),
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Coverage, i: &Instruction) {
    let parts = Parts::of(i);
    let take = |value: ValueId, f: &mut View<'_, E>| std::mem::take(&mut f.shard.alignments[value]);
    let (mut alignment, mut covered) = (take(parts.weights, f), take(parts.coverage, f));
    f.with_scratch(|f, scratch| {
        f.write_all([parts.context, parts.loss].map(Operand::Value), |f, [context, loss]| {
            let (mut context, mut loss) = (context.matrix(), loss.matrix());
            let values = f.matrix(Operand::Value(parts.values));
            for item in f.items_in_order(parts.query, op.reverse) {
                let own = f.schedule(parts.keys).row_range(item.row);
                let mut room = Room::within(scratch, own.len(), op.weight.rows);
                let (step, next) = lines(f, op, parts.query, item);
                let coverage = covered.of(item.row, step);
                let look = Look { op, parts: &parts, place: item.place, own: own.clone(), coverage };
                weigh(f, &look, &mut room);
                let context = context.row_mut(item.place);
                context.fill(E::ZERO);
                f.kernels.add_weighted_rows(
                    line_mut(context),
                    FIRST,
                    line(room.weights),
                    values.row_range(own),
                );
                let repeated = room.weights.iter().zip(coverage).map(|(&w, &c)| smaller(w, c));
                loss.row_mut(item.place)[0] = repeated.fold(E::ZERO, |sum, x| sum + x);
                alignment.keep(item.row, f.start() + item.t, room.weights);
                if let Some(next) = next {
                    covered.add(item.row, [step, next], room.weights);
                }
            }
        });
    });
    f.shard.alignments[parts.weights] = alignment;
    f.shard.alignments[parts.coverage] = covered;
}

/// Sends `d context` and `d loss` to the query and the memory, and to the weights of the steps before: from the last step back,
/// with the gradient of the coverage so far.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Coverage, i: &Instruction) {
    let parts = Parts::of(i);
    let gradient = |value: ValueId| f.has_gradient(value).then_some(Operand::Gradient(value));
    let operands = [
        gradient(parts.query),
        gradient(parts.keys),
        gradient(parts.values).filter(|_| parts.values != parts.keys),
        Some(Operand::Value(parts.energies)),
        Some(Operand::Value(parts.sums)),
    ];
    let mut gradients = std::mem::take(&mut f.shard.coverage_gradients[parts.coverage]);
    f.with_scratch(|f, scratch| {
        f.write_some(operands, |f, taken| {
            for item in f.items_in_order(parts.query, !op.reverse) {
                let (step, next) = lines(f, op, parts.query, item);
                let d_coverage = gradients.of_mut(item.row);
                if next.is_none() {
                    d_coverage.fill(E::ZERO);
                }
                let own = f.schedule(parts.keys).row_range(item.row);
                let coverage = f.shard.alignments[parts.coverage].of(item.row, step);
                let mut room = Room::within(scratch, own.len(), op.weight.rows);
                let look = Look { op, parts: &parts, place: item.place, own, coverage };
                weigh(f, &look, &mut room);
                find_slopes(f, &look, d_coverage, &mut room);
                send_scores(f, &look, taken, &mut room);
                let (covering, d_keys) = (f.weights.slice(op.coverage), rows(room.d_keys, op.weight.rows));
                f.kernels.dot_scores(line_mut(room.scores), one(covering), d_keys, E::ONE);
                f.kernels.add_assign(d_coverage, room.scores);
                send_memory(f, &look, taken, &room);
            }
        });
    });
    f.shard.coverage_gradients[parts.coverage] = gradients;
}

/// The smaller number; NaN if one is.
fn smaller<E: Element>(a: E, b: E) -> E {
    match a.partial_cmp(&b) {
        None => a + b,
        Some(Ordering::Greater) => b,
        Some(_) => a,
    }
}
