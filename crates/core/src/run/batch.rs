//! What a run is fed: named arrays, batch first, checked against the program before anything runs.

use unrolled_kernels::Element;

use crate::finite::first_non_finite;
use crate::graph::Kind;
use crate::program::{Port, Program};
use crate::{Error, Result};

/// The most steps times rows that one batch may have.
const MAX_STEPS: usize = 1 << 31;

/// A named array: `[rows, time, size]`, `[rows, size]`, or ids `[rows, time]`, `[rows]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<E> {
    /// The name of an input, output or state.
    pub name: String,
    /// Its sizes, batch first.
    pub shape: Vec<usize>,
    /// Row-major.
    pub data: Data<E>,
    /// For values over time: the valid steps of each row; all of them if absent.
    pub lengths: Option<Vec<i32>>,
}

/// Numbers or ids.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<E> {
    /// Numbers.
    Values(Vec<E>),
    /// Ids.
    Ids(Vec<i32>),
}

/// The valid steps of a batch along one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Steps with padding, as the arrays have them.
    pub time: usize,
    /// Valid steps of each row.
    pub lengths: Vec<u32>,
}

/// A batch that fits its program.
#[derive(Clone, Debug)]
pub struct Batch<E> {
    rows: usize,
    axes: Vec<Axis>,
    inputs: Vec<Data<E>>,
    states: Vec<Option<Vec<E>>>,
}

impl<E: Element> Batch<E> {
    /// Checks the inputs, and the states to begin with (any not given is zero).
    ///
    /// # Errors
    /// Naming the input: [`crate::Code::Argument`] for one that is missing, doubled or unknown, `Kind`, `Shape`,
    /// `Value` for an id out of range, `NonFinite` for a NaN or infinity at a valid step.
    pub fn new(program: &Program, inputs: Vec<Tensor<E>>, states: Vec<Tensor<E>>) -> Result<Self> {
        let mut slots: Vec<Option<Tensor<E>>> = program.inputs.iter().map(|_| None).collect();
        for tensor in inputs {
            let i = find(program.inputs.iter().map(|p| p.name.as_str()), &tensor.name, "input")?;
            if slots[i].is_some() {
                return Err(Error::argument(format!("input '{}' is given twice", tensor.name)));
            }
            slots[i] = Some(tensor);
        }
        let mut batch = Self {
            rows: 0,
            axes: vec![Axis::default(); program.axes.len()],
            inputs: Vec::new(),
            states: Vec::new(),
        };
        let mut seen = vec![false; program.axes.len()];
        for (i, (port, slot)) in program.inputs.iter().zip(slots).enumerate() {
            let tensor = slot.ok_or_else(|| Error::argument(format!("input '{}' is missing", port.name)))?;
            batch.add_input(program, port, tensor, i == 0, &mut seen)?;
        }
        batch.add_states(program, states)?;
        Ok(batch)
    }

    fn add_input(
        &mut self,
        program: &Program,
        port: &Port,
        tensor: Tensor<E>,
        first: bool,
        seen: &mut [bool],
    ) -> Result<()> {
        let what = format!("input '{}'", port.name);
        let rows = tensor.shape.first().copied();
        check_shape(&what, &port.kind, &tensor)?;
        let rows = rows.unwrap_or(0);
        if first {
            self.rows = rows;
        } else if rows != self.rows {
            return Err(Error::shape(format!(
                "{what}: expected {} rows like the first input, got {rows}",
                self.rows
            )));
        }
        let axis = axis_of(&what, &port.kind, &tensor)?;
        if let (Some(axis), Some(i)) = (&axis, program.values[port.value].axis) {
            if seen[i] && self.axes[i] != *axis {
                return Err(Error::shape(format!(
                    "{what}: expected the same time and lengths as the other inputs on axis '{}'",
                    program.axes[i]
                )));
            }
            seen[i] = true;
            self.axes[i].clone_from(axis);
        }
        check_values(&what, &port.kind, &tensor, axis.as_ref())?;
        self.inputs.push(tensor.data);
        Ok(())
    }

