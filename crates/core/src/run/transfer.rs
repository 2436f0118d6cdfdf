//! From blocks, step by step, into arrays, row by row, with zeros in padding.

use unrolled_kernels::Element;

use crate::program::{Operand, Plan, Program, ValueId};
use crate::storage::{Batch, Data, Shard, Tensor};
use crate::{Error, Result};

/// A value, or its gradient, of the whole batch; a gradient that does not exist is zero.
pub(super) fn unload<E: Element>(
    name: &str,
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    shards: &[Shard<E>],
) -> Result<Tensor<E>> {
    let value = operand.value();
    let (shape, lengths) = shape(program, batch, value);
    let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    let mut data: Vec<E> = Vec::new();
    let count = count
        .filter(|&count| data.try_reserve_exact(count).is_ok())
        .ok_or_else(|| Error::size(format!("output '{name}': shape {shape:?} does not fit into memory")))?;
    let width = program.values[value].width;
    // In the order of the array, so that its memory is written once: rows follow one another from block to shard.
    each_line(operand, program, plan, batch, shards, |line, source| {
        data.resize(line * width, E::ZERO);
        data.extend_from_slice(source);
    });
    data.resize(count, E::ZERO);
    Ok(Tensor { name: name.to_owned(), shape, data: Data::Values(data), lengths })
}

/// Writes a value, or its gradient, where it is not padding.
pub(super) fn copy<E: Element>(
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    shards: &[Shard<E>],
    into: &mut [E],
) {
    let width = program.values[operand.value()].width;
    each_line(operand, program, plan, batch, shards, |line, source| {
        into[line * width..][..width].copy_from_slice(source);
    });
}

/// Calls with each line of an array that is not padding, in the array's order: which it is, and its numbers.
fn each_line<E: Element>(
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    shards: &[Shard<E>],
    mut take: impl FnMut(usize, &[E]),
) {
    let value = &program.values[operand.value()];
    let stored = match operand {
        Operand::Gradient(value) => plan.has_gradient(value),
        _ => true,
    };
    let Some((slot, _)) = plan.place(operand).filter(|_| stored) else { return };
    for shard in shards {
        let source = |from: usize| &shard.slots[slot][from * value.width..][..value.width];
        for (row, place) in shard.rows.clone().enumerate() {
            match value.axis {
                None => take(place, source(row)),
                Some(axis) => {
                    let first = place * batch.axes()[axis].time;
                    let steps = shard.schedules[axis].items_of(row).enumerate();
                    steps.for_each(|(t, from)| take(first + t, source(from)));
                }
            }
        }
    }
}

fn shape<E: Element>(program: &Program, batch: &Batch<E>, value: ValueId) -> (Vec<usize>, Option<Vec<i32>>) {
    let width = program.values[value].width;
    match program.values[value].axis {
        None => (vec![batch.rows(), width], None),
        Some(axis) => {
            let axis = &batch.axes()[axis];
            let ragged = axis.lengths.iter().any(|&n| n as usize != axis.time);
            let lengths = ragged.then(|| axis.lengths.iter().map(|&n| n.cast_signed()).collect());
            (vec![batch.rows(), axis.time, width], lengths)
        }
    }
}
