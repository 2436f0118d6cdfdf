//! From blocks, step by step, into arrays, row by row, with zeros in padding.

use unrolled_kernels::Element;

use super::load::places;
use super::{Batch, Block, Data, Tensor};
use crate::program::{Operand, Plan, Program, ValueId};
use crate::{Error, Result};

/// A value, or its gradient, of the whole batch; a gradient that does not exist is zero.
pub(super) fn unload<E: Element>(
    name: &str,
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    blocks: &[Block<E>],
) -> Result<Tensor<E>> {
    let value = operand.value();
    let (shape, lengths) = shape(program, batch, value);
    let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    let mut data: Vec<E> = Vec::new();
    count
        .and_then(|count| data.try_reserve_exact(count).ok().map(|()| data.resize(count, E::ZERO)))
        .ok_or_else(|| Error::size(format!("output '{name}': shape {shape:?} does not fit into memory")))?;
    copy(operand, program, plan, batch, blocks, &mut data);
    Ok(Tensor { name: name.to_owned(), shape, data: Data::Values(data), lengths })
}

/// Writes a value, or its gradient, where it is not padding.
pub(super) fn copy<E: Element>(
    operand: Operand,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    blocks: &[Block<E>],
    into: &mut [E],
) {
    let value = operand.value();
    let width = program.values[value].width;
    let axis = program.values[value].axis;
    let time = axis.map_or(1, |axis| batch.axes()[axis].time);
    let stored = match operand {
        Operand::Gradient(value) => plan.has_gradient(value),
        _ => true,
    };
    let Some((slot, _)) = plan.place(operand).filter(|_| stored) else { return };
    for block in blocks {
        let source = &block.slots[slot];
        places(&block.rows, &block.timelines, axis, time, 0).enumerate().for_each(|(from, place)| {
            into[place * width..][..width].copy_from_slice(&source[from * width..][..width]);
        });
    }
}

fn shape<E: Element>(program: &Program, batch: &Batch<E>, value: ValueId) -> (Vec<usize>, Option<Vec<i32>>) {
    let width = program.values[value].width;
    match program.values[value].axis {
        None => (vec![batch.rows(), width], None),
        Some(axis) => {
            let axis = &batch.axes()[axis];
            let lengths = axis.lengths.iter().map(|&n| n.cast_signed()).collect();
            (vec![batch.rows(), axis.time, width], Some(lengths))
        }
    }
}
