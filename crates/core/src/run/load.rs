//! From a batch, row by row, into a block, step by step.

use std::ops::Range;

use unrolled_kernels::Element;

use super::timeline::{GRANULE, row_blocks};
use super::{Batch, Block, Data};
use crate::Result;
use crate::program::{Operand, Plan, Program};

/// Cuts `rows` rows into at most `count` runs of whole granules.
pub(super) fn split(rows: usize, count: usize) -> Vec<Range<usize>> {
    let granules = rows.div_ceil(GRANULE);
    let blocks = count.min(granules).max(1);
    (0..blocks)
        .map(|b| granules * b / blocks * GRANULE..(granules * (b + 1) / blocks * GRANULE).min(rows))
        .collect()
}

/// Fills a block with its rows of the batch.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(super) fn load<E: Element>(
    block: &mut Block<E>,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
) -> Result<()> {
    block.timelines.resize_with(program.axes.len(), Default::default);
    for (i, (timeline, axis)) in block.timelines.iter_mut().zip(batch.axes()).enumerate() {
        timeline.reset(&axis.lengths[block.rows.clone()]);
        if plan.lists(i) {
            timeline.list_blocks(plan.before[i]);
        }
    }
    cut(block, plan);
    block.row_blocks = if plan.training() { row_blocks(block.rows.len()) } else { Vec::new() };
    block.reserve(plan)?;
    block.ids.resize_with(program.values.len(), Vec::new);
    for (port, data) in program.inputs.iter().zip(batch.inputs()) {
        let axis = program.values[port.value].axis;
        let time = axis.map_or(1, |axis| batch.axes()[axis].time);
        match data {
            Data::Values(values) => {
                let width = program.values[port.value].width;
                let places = places(block, axis, time);
                let Some((slot, _)) = plan.place(Operand::Value(port.value)) else { continue };
                for (place, from) in places.into_iter().enumerate() {
                    block.slots[slot][place * width..][..width]
                        .copy_from_slice(&values[from * width..][..width]);
                }
            }
            Data::Ids(ids) => {
                let places = places(block, axis, time);
                let own = &mut block.ids[port.value];
                own.clear();
                // Checked to be in the vocabulary, and so not negative.
                own.extend(places.into_iter().map(|from| ids[from].cast_unsigned()));
            }
        }
    }
    for (state, given) in program.states.iter().zip(batch.states()) {
        let Some((slot, _)) = plan.place(Operand::Value(state.initial)) else { continue };
        let range = block.rows.start * state.size..block.rows.end * state.size;
        let target = &mut block.slots[slot][..range.len()];
        match given {
            Some(values) => target.copy_from_slice(&values[range]),
            None => target.fill(E::ZERO),
        }
    }
    Ok(())
}

/// Cuts the steps of each axis into windows, at least one.
fn cut<E: Element>(block: &mut Block<E>, plan: &Plan) {
    let steps = block.window_steps;
    block.windows.clear();
    if plan.windowed {
        block.windows.extend(block.timelines.iter().zip(&plan.before).map(|(timeline, &before)| {
            let starts = (0..timeline.steps().max(1)).step_by(steps);
            let windows = starts.map(|start| {
                let mut window = timeline.window(start, start.saturating_add(steps));
                window.list_blocks(before);
                window
            });
            windows.collect()
        }));
    }
}

/// For each row or step of the block, in its order: which row or step of an array `[rows, time]` it is.
pub(super) fn places<E: Element>(block: &Block<E>, axis: Option<usize>, time: usize) -> Vec<usize> {
    let Some(axis) = axis else { return block.rows.clone().collect() };
    let timeline = &block.timelines[axis];
    let start = block.window.map_or(0, |window| window.start);
    let mut places = Vec::with_capacity(timeline.count());
    for t in 0..timeline.steps() {
        let alive = &timeline.order()[..timeline.alive(t)];
        places.extend(alive.iter().map(|&row| (block.rows.start + row as usize) * time + start + t));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn blocks_are_whole_granules() {
        assert_eq!(split(40, 2), [0..16, 16..40]);
        assert_eq!(split(40, 8), [0..16, 16..32, 32..40]);
        assert_eq!(split(5, 4), std::slice::from_ref(&(0..5)));
        assert_eq!(split(0, 4), std::slice::from_ref(&(0..0)));
    }
}
