//! What a backward pass starts from: losses with their targets, or gradients given.

use std::sync::Arc;

use unrolled_kernels::{Element, Matrix};

use super::load::places;
use crate::graph::Kind;
use crate::loss::{Loss, Targets};
use crate::program::{Operand, Port, Program, ValueId};
use crate::storage::{
    Axis, Batch, Data, Named, Shard, Taken, Tensor, View, check_lengths, check_shape, check_values,
    slice_time,
};
use crate::{Error, Result};

/// Where a gradient comes from.
#[derive(Clone, Debug)]
pub enum Seed<E> {
    /// A loss of an output with targets.
    Loss {
        /// The loss.
        criterion: Arc<Criterion>,
        /// Multiplies the loss; divided by the targets' weight for a mean.
        scale: f64,
        /// Classes or values, row by row.
        targets: Data<E>,
    },
    /// The gradient itself, in the output's shape.
    Gradient(Vec<E>),
}

/// A loss of an output.
#[derive(Clone, Debug)]
pub struct Criterion {
    loss: Loss,
    /// What the targets are.
    kind: Kind,
}

impl Criterion {
    /// A loss of an output of this kind.
    #[must_use]
    pub fn new(loss: Loss, output: &Kind) -> Self {
        let vocabulary = output.size().unwrap_or(0);
        let kind = match (output.axis(), loss.takes_classes()) {
            (_, false) => output.clone(),
            (Some(axis), true) => Kind::Tokens { vocabulary, axis: axis.to_owned() },
            (None, true) => Kind::Token { vocabulary },
        };
        Self { loss, kind }
    }
}

/// A seed with the output it belongs to.
#[derive(Clone, Debug)]
pub struct Goal<E> {
    /// The output's value.
    pub value: ValueId,
    /// Where its gradient comes from.
    pub seed: Seed<E>,
}

/// What a loss came to on a batch or part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The sum of all losses, weighted as the loss weights them.
    pub loss: f64,
    /// The sum of their weights; the mean is `loss / weight`.
    pub weight: f64,
    /// Targets that were hit.
    pub correct: u64,
    /// Targets that count.
    pub valid: u64,
}

impl<E: Element> Goal<E> {
    /// Checks the targets of an output. `scale` turns their weight into the factor of the loss.
    ///
    /// # Errors
    /// As [`Batch::new`], naming the target.
    pub fn loss(
        program: &Program,
        port: &Port,
        batch: &Batch<E>,
        criterion: &Arc<Criterion>,
        target: Tensor<E>,
        scale: impl FnOnce(f64) -> f64,
    ) -> Result<(Self, Score)> {
        let what = Named("target", &port.name);
        let Criterion { loss, kind } = &**criterion;
        check_shape(what, kind, &target)?;
        if target.shape[0] != batch.rows() {
            return Err(Error::shape(format!(
                "{what}: expected {} rows, got {}",
                batch.rows(),
                target.shape[0]
            )));
        }
        let axis = program.values[port.value].axis.map(|axis| &batch.axes()[axis]);
        if let Some(axis) = axis {
            check_lengths(what, kind, &target)?;
            let whole = target.lengths.is_none() && target.shape[1] == axis.time;
            if !whole && !axis.is_of(&target) {
                let lengths = if target.shape[1] == axis.time { "other lengths" } else { "other steps" };
                return Err(Error::shape(format!(
                    "{what}: expected the {} steps and the lengths of its output, got {} steps and {lengths}",
                    axis.time, target.shape[1]
                )));
            }
        }
        if kind.size().is_some() {
            check_values(what, kind, &target.data, batch.rows(), axis)?;
        }
        let score = measure(loss, &target.data, batch.rows(), axis)
            .map_err(|e| Error { code: e.code, message: format!("{what}: {}", e.message) })?;
        let (criterion, scale) = (Arc::clone(criterion), scale(score.weight));
        let seed = Seed::Loss { criterion, scale, targets: target.data };
        Ok((Self { value: port.value, seed }, score))
    }

    /// The steps `start..end` of the targets.
    #[must_use]
    pub fn steps(&self, program: &Program, batch: &Batch<E>, start: usize, end: usize) -> Self {
        let Some(axis) = program.values[self.value].axis else { return self.clone() };
        let (rows, time) = (batch.rows(), batch.axes()[axis].time);
        let seed = match &self.seed {
            Seed::Loss { criterion, scale, targets } => {
                let targets = slice_time(targets, rows, time, criterion.loss.width(), start, end);
                Seed::Loss { criterion: Arc::clone(criterion), scale: *scale, targets }
            }
            Seed::Gradient(values) => {
                let width = program.values[self.value].width;
                match slice_time(&Data::Values(values.clone()), rows, time, width, start, end) {
                    Data::Values(values) => Seed::Gradient(values),
                    Data::Ids(_) => Seed::Gradient(Vec::new()),
                }
            }
        };
        Self { value: self.value, seed }
    }
}

/// The weight and count of all valid targets, summed row by row. Numbers are finite, classes are checked.
fn measure<E: Element>(loss: &Loss, data: &Data<E>, rows: usize, axis: Option<&Axis>) -> Result<Score> {
    let time = axis.map_or(1, |axis| axis.time);
    let mut score = Score::default();
    for row in 0..rows {
        let valid = axis.map_or(1, |axis| axis.lengths[row] as usize);
        let mut weight = 0.0;
        for step in 0..valid {
            let class = class_at(data, row * time + step);
            let targets = targets_at(data, &class, row * time + step, loss.width());
            if let Data::Ids(_) = data {
                loss.check(targets, 1).map_err(|e| at(e, row, step, axis))?;
            }
            weight += loss.weight(targets);
            score.valid += loss.valid(targets);
        }
        score.weight += weight;
    }
    Ok(score)
}

