//! From a batch, row by row, into a shard, step by step.

use std::ops::Range;

use unrolled_kernels::Element;

use crate::Result;
use crate::memory::reserve;
use crate::op::scratch;
use crate::program::{Covered, Form, HeldPort, Operand, Plan, Program};
use crate::storage::{Alignment, Axis, Batch, Data, Held, ROW_GROUP, Schedule, Shard, list_row_blocks};

/// Cuts `rows` rows into at most `count` runs of whole row groups.
pub(super) fn split(rows: usize, count: usize) -> impl ExactSizeIterator<Item = Range<usize>> + Clone {
    let row_groups = rows.div_ceil(ROW_GROUP);
    let shards = count.min(row_groups).max(1);
    (0..shards).map(move |b| {
        row_groups * b / shards * ROW_GROUP..(row_groups * (b + 1) / shards * ROW_GROUP).min(rows)
    })
}

/// Fills a shard with its rows of the batch.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(super) fn load<E: Element>(
    shard: &mut Shard<E>,
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
) -> Result<()> {
    // A run that panicked may have left its segment.
    shard.segment = None;
    shard.schedules.resize_with(program.axes.len(), Default::default);
    for i in 0..program.axes.len() {
        lay_out(shard, program, batch, i)?;
        let schedule = &mut shard.schedules[i];
        if plan.memory[i] {
            // Beams of one source are rows of one memory, side by side: they read it once.
            let held =
                batch.held().filter(|_| !program.lays_out(i)).map(|held| &held.rows()[shard.rows.clone()]);
            schedule.list_rows(|row| row > 0 && held.is_some_and(|held| held[row] == held[row - 1]))?;
        }
        if plan.reduces_over(i) {
            schedule.list_blocks(plan.previous[i])?;
        }
    }
    if plan.training {
        list_row_blocks(&mut shard.row_blocks, shard.rows.len())?;
    }
    cut(shard, program, plan)?;
    let scratch = program.instructions.iter().map(|i| scratch(program, plan, i, shard)).max();
    reserve(&mut shard.scratch, scratch.unwrap_or(0), "the scratch of an operation")?;
    shard.reserve(plan)?;
    shard.tallies.resize_with(program.targets.len(), Default::default);
    for (target, tally) in program.targets.iter().zip(&mut shard.tallies) {
        let axis = program.values[target.value].axis;
        let rows = shard.rows.len();
        tally.begin(axis.map_or(rows, |axis| shard.schedules[axis].items()), rows)?;
    }
    shard.ids.resize_with(program.values.len(), Vec::new);
    for (value, ids) in program.values.iter().zip(&mut shard.ids).filter(|(value, _)| value.holds_ids()) {
        ids.clear();
        let items = value.axis.map_or(shard.rows.len(), |axis| shard.schedules[axis].items());
        reserve(ids, items, format_args!("the ids of '{}'", value.name))?;
    }
    shard.alignments.resize_with(program.values.len(), Alignment::default);
    for port in program.outputs.iter().filter(|_| program.targets.is_empty()) {
        let value = &program.values[port.value];
        let Some(memory) = program.memory_axis(port.value) else { continue };
        let query = value.axis.map(|axis| &shard.schedules[axis]);
        shard.alignments[port.value].begin(shard.rows.len(), query, &shard.schedules[memory])?;
    }
    begin_coverages(shard, program, plan)?;
    for (port, data) in program.inputs.iter().zip(batch.inputs()) {
        let axis = program.values[port.value].axis;
        let along = axis.map(|axis| (&shard.schedules[axis], &batch.axes()[axis]));
        match data {
            Data::Values(values) => {
                let width = program.values[port.value].width;
                let Some((slot, _)) = plan.place(Operand::Value(port.value)) else { continue };
                let from = places(&shard.rows, along);
                copy(&mut shard.slots[slot], width, values, from);
            }
            // The parents of nodes are in the schedule.
            Data::Ids(_) if !program.values[port.value].holds_ids() => {}
            Data::Ids(ids) => {
                // Checked to be in the vocabulary, and so not negative.
                shard.ids[port.value]
                    .extend(places(&shard.rows, along).map(|from| ids[from].cast_unsigned()));
            }
        }
    }
    for (state, given) in program.states.iter().zip(batch.states()) {
        if let (Some(memory), Some(values)) = (program.memory_axis(state.last), given) {
            for (row, place) in shard.rows.clone().enumerate() {
                let own = &values[place * state.size..][..shard.schedules[memory].items_in(row)];
                shard.alignments[state.last].keep(row, 0, own);
            }
        }
        let Some((slot, _)) = plan.place(Operand::Value(state.initial)) else { continue };
        let range = shard.rows.start * state.size..shard.rows.end * state.size;
        let target = &mut shard.slots[slot][..range.len()];
        match given {
            Some(values) => target.copy_from_slice(&values[range]),
            None => target.fill(E::from_f64(state.first())),
        }
    }
    if let Some(held) = batch.held() {
        load_held(shard, program, plan, held);
    }
    Ok(())
}

/// Lays out an axis; the edges of a forest after its nodes, whose axis comes first.
fn lay_out<E: Element>(shard: &mut Shard<E>, program: &Program, batch: &Batch<E>, axis: usize) -> Result<()> {
    let rows = shard.rows.clone();
    let (before, rest) = shard.schedules.split_at_mut(axis);
    match program.forms[axis] {
        Form::Edges { of } if program.takes_parents(of) => {
            rest[0].reset_edges(of, &before[of], batch.axes()[of].forests(rows))
        }
        Form::Forest { .. } if program.takes_parents(axis) => {
            rest[0].reset_forests(batch.axes()[axis].forests(rows))
        }
        // A session holds the nodes of a forest in their own order: no loop of a step goes up.
        Form::Chain | Form::Forest { .. } | Form::Edges { .. } => {
            rest[0].reset(&batch.axes()[axis].lengths[rows])
        }
    }
}