    fn add_states(&mut self, program: &Program, states: Vec<Tensor<E>>) -> Result<()> {
        self.states = program.states.iter().map(|_| None).collect();
        for tensor in states {
            let i = find(program.states.iter().map(|s| s.name.as_str()), &tensor.name, "state")?;
            let what = format!("state '{}'", tensor.name);
            let kind = Kind::Vector { size: program.states[i].size };
            check_shape(&what, &kind, &tensor)?;
            if tensor.shape[0] != self.rows {
                return Err(Error::shape(format!(
                    "{what}: expected {} rows, got {}",
                    self.rows, tensor.shape[0]
                )));
            }
            check_values(&what, &kind, &tensor, None)?;
            if let Data::Values(values) = tensor.data {
                self.states[i] = Some(values);
            }
        }
        Ok(())
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The steps along each axis of the program.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The arrays, in the order of the program's inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Data<E>] {
        &self.inputs
    }

    /// The states to begin with, in the order of the program's; `None` is zero.
    #[must_use]
    pub fn states(&self) -> &[Option<Vec<E>>] {
        &self.states
    }

    /// Puts states in place of those given.
    pub fn set_states(&mut self, states: Vec<Option<Vec<E>>>) {
        self.states = states;
    }

    /// The steps `start..end` of every sequence, for truncated backpropagation through time.
    #[must_use]
    pub fn window(&self, program: &Program, start: usize, end: usize) -> Self {
        let axes: Vec<Axis> = self.axes.iter().map(|axis| axis.window(start, end)).collect();
        let inputs = program
            .inputs
            .iter()
            .zip(&self.inputs)
            .map(|(port, data)| match program.values[port.value].axis {
                None => data.clone(),
                Some(i) => {
                    slice_time(data, self.rows, self.axes[i].time, port.kind.size().unwrap_or(1), start, end)
                }
            })
            .collect();
        Self { rows: self.rows, axes, inputs, states: self.states.clone() }
    }
}

impl Axis {
    /// The steps `start..end`, or as many of them as there are.
    #[must_use]
    pub fn window(&self, start: usize, end: usize) -> Self {
        let (start, end) = (start.min(self.time), end.min(self.time));
        let lengths = self
            .lengths
            .iter()
            .map(|&n| (n as usize).clamp(start, end.max(start)) as u32 - start as u32)
            .collect();
        Self { time: end - start, lengths }
    }
}

/// The steps `start..end` of an array `[rows, time, width]`.
pub(crate) fn slice_time<E: Copy>(
    data: &Data<E>,
    rows: usize,
    time: usize,
    width: usize,
    start: usize,
    end: usize,
) -> Data<E> {
    let (start, end) = (start.min(time), end.min(time));
    match data {
        Data::Values(values) => Data::Values(cut(values, rows, time * width, start * width, end * width)),
        Data::Ids(ids) => Data::Ids(cut(ids, rows, time, start, end)),
    }
}

fn cut<T: Copy>(all: &[T], rows: usize, stride: usize, start: usize, end: usize) -> Vec<T> {
    (0..rows).flat_map(|row| all[row * stride + start..row * stride + end].iter().copied()).collect()
}

fn find<'a>(mut names: impl Iterator<Item = &'a str> + Clone, name: &str, what: &str) -> Result<usize> {
    names.clone().position(|known| known == name).ok_or_else(|| {
        let known: Vec<&str> = names.by_ref().collect();
        Error::argument(format!("{what} '{name}' is unknown; the model has {known:?}"))
    })
}

