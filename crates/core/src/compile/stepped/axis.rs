//! The axis along which a program is stepped.

use crate::program::{Operation, Port, Program, ValueId};
use crate::{Error, Result};

/// The named axis, or that of the outputs; where these have none, of the inputs; of several, the one along which an input is
/// shifted.
pub(super) fn choose(program: &Program, what: &str, name: Option<&str>) -> Result<Option<usize>> {
    if let Some(name) = name {
        let known = &program.axes;
        let found = known.iter().position(|axis| axis == name);
        let found = found.ok_or_else(|| {
            Error::argument(format!(
                "{what}: expected one of the axes {known:?} to step along, received '{name}'"
            ))
        })?;
        return in_time(program, what, found);
    }
    let of_outputs = axes(program, program.outputs.iter().map(port_value));
    let all = if of_outputs.is_empty() { axes(program, inputs(program)) } else { of_outputs };
    let candidates = match all.len() {
        0 | 1 => all.clone(),
        _ => axes(program, shifted(program)).into_iter().filter(|axis| all.contains(axis)).collect(),
    };
    match candidates[..] {
        [] if all.is_empty() => Ok(None),
        [axis] => in_time(program, what, axis),
        _ => {
            let names: Vec<&str> = all.iter().map(|&axis| program.axes[axis].as_str()).collect();
            Err(Error::argument(format!(
                "{what}: expected one axis to step along, received {names:?}; name one of them as axis"
            )))
        }
    }
}

/// Refuses the nodes of a forest, which come after their children, all of them known.
fn in_time(program: &Program, what: &str, axis: usize) -> Result<Option<usize>> {
    match program.forms[axis].is_forest() {
        false => Ok(Some(axis)),
        true => Err(Error::argument(format!(
            "{what}: expected steps of time, received the nodes of the forest '{}': predict gives those of whole trees",
            program.axes[axis]
        ))),
    }
}

fn port_value(port: &Port) -> ValueId {
    port.value
}

fn inputs(program: &Program) -> impl Iterator<Item = ValueId> {
    program.inputs.iter().map(port_value)
}

/// The inputs that a node shifts.
fn shifted(program: &Program) -> impl Iterator<Item = ValueId> {
    let shifts = |value: ValueId| {
        let is_shift = |op: &Operation| matches!(op, Operation::Shift(_));
        program.instructions.iter().any(|i| is_shift(&i.op) && i.inputs.first() == Some(&value))
    };
    inputs(program).filter(move |&value| shifts(value))
}

/// The different axes of values, in the order of the program's.
fn axes(program: &Program, values: impl Iterator<Item = ValueId>) -> Vec<usize> {
    let mut axes: Vec<usize> = values.filter_map(|value| program.values[value].axis).collect();
    axes.sort_unstable();
    axes.dedup();
    axes
}