/// Zeroes coverages: of each query of a row where a backward follows, otherwise of a row.
fn begin_coverages<E: Element>(shard: &mut Shard<E>, program: &Program, plan: &Plan) -> Result<()> {
    shard.coverage_gradients.resize_with(program.values.len(), Alignment::default);
    for Covered { value, axis, memory, .. } in program.coverages() {
        let (rows, memory) = (shard.rows.len(), &shard.schedules[memory]);
        let query = plan.training.then_some(&shard.schedules[axis]);
        shard.alignments[value].begin(rows, query, memory)?;
        shard.alignments[value].clear();
        if plan.training {
            shard.coverage_gradients[value].begin(rows, None, memory)?;
        }
    }
    Ok(())
}

/// Fills the slots of held values, unless the shard has those of these rows.
fn load_held<E: Element>(shard: &mut Shard<E>, program: &Program, plan: &Plan, held: &Held<E>) {
    let loaded = Some((held.version(), shard.rows.clone()));
    if shard.held == loaded {
        return;
    }
    shard.held = None;
    for (index, HeldPort { port, row_major }) in program.held.iter().enumerate() {
        let value = &program.values[port.value];
        let Some((slot, _)) = plan.place(Operand::Value(port.value)) else { continue };
        let schedule = value.axis.map(|axis| &shard.schedules[axis]);
        let (target, width, values) = (&mut shard.slots[slot], value.width, held.values(index));
        let place = |(row, step)| held.place(value.axis, row, step);
        match schedule.filter(|_| *row_major) {
            Some(schedule) => {
                copy(target, width, values, row_after_row(&shard.rows, schedule).map(place));
            }
            None => copy(target, width, values, items(&shard.rows, schedule).map(place)),
        }
    }
    shard.held = loaded;
}

/// Copies items of `width` numbers from their places, one after the other.
fn copy<E: Element>(to: &mut [E], width: usize, values: &[E], from: impl Iterator<Item = usize>) {
    for (to, from) in to.chunks_exact_mut(width).zip(from) {
        to.copy_from_slice(&values[from * width..][..width]);
    }
}

/// Cuts the steps of each axis into segments, at least one.
fn cut<E: Element>(shard: &mut Shard<E>, program: &Program, plan: &Plan) -> Result<()> {
    let steps = shard.segment_steps;
    shard.segments.clear();
    if !plan.segmented {
        return Ok(());
    }
    for ((schedule, &before), form) in shard.schedules.iter().zip(&plan.previous).zip(&program.forms) {
        // No section goes up a forest.
        if *form != Form::Chain {
            shard.segments.push(Vec::new());
            continue;
        }
        let starts = (0..schedule.steps().max(1)).step_by(steps);
        let mut segments = Vec::new();
        reserve(&mut segments, starts.len(), "the segments of a batch")?;
        for start in starts {
            let mut segment = schedule.segment(start, start.saturating_add(steps))?;
            if plan.training {
                segment.list_blocks(before)?;
            }
            segments.push(segment);
        }
        shard.segments.push(segments);
    }
    Ok(())
}

/// The place in a batch's array of each row or step of a shard, in the shard's order.
fn places<'a>(
    rows: &Range<usize>,
    along: Option<(&'a Schedule, &'a Axis)>,
) -> impl Iterator<Item = usize> + use<'a> {
    let axis = along.map(|(_, axis)| axis);
    let items = items(rows, along.map(|(schedule, _)| schedule));
    items.map(move |(row, step)| axis.map_or(row, |axis| axis.place(row, step)))
}

/// The batch's row and the step of each row or step of a shard, in the shard's order.
fn items<'a>(
    rows: &Range<usize>,
    schedule: Option<&'a Schedule>,
) -> impl Iterator<Item = (usize, usize)> + use<'a> {
    let start = rows.start;
    let bare = if schedule.is_none() { rows.clone() } else { 0..0 };
    let steps = schedule.into_iter().flat_map(move |schedule| {
        (0..schedule.steps()).flat_map(move |t| {
            let places = schedule.step(t).zip(schedule.rows_at(t));
            places.map(move |(place, row)| (start + row, schedule.number(t, place)))
        })
    });
    bare.map(|row| (row, 0)).chain(steps)
}

/// The batch's row and the step of each step of a shard, a row's one after another; those that rows share once.
fn row_after_row(rows: &Range<usize>, schedule: &Schedule) -> impl Iterator<Item = (usize, usize)> {
    let steps = |row: usize| (0..schedule.items_in(row)).map(move |step| (row, step));
    let (start, mut end) = (rows.start, 0);
    let new = move |row: &usize| {
        let own = schedule.row_range(*row);
        let new = own.start == end;
        end = end.max(own.end);
        new
    };
    (0..rows.len()).filter(new).flat_map(steps).map(move |(row, step)| (start + row, step))
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::split;

    fn shards(rows: usize, count: usize) -> Vec<Range<usize>> {
        split(rows, count).collect()
    }

    #[test]
    fn shards_are_whole_row_groups() {
        assert_eq!(shards(40, 2), [0..16, 16..40]);
        assert_eq!(shards(40, 8), [0..16, 16..32, 32..40]);
        assert_eq!(shards(5, 4), std::slice::from_ref(&(0..5)));
        assert_eq!(shards(0, 4), std::slice::from_ref(&(0..0)));
    }
}