/// Checks kind, rank, sizes and the amount of data.
pub(crate) fn check_shape<E>(what: &str, kind: &Kind, tensor: &Tensor<E>) -> Result<()> {
    let expected = match kind {
        Kind::Vector { size } => format!("[rows, {size}]"),
        Kind::Sequence { size, .. } => format!("[rows, time, {size}]"),
        Kind::Tokens { .. } => "[rows, time]".to_owned(),
        Kind::Token { .. } => "[rows]".to_owned(),
    };
    let length = match (&tensor.data, kind.size()) {
        (Data::Values(values), Some(_)) => values.len(),
        (Data::Ids(ids), None) => ids.len(),
        (Data::Values(_), None) => {
            return Err(Error::kind(format!("{what}: expected integer ids {expected}, got numbers")));
        }
        (Data::Ids(_), Some(_)) => {
            return Err(Error::kind(format!("{what}: expected numbers {expected}, got integer ids")));
        }
    };
    let rank = 1 + usize::from(kind.axis().is_some()) + usize::from(kind.size().is_some());
    let fits = tensor.shape.len() == rank && kind.size().is_none_or(|size| tensor.shape[rank - 1] == size);
    if !fits {
        return Err(Error::shape(format!("{what}: expected shape {expected}, got {:?}", tensor.shape)));
    }
    if let Some(&size) = tensor.shape.iter().take(2).find(|&&size| size > MAX_STEPS) {
        return Err(Error::size(format!("{what}: a size of {size} is more than {MAX_STEPS}")));
    }
    let count = tensor.shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    if count != Some(length) {
        return Err(Error::shape(format!(
            "{what}: shape {:?} does not hold {length} elements",
            tensor.shape
        )));
    }
    Ok(())
}

/// The lengths of a value over time, checked.
pub(crate) fn axis_of<E>(what: &str, kind: &Kind, tensor: &Tensor<E>) -> Result<Option<Axis>> {
    if kind.axis().is_none() {
        return match &tensor.lengths {
            None => Ok(None),
            Some(_) => {
                Err(Error::argument(format!("{what}: lengths are for values over time, this is a {kind}")))
            }
        };
    }
    let (rows, time) = (tensor.shape[0], tensor.shape[1]);
    if rows.checked_mul(time).is_none_or(|steps| steps > MAX_STEPS) {
        return Err(Error::size(format!("{what}: {rows} rows of {time} steps are more than {MAX_STEPS}")));
    }
    let lengths = match &tensor.lengths {
        None => vec![time as u32; rows],
        Some(lengths) if lengths.len() != rows => {
            return Err(Error::shape(format!(
                "{what}: expected {rows} lengths, one a row, got {}",
                lengths.len()
            )));
        }
        Some(lengths) => lengths
            .iter()
            .enumerate()
            .map(|(row, &n)| match u32::try_from(n) {
                Ok(n) if n as usize <= time => Ok(n),
                _ => Err(Error::value(format!(
                    "{what}: the length of row {row} must be from 0 to {time}, got {n}"
                ))),
            })
            .collect::<Result<_>>()?,
    };
    Ok(Some(Axis { time, lengths }))
}

/// Checks the numbers and ids at valid steps; what lies in padding is never looked at.
pub(crate) fn check_values<E: Element>(
    what: &str,
    kind: &Kind,
    tensor: &Tensor<E>,
    axis: Option<&Axis>,
) -> Result<()> {
    let rows = tensor.shape[0];
    let (time, width) = (axis.map_or(1, |axis| axis.time), kind.size().unwrap_or(1));
    for row in 0..rows {
        let valid = axis.map_or(1, |axis| axis.lengths[row] as usize) * width;
        let range = row * time * width..row * time * width + valid;
        let at = |i: usize| {
            if axis.is_some() { format!("row {row}, step {}", i / width) } else { format!("row {row}") }
        };
        match &tensor.data {
            Data::Values(values) => {
                if let Some(i) = first_non_finite(&values[range]) {
                    return Err(Error::non_finite(format!("{what}: a NaN or infinity at {}", at(i))));
                }
            }
            Data::Ids(ids) => {
                let vocabulary = kind.vocabulary().unwrap_or(0);
                let out = |&id: &i32| usize::try_from(id).map_or(true, |id| id >= vocabulary);
                if let Some(i) = ids[range.clone()].iter().position(out) {
                    return Err(Error::value(format!(
                        "{what}: ids must be from 0 to {}, got {} at {}",
                        vocabulary.saturating_sub(1),
                        ids[range.start + i],
                        at(i)
                    )));
                }
            }
        }
    }
    Ok(())
}
