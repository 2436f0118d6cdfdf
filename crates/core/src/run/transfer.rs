//! From shards, step by step, into arrays, row by row, with zeros in padding.

use unrolled_kernels::Element;

use crate::memory::{refill, zeros};
use crate::program::{Operand, Plan, Program, Target, ValueId};
use crate::storage::{Batch, Data, Shard, Subject, Tensor};
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
    if let Some(memory) = program.memory_axis(value) {
        return alignment(name, value, memory, program, batch, shards);
    }
    let (shape, lengths) = shape(program, batch, value)?;
    let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    let mut data: Vec<E> = Vec::new();
    let count = count
        .filter(|&count| data.try_reserve_exact(count).is_ok())
        .ok_or_else(|| Error::size(format!("output '{name}': shape {shape:?} does not fit into memory")))?;
    let width = program.values[value].width;
    // In the order of the array, so that its memory is written once: rows follow one another from shard to shard.
    each_line(operand, program, plan, batch, shards, |line, source| {
        data.resize(line * width, E::ZERO);
        data.extend_from_slice(source);
    });
    data.resize(count, E::ZERO);
    Ok(Tensor { name: name.to_owned(), shape, data: Data::Values(data), lengths })
}

/// The weights of an attention, `[rows, queries, memory]` or `[rows, memory]`, with zeros where a row has no step.
fn alignment<E: Element>(
    name: &str,
    value: ValueId,
    memory: usize,
    program: &Program,
    batch: &Batch<E>,
    shards: &[Shard<E>],
) -> Result<Tensor<E>> {
    let (mut shape, lengths) = shape(program, batch, value)?;
    shape.pop();
    shape.push(batch.axes()[memory].time);
    let count = shape.iter().fold(1_usize, |n, &size| n.saturating_mul(size));
    let mut data: Vec<E> = zeros(count, Subject("output", name))?;
    copy_alignment(value, memory, program, batch, shards, &mut data);
    Ok(Tensor { name: name.to_owned(), shape, data: Data::Values(data), lengths })
}

/// Writes the weights of an attention where they are not padding.
fn copy_alignment<E: Element>(
    value: ValueId,
    memory: usize,
    program: &Program,
    batch: &Batch<E>,
    shards: &[Shard<E>],
    into: &mut [E],
) {
    let (steps, width) = (program.values[value].axis, batch.axes()[memory].time);
    for shard in shards {
        let kept = &shard.alignments[value];
        for (row, place) in shard.rows.clone().enumerate() {
            let (first, items) = match steps {
                None => (place, 1),
                Some(axis) => (place * batch.axes()[axis].time, shard.schedules[axis].items_in(row)),
            };
            for t in 0..items {
                let weights = kept.of(row, t);
                into[(first + t) * width..][..weights.len()].copy_from_slice(weights);
            }
        }
    }
}

/// Writes a value, or its gradient, where it is not padding; in the padding of an alignment zeros.
pub(super) fn copy<E: Element>(
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    shards: &[Shard<E>],
    into: &mut [E],
) {
    if let Some(memory) = program.memory_axis(operand.value()) {
        into.fill(E::ZERO);
        return copy_alignment(operand.value(), memory, program, batch, shards, into);
    }
    let width = program.values[operand.value()].width;
    each_line(operand, program, plan, batch, shards, |line, source| {
        into[line * width..][..width].copy_from_slice(source);
    });
}

/// Calls `take(index, numbers)` for every valid row or step, in the order of the array.
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

/// The losses of a target by row, and by item in the shape of the output's items.
pub(super) fn losses<E: Element>(
    target: usize,
    program: &Program,
    batch: &Batch<E>,
    shards: &[Shard<E>],
) -> Result<[Tensor<f64>; 2]> {
    let Target { name, value, .. } = &program.targets[target];
    let axis = program.values[*value].axis;
    let time = axis.map_or(1, |axis| batch.axes()[axis].time);
    let what = Subject("the losses of output", name);
    let (mut rows, mut items) = (zeros(batch.rows(), what)?, zeros(batch.rows().saturating_mul(time), what)?);
    for shard in shards {
        let tally = &shard.tallies[target];
        for (row, place) in shard.rows.clone().enumerate() {
            rows[place] = tally.rows[row].0;
            match axis {
                None => items[place] = tally.loss(row),
                Some(axis) => {
                    let places = shard.schedules[axis].items_of(row).enumerate();
                    places.for_each(|(t, from)| items[place * time + t] = tally.loss(from));
                }
            }
        }
    }
    let (mut shape, lengths) = shape(program, batch, *value)?;
    shape.pop();
    let tensor =
        |shape, data, lengths| Tensor { name: name.clone(), shape, data: Data::Values(data), lengths };
    Ok([tensor(vec![batch.rows()], rows, None), tensor(shape, items, lengths)])
}

/// Sizes of an array, and of each of its rows if they differ.
type Shape = (Vec<usize>, Option<Vec<i32>>);

fn shape<E: Element>(program: &Program, batch: &Batch<E>, value: ValueId) -> Result<Shape> {
    let width = program.values[value].width;
    let Some(axis) = program.values[value].axis else { return Ok((vec![batch.rows(), width], None)) };
    let axis = &batch.axes()[axis];
    let shape = vec![batch.rows(), axis.time, width];
    if axis.lengths.iter().all(|&n| n as usize == axis.time) {
        return Ok((shape, None));
    }
    let mut lengths = Vec::new();
    let signed = axis.lengths.iter().map(|&n| n.cast_signed());
    refill(&mut lengths, signed.len(), signed, "the lengths of an output")?;
    Ok((shape, Some(lengths)))
}
