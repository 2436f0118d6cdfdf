//! Checks of arrays against the inputs, states and targets they are given for.

use std::fmt;

use unrolled_kernels::Element;

use super::tensor::{Axis, Data, Tensor};
use crate::finite::first_non_finite;
use crate::graph::Kind;
use crate::program::{StatePort, TokenState};
use crate::{Error, Result};

/// The most steps times rows that one batch may have.
const MAX_STEPS: usize = 1 << 31;

/// The subject of an error: an input, a state or a target.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a>(pub &'static str, pub &'a str);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.0, self.1)
    }
}

/// The shape that data of a kind has, in words.
fn shape_of(kind: &Kind) -> String {
    match kind {
        Kind::Vector { size } => format!("[rows, {size}]"),
        Kind::Sequence { size, .. } => format!("[rows, time, {size}]"),
        Kind::Tokens { .. } => "[rows, time]".to_owned(),
        Kind::Forest { .. } => "[rows, nodes]".to_owned(),
        Kind::Token { .. } => "[rows]".to_owned(),
        Kind::Alignment { axis: Some(_), .. } => "[rows, time, memory]".to_owned(),
        Kind::Alignment { axis: None, .. } => "[rows, memory]".to_owned(),
    }
}

/// Checks kind, rank, sizes and the amount of data.
pub(crate) fn check_shape<E>(what: Subject<'_>, kind: &Kind, tensor: &Tensor<E>) -> Result<()> {
    let expected = || shape_of(kind);
    let length = match (&tensor.data, kind.size()) {
        (Data::Values(values), Some(_)) => values.len(),
        (Data::Ids(ids), None) => ids.len(),
        (Data::Values(_), None) => {
            return Err(Error::kind(format!(
                "{what}: expected integer ids {}, received numbers",
                expected()
            )));
        }
        (Data::Ids(_), Some(_)) => {
            return Err(Error::kind(format!(
                "{what}: expected numbers {}, received integer ids",
                expected()
            )));
        }
    };
    let rank = 1 + usize::from(kind.axis().is_some()) + usize::from(kind.size().is_some());
    let fits = tensor.shape.len() == rank && kind.size().is_none_or(|size| tensor.shape[rank - 1] == size);
    if !fits {
        return Err(Error::shape(format!(
            "{what}: expected shape {}, received {:?}",
            expected(),
            tensor.shape
        )));
    }
    if let Some(&size) = tensor.shape.iter().take(2).find(|&&size| size > MAX_STEPS) {
        return Err(Error::size(format!(
            "{what}: expected at most {MAX_STEPS} rows or steps, received {size}"
        )));
    }
    let count = tensor.shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    let valid = kind.axis().and_then(|_| tensor.valid_steps()?.checked_mul(kind.size().unwrap_or(1)));
    if ![count, valid].contains(&Some(length)) {
        return Err(Error::shape(format!(
            "{what}: expected elements for shape {:?}, received {length}",
            tensor.shape
        )));
    }
    Ok(())
}

/// Checks the lengths of a value over time; others have none.
pub(crate) fn check_lengths<E>(what: Subject<'_>, kind: &Kind, tensor: &Tensor<E>) -> Result<()> {
    if kind.axis().is_none() {
        return match &tensor.lengths {
            None => Ok(()),
            Some(_) => Err(Error::argument(format!(
                "{what}: expected no lengths for {kind}, which is not over time, received some"
            ))),
        };
    }
    let (rows, time) = (tensor.shape[0], tensor.shape[1]);
    check_steps(what, rows, time)?;
    let Some(lengths) = &tensor.lengths else { return Ok(()) };
    if lengths.len() != rows {
        return Err(Error::shape(format!(
            "{what}: expected {rows} lengths, one a row, received {}",
            lengths.len()
        )));
    }
    let outside = |&n: &i32| usize::try_from(n).map_or(true, |n| n > time);
    match lengths.iter().position(outside) {
        None => Ok(()),
        Some(row) => Err(Error::value(format!(
            "{what}: expected the length of row {row} from 0 to {time}, received {}",
            lengths[row]
        ))),
    }
}

/// Checks the number of steps of all rows.
pub(super) fn check_steps(what: Subject<'_>, rows: usize, time: usize) -> Result<()> {
    match rows.checked_mul(time).is_some_and(|steps| steps <= MAX_STEPS) {
        true => Ok(()),
        false => Err(Error::size(format!(
            "{what}: expected at most {MAX_STEPS} steps of all rows, received {rows} rows of {time}"
        ))),
    }
}