fn at(error: Error, row: usize, step: usize, axis: Option<&Axis>) -> Error {
    let step = axis.map_or(String::new(), |_| format!(", step {step}"));
    Error { message: format!("row {row}{step}: {}", error.message), ..error }
}

/// The class of a row or step; numbers have none.
fn class_at<E>(data: &Data<E>, place: usize) -> [u32; 1] {
    match data {
        Data::Ids(ids) => [ids[place].cast_unsigned()],
        Data::Values(_) => [0],
    }
}

/// The target of a row or step, its class beside it.
fn targets_at<'a, E: Element>(
    data: &'a Data<E>,
    class: &'a [u32; 1],
    place: usize,
    width: usize,
) -> Targets<'a, E> {
    match data {
        Data::Ids(_) => Targets::Classes(class),
        Data::Values(values) => Targets::Values(Matrix::new(&values[place * width..], 1, width)),
    }
}

/// What the losses of one goal came to in a block, and storage for computing them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally<E> {
    /// By row of the block: the sum of its losses over its own steps, and its hits. It depends on nothing else.
    pub rows: Vec<(f64, u64)>,
    /// By step, where segments come to them out of order.
    steps: Vec<(f64, u32)>,
    scratch: Vec<E>,
}

impl<E: Element> Tally<E> {
    /// Nothing yet, of so many rows.
    pub(super) fn begin(&mut self, rows: usize) {
        self.steps.clear();
        self.rows.clear();
        self.rows.resize(rows, (0.0, 0));
    }

    fn keep(&mut self, step: usize, (loss, hits): (f64, u32)) {
        if self.steps.len() <= step {
            self.steps.resize(step + 1, (0.0, 0));
        }
        self.steps[step] = (loss, hits);
    }

    fn add(&mut self, row: usize, (loss, hits): (f64, u32)) {
        let sum = &mut self.rows[row];
        sum.0 += loss;
        sum.1 += u64::from(hits);
    }

    /// Sums what segments kept of the steps of an axis.
    pub(super) fn finish(&mut self, block: &Shard<E>, axis: Option<usize>) {
        let Some(axis) = axis.filter(|_| !self.steps.is_empty()) else { return };
        let schedule = &block.schedules[axis];
        for t in 0..schedule.steps() {
            for (place, row) in schedule.step(t).zip(schedule.rows_at(t)) {
                if let Some(&step) = self.steps.get(place) {
                    self.add(row, step);
                }
            }
        }
    }
}

/// Computes the losses of a block and adds their gradients if the plan has them. Steps before `from` have no loss.
pub(super) fn seed<E: Element>(
    f: &mut View<'_, E>,
    goal: &Goal<E>,
    batch: &Batch<E>,
    from: usize,
    tally: &mut Tally<E>,
) {
    match f.has_gradient(goal.value) {
        true => {
            f.write(Operand::Gradient(goal.value), |f, d| seed_into(f, goal, batch, from, tally, Some(d)))
        }
        false => seed_into(f, goal, batch, from, tally, None),
    }
}

fn seed_into<E: Element>(
    f: &View<'_, E>,
    goal: &Goal<E>,
    batch: &Batch<E>,
    from: usize,
    tally: &mut Tally<E>,
    mut d: Option<&mut Taken<E>>,
) {
    let axis = f.program.values[goal.value].axis;
    let time = axis.map_or(1, |axis| batch.axes()[axis].time);
    let width = f.program.values[goal.value].width;
    let (first, base) = f.shard.segment.map_or((0, 0), |segment| (segment.start, segment.base));
    let skipped = axis.map_or(0, |axis| {
        let schedule = &f.shard.schedules[axis];
        (0..from.saturating_sub(first).min(schedule.steps())).map(|t| schedule.items_at(t)).sum()
    });
    let places = || places(&f.shard.rows, &f.shard.schedules, axis, time, first).enumerate().skip(skipped);
    match (&goal.seed, &mut d) {
        (Seed::Gradient(_), None) => {}
        (Seed::Gradient(values), Some(d)) => {
            let mut d = d.matrix();
            places().for_each(|(i, place)| {
                f.kernels.add_assign(d.row_mut(i), &values[place * width..][..width]);
            });
        }
        (Seed::Loss { criterion, scale, targets }, d) => {
            let loss = &criterion.loss;
            tally.scratch.resize(loss.scratch(), E::ZERO);
            let logits = f.matrix(Operand::Value(goal.value));
            places().for_each(|(i, place)| {
                let (logits, class) = (logits.row_range(i..i + 1), class_at(targets, place));
                let target = targets_at(targets, &class, place, width);
                let slope = d.as_mut().map(|d| (*scale, d.matrix().row_range(i..i + 1)));
                let (mut value, mut hits) = ([0.0], [0]);
                loss.run(f.kernels, logits, target, &mut tally.scratch, &mut value, &mut hits, slope);
                let outcome = (value[0], hits[0]);
                match f.shard.segment {
                    Some(_) => tally.keep(base + i, outcome),
                    None => tally.add(place / time - f.shard.rows.start, outcome),
                }
            });
        }
    }
}
