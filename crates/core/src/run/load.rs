//! From a batch, row by row, into a block, step by step.

use std::ops::Range;

use unrolled_kernels::Element;

use super::sum_block::{GRANULE, list_row_blocks};
use super::{Batch, Block, Data, Timeline};
use crate::Result;
use crate::program::{Operand, Plan, Program};

/// Cuts `rows` rows into at most `count` runs of whole granules.
pub(super) fn split(rows: usize, count: usize) -> impl ExactSizeIterator<Item = Range<usize>> + Clone {
    let granules = rows.div_ceil(GRANULE);
    let blocks = count.min(granules).max(1);
    (0..blocks)
        .map(move |b| granules * b / blocks * GRANULE..(granules * (b + 1) / blocks * GRANULE).min(rows))
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
    // A run that panicked may have left one at hand.
    block.window = None;
    block.timelines.resize_with(program.axes.len(), Default::default);
    for (i, (timeline, axis)) in block.timelines.iter_mut().zip(batch.axes()).enumerate() {
        timeline.reset(&axis.lengths[block.rows.clone()]);
        if plan.lists(i) {
            timeline.list_blocks(plan.before[i]);
        }
    }
    if plan.training() {
        list_row_blocks(&mut block.row_blocks, block.rows.len());
    }
    cut(block, plan);
    block.reserve(plan)?;
    block.ids.resize_with(program.values.len(), Vec::new);
    for (port, data) in program.inputs.iter().zip(batch.inputs()) {
        let axis = program.values[port.value].axis;
        let time = axis.map_or(1, |axis| batch.axes()[axis].time);
        match data {
            Data::Values(values) => {
                let width = program.values[port.value].width;
                let Some((slot, _)) = plan.place(Operand::Value(port.value)) else { continue };
                let target = &mut block.slots[slot];
                places(&block.rows, &block.timelines, axis, time, 0).enumerate().for_each(|(place, from)| {
                    target[place * width..][..width].copy_from_slice(&values[from * width..][..width]);
                });
            }
            Data::Ids(ids) => {
                let own = &mut block.ids[port.value];
                own.clear();
                own.reserve_exact(axis.map_or(block.rows.len(), |axis| block.timelines[axis].count()));
                // Checked to be in the vocabulary, and so not negative.
                own.extend(
                    places(&block.rows, &block.timelines, axis, time, 0)
                        .map(|from| ids[from].cast_unsigned()),
                );
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
                if plan.training() {
                    window.list_blocks(before);
                }
                window
            });
            windows.collect()
        }));
    }
}

/// For each row or step of a block, in its order: which row or step of an array `[rows, time]` it is. Step 0
/// of the block is step `first` of the array.
pub(super) fn places<'a>(
    rows: &Range<usize>,
    timelines: &'a [Timeline],
    axis: Option<usize>,
    time: usize,
    first: usize,
) -> impl Iterator<Item = usize> + use<'a> {
    let start = rows.start;
    let bare = if axis.is_none() { rows.clone() } else { 0..0 };
    let steps = axis.map(|axis| &timelines[axis]).into_iter().flat_map(move |timeline| {
        (0..timeline.steps()).flat_map(move |t| {
            let alive = timeline.order()[..timeline.alive(t)].iter();
            alive.map(move |&row| (start + row as usize) * time + first + t)
        })
    });
    bare.chain(steps)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::split;

    fn blocks(rows: usize, count: usize) -> Vec<Range<usize>> {
        split(rows, count).collect()
    }

    #[test]
    fn blocks_are_whole_granules() {
        assert_eq!(blocks(40, 2), [0..16, 16..40]);
        assert_eq!(blocks(40, 8), [0..16, 16..32, 32..40]);
        assert_eq!(blocks(5, 4), std::slice::from_ref(&(0..5)));
        assert_eq!(blocks(0, 4), std::slice::from_ref(&(0..0)));
    }
}