/// Checks a state of `rows` rows.
pub(crate) fn check_state<E: Element>(state: &StatePort, tensor: &Tensor<E>, rows: usize) -> Result<()> {
    let (what, kind) = (Subject("state", &state.name), Kind::Vector { size: state.size });
    check_shape(what, &kind, tensor)?;
    if tensor.shape[0] != rows {
        return Err(Error::shape(format!("{what}: expected {rows} rows, received {}", tensor.shape[0])));
    }
    check_values(what, &kind, &tensor.data, rows, None, |_| true)?;
    match (&state.token, &tensor.data) {
        (Some(token), Data::Values(values)) => check_numbers_of_ids(what, token, values),
        _ => Ok(()),
    }
}

/// Checks ids that are given as numbers.
fn check_numbers_of_ids<E: Element>(what: Subject<'_>, token: &TokenState, values: &[E]) -> Result<()> {
    let vocabulary = token.vocabulary;
    let is_id = |&x: &E| (0.0..vocabulary as f64).contains(&x.to_f64()) && x.to_f64().fract() == 0.0;
    match values.iter().position(|x| !is_id(x)) {
        None => Ok(()),
        Some(row) => Err(Error::value(format!(
            "{what}: expected ids from 0 to {}, received {} at row {row}",
            vocabulary.saturating_sub(1),
            values[row].to_f64()
        ))),
    }
}

/// Refuses a state that has grown out of range.
pub(crate) fn check_finite_state<E: Element>(name: &str, values: &[E]) -> Result<()> {
    match first_non_finite(values) {
        None => Ok(()),
        Some(_) => {
            let what = Subject("state", name);
            Err(Error::non_finite(format!("{what}: expected finite numbers, received a NaN or infinity")))
        }
    }
}

/// Checks the numbers and ids at valid steps that count; padding is not read.
pub(crate) fn check_values<E: Element>(
    what: Subject<'_>,
    kind: &Kind,
    data: &Data<E>,
    rows: usize,
    axis: Option<&Axis>,
    counts: impl Fn(usize) -> bool,
) -> Result<()> {
    let width = kind.size().unwrap_or(1);
    let vocabulary = kind.vocabulary().unwrap_or(0);
    let known = |&id: &i32| usize::try_from(id).is_ok_and(|id| id < vocabulary);
    for row in 0..rows {
        let (first, items) = items_of(row, axis);
        let range = |item: usize, count: usize| item * width..(item + count) * width;
        let fits = |item: usize, count: usize| match data {
            Data::Values(values) => first_non_finite(&values[range(item, count)]).is_none(),
            Data::Ids(ids) => ids[range(item, count)].iter().all(known),
        };
        // Most rows are right as a whole.
        if fits(first, items) {
            continue;
        }
        let wrong = (0..items).find(|step| counts(first + step) && !fits(first + step, 1));
        let Some(step) = wrong else { continue };
        let at = if axis.is_some() { format!("row {row}, step {step}") } else { format!("row {row}") };
        return Err(match data {
            Data::Values(values) => {
                let item = &values[range(first + step, 1)];
                let column = first_non_finite(item).unwrap_or_default();
                Error::non_finite(format!(
                    "{what}: expected finite numbers, received {} at {at}, column {column}",
                    item[column].to_f64()
                ))
            }
            Data::Ids(ids) => Error::value(format!(
                "{what}: expected ids from 0 to {}, received {} at {at}",
                vocabulary.saturating_sub(1),
                ids[first + step]
            )),
        });
    }
    Ok(())
}

/// The place of a row's first item in the arrays of a batch, and the number of its items.
pub(super) fn items_of(row: usize, axis: Option<&Axis>) -> (usize, usize) {
    axis.map_or((row, 1), |axis| (axis.place(row, 0), axis.lengths[row] as usize))
}

/// Checks the number of the weights of a target, with or without room for padding.
pub(super) fn check_weight_count<E>(
    what: Subject<'_>,
    weights: &[E],
    rows: usize,
    axis: Option<&Axis>,
) -> Result<()> {
    let expected = rows * axis.map_or(1, |axis| axis.time);
    if weights.len() != expected && axis.is_none_or(|axis| axis.items() != weights.len()) {
        return Err(Error::shape(format!(
            "{what}: expected {expected} weights, one a row or step, received {}",
            weights.len()
        )));
    }
    Ok(())
}

/// Checks the weights of the items of a target.
pub(super) fn check_item_weights<E: Element>(
    what: Subject<'_>,
    weights: &[E],
    rows: usize,
    axis: Option<&Axis>,
) -> Result<()> {
    let items = (0..rows).flat_map(|row| {
        let (first, items) = items_of(row, axis);
        (0..items).map(move |step| (first + step, row, step))
    });
    for (item, row, step) in items {
        let weight = weights[item].to_f64();
        if weight.is_finite() && weight >= 0.0 {
            continue;
        }
        let at = if axis.is_some() { format!("row {row}, step {step}") } else { format!("row {row}") };
        let message = format!("{what}: expected finite weights of at least 0, received {weight} at {at}");
        return Err(if weight.is_finite() { Error::value(message) } else { Error::non_finite(message) });
    }
    Ok(())
}
