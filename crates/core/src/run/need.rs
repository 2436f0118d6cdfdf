//! The memory that a run needs, added up before any of it is allocated.

use unrolled_kernels::Element;

use crate::Result;
use crate::memory::check_fits;
use crate::program::{Form, Mode, Plan, Program, Space, ValueId};
use crate::storage::Batch;

/// Bytes that are not added up: every machine has them.
const SMALL: f64 = (1 << 26) as f64;

impl Program {
    /// Refuses a program that no memory holds: its parameters with their packed copies, and one step of one row with its
    /// results.
    ///
    /// # Errors
    /// [`crate::Code::Size`], naming the largest value.
    pub(crate) fn check_fits<E: Element>(&self) -> Result<()> {
        let packed = self.packs.iter().map(|pack| pack.tensor.range().len()).sum::<usize>();
        let parameters = (self.layout.total() + packed) as f64;
        let results = results(self, |_| 1.0);
        let bytes = |values: f64| (parameters + values + results) * size_of::<E>() as f64;
        if bytes(self.values.iter().map(|value| value.width as f64).sum()) < SMALL {
            return Ok(());
        }
        let plan = self.plan(Mode::Inference { segmented: true });
        check_fits(bytes(widths(&plan)), || {
            let (name, width) = largest(self, |value| self.values[value].width as f64);
            format!("model of {parameters:.0} numbers in parameters, and '{name}' of {width:.0} in a row")
        })
    }
}

/// Refuses a run that no memory holds.
///
/// # Errors
/// [`crate::Code::Size`], naming the largest value.
pub(super) fn check_run<E: Element>(
    program: &Program,
    plan: &Plan,
    batch: &Batch<E>,
    steps: usize,
) -> Result<()> {
    let rows = batch.rows() as f64;
    let time = batch.axes().iter().map(|axis| axis.time).max().unwrap_or(1).max(1) as f64;
    let most = (2.0 * widths(plan) + results(program, |_| 1.0)) * rows * time;
    let returned = program.outputs.iter().filter(|port| port.kind.memory().is_some()).count();
    let alignments = (returned + program.coverages().count()) as f64;
    if (most + alignments * rows * time * time) * (size_of::<E>() as f64) < SMALL {
        return Ok(());
    }
    let items = |axis: usize, steps: usize| {
        batch.axes()[axis].lengths.iter().map(|&n| (n as usize).min(steps) as f64).sum::<f64>()
    };
    let count = |space: Space| match space {
        // A level of a forest may have all of its nodes but one.
        Space::Step(axis) if program.forms[axis] != Form::Chain => items(axis, usize::MAX),
        Space::Rows | Space::Step(_) => rows,
        Space::PingPong => 2.0 * rows,
        Space::Axis(axis) => items(axis, usize::MAX),
        Space::Segment(axis) => items(axis, steps),
        Space::Checkpoints(_) => rows * (time / steps.max(1) as f64 + 2.0),
    };
    let values: f64 = plan.slots.iter().map(|slot| slot.width as f64 * count(slot.space)).sum();
    let time_of = |axis: usize| batch.axes()[axis].time as f64;
    let padded = |axis: Option<usize>| rows * axis.map_or(1.0, time_of);
    // Kept for each pair, and returned with padding.
    let weights = program.outputs.iter().filter_map(|port| Some((port, program.memory_axis(port.value)?)));
    let weights = weights
        .map(|(port, memory)| 2.0 * padded(program.values[port.value].axis) * time_of(memory))
        .sum::<f64>();
    let outputs = if program.targets.is_empty() { results(program, padded) + weights } else { 0.0 };
    let covered = program.coverages().map(|it| padded(plan.training.then_some(it.axis)) * time_of(it.memory));
    check_fits((values + outputs + covered.sum::<f64>()) * size_of::<E>() as f64, || {
        let (name, numbers) =
            largest(program, |value| program.values[value].width as f64 * padded(program.values[value].axis));
        format!("run, in which '{name}' has {numbers:.0} numbers")
    })
}

/// Numbers of one item of every slot.
fn widths(plan: &Plan) -> f64 {
    plan.slots.iter().map(|slot| slot.width as f64).sum()
}

/// Numbers of the outputs and states, `count` times each.
fn results(program: &Program, count: impl Fn(Option<usize>) -> f64) -> f64 {
    let outputs = program.outputs.iter().map(|port| {
        let value = &program.values[port.value];
        value.width as f64 * count(value.axis)
    });
    let states = program.states.iter().map(|state| state.size as f64 * count(None));
    outputs.chain(states).sum()
}

/// The name and the numbers of the value that has the most.
fn largest(program: &Program, numbers: impl Fn(ValueId) -> f64) -> (&str, f64) {
    let most = (0..program.values.len()).max_by(|&a, &b| numbers(a).total_cmp(&numbers(b)));
    most.map_or(("", 0.0), |value| (program.values[value].name.as_str(), numbers(value)))
}
