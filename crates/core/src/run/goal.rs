//! What a backward pass starts from: losses with their targets, or gradients given.

use unrolled_kernels::{Element, Matrix};

use super::batch::{axis_of, check_shape, check_values, slice_time};
use super::load::places;
use super::{Batch, Block, Data, Frame, Tensor};
use crate::graph::Kind;
use crate::loss::{Loss, Targets};
use crate::program::{Operand, Port, Program, ValueId};
use crate::{Error, Result};

/// Where a gradient comes from.
#[derive(Clone, Debug)]
pub enum Seed<E> {
    /// A loss of an output with targets.
    Loss {
        /// The loss.
        loss: Loss,
        /// Multiplies the loss; divided by the targets' weight for a mean.
        scale: f64,
        /// Classes or values, row by row.
        targets: Data<E>,
    },
    /// The gradient itself, in the output's shape.
    Gradient(Vec<E>),
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
        loss: &Loss,
        target: Tensor<E>,
        scale: impl FnOnce(f64) -> f64,
    ) -> Result<(Self, Score)> {
        let what = format!("target '{}'", port.name);
        let kind = target_kind(&port.kind, loss);
        check_shape(&what, &kind, &target)?;
        if target.shape[0] != batch.rows() {
            return Err(Error::shape(format!(
                "{what}: expected {} rows, got {}",
                batch.rows(),
                target.shape[0]
            )));
        }
        let axis = program.values[port.value].axis.map(|axis| &batch.axes()[axis]);
        if let Some(axis) = axis {
            let own = axis_of(&what, &kind, &target)?;
            let same = own.as_ref().is_some_and(|own| {
                own.time == axis.time && (target.lengths.is_none() || own.lengths == axis.lengths)
            });
            if !same {
                let lengths = if target.shape[1] == axis.time { "other lengths" } else { "other steps" };
                return Err(Error::shape(format!(
                    "{what}: expected the {} steps and the lengths of its output, got {} steps and {lengths}",
                    axis.time, target.shape[1]
                )));
            }
        }
        if kind.size().is_some() {
            check_values(&what, &kind, &target, axis)?;
        }
        let score = measure(loss, &target.data, batch.rows(), axis, port)
            .map_err(|e| Error { code: e.code, message: format!("{what}: {}", e.message) })?;
        let scale = scale(score.weight);
        Ok((
            Self { value: port.value, seed: Seed::Loss { loss: loss.clone(), scale, targets: target.data } },
            score,
        ))
    }

    /// The steps `start..end` of the targets.
    #[must_use]
    pub fn window(&self, program: &Program, batch: &Batch<E>, start: usize, end: usize) -> Self {
        let Some(axis) = program.values[self.value].axis else { return self.clone() };
        let (rows, time) = (batch.rows(), batch.axes()[axis].time);
        let seed = match &self.seed {
            Seed::Loss { loss, scale, targets } => {
                let targets = slice_time(targets, rows, time, loss.width(), start, end);
                Seed::Loss { loss: loss.clone(), scale: *scale, targets }
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

fn target_kind(output: &Kind, loss: &Loss) -> Kind {
    let vocabulary = output.size().unwrap_or(0);
    match (output.axis(), loss.takes_classes()) {
        (_, false) => output.clone(),
        (Some(axis), true) => Kind::Tokens { vocabulary, axis: axis.to_owned() },
        (None, true) => Kind::Token { vocabulary },
    }
}

/// The weight and count of all valid targets, summed row by row.
fn measure<E: Element>(
    loss: &Loss,
    data: &Data<E>,
    rows: usize,
    axis: Option<&super::Axis>,
    port: &Port,
) -> Result<Score> {
    let width = port.kind.size().unwrap_or(1);
    let time = axis.map_or(1, |axis| axis.time);
    let mut score = Score::default();
    for row in 0..rows {
        let valid = axis.map_or(1, |axis| axis.lengths[row] as usize);
        let first = row * time;
        let ids: Vec<u32>;
        let targets = match data {
            Data::Ids(all) => {
                ids = all[first..first + valid].iter().map(|id| id.cast_unsigned()).collect();
                Targets::Classes(&ids)
            }
            Data::Values(all) => Targets::Values(Matrix::new(&all[first * width..], valid, width)),
        };
        loss.check(targets, valid)?;
        score.weight += loss.weight(targets);
        score.valid += loss.valid(targets);
    }
    Ok(score)
}

/// Computes the losses of a block, one entry a row, and adds their gradients if the plan has them. Steps
/// before `from` have no loss.
pub(super) fn seed<E: Element>(
    f: &mut Frame<'_, E>,
    goal: &Goal<E>,
    batch: &Batch<E>,
    from: usize,
    tally: &mut Tally,
) -> Result<()> {
    let axis = f.program.values[goal.value].axis;
    let time = axis.map_or(1, |axis| batch.axes()[axis].time);
    let width = f.program.values[goal.value].width;
    let places = places(f.block, axis, time);
    let from = from.saturating_sub(f.block.window.map_or(0, |window| window.start));
    let skipped = axis.map_or(0, |axis| {
        let timeline = &f.block.timelines[axis];
        (0..from.min(timeline.steps())).map(|t| timeline.alive(t)).sum()
    });
    match &goal.seed {
        Seed::Gradient(values) => {
            f.add_gradient(goal.value, |f, d| {
                let mut d = d.matrix();
                for (row, &place) in places.iter().enumerate().skip(skipped) {
                    f.kernels.add_assign(d.row_mut(row), &values[place * width..][..width]);
                }
            });
            Ok(())
        }
        Seed::Loss { loss, scale, targets } => {
            let gathered = gather(targets, &places[skipped..], width);
            let rows_here = places.len() - skipped;
            let targets = match &gathered {
                Gathered::Classes(ids) => Targets::Classes(ids),
                Gathered::Values(values) => Targets::Values(Matrix::new(values, rows_here, width)),
            };
            let mut scratch = vec![E::ZERO; loss.scratch()];
            let mut losses = vec![0.0; rows_here];
            let mut correct = vec![0; rows_here];
            let logits = f.matrix(Operand::Value(goal.value)).row_range(skipped..places.len());
            loss.forward(f.kernels, logits, targets, &mut scratch, &mut losses, Some(&mut correct))?;
            match f.block.window {
                Some(window) => tally.keep(window.base + skipped, &losses, &correct),
                None => collect(f.block, axis, skipped, &losses, &correct, &mut tally.rows),
            }
            let mut outcome = Ok(());
            f.add_gradient(goal.value, |f, d| {
                let logits = f.matrix(Operand::Value(goal.value)).row_range(skipped..places.len());
                let d = d.matrix().row_range(skipped..places.len());
                outcome = loss.backward(f.kernels, logits, targets, *scale, &mut scratch, d);
            });
            outcome
        }
    }
}

/// What the losses of one goal came to in a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// By row: the sum of its losses, and its hits.
    pub(super) rows: Vec<(f64, u64)>,
    /// By step, where the windows of a group had it.
    steps: Vec<(f64, u32)>,
}

impl Tally {
    fn keep(&mut self, place: usize, losses: &[f64], correct: &[u32]) {
        self.steps.resize(self.steps.len().max(place + losses.len()), (0.0, 0));
        let steps = &mut self.steps[place..][..losses.len()];
        for (step, (&loss, &hit)) in steps.iter_mut().zip(losses.iter().zip(correct)) {
            *step = (loss, hit);
        }
    }

    /// Sums what windows kept of the steps of an axis.
    pub(super) fn finish<E: Element>(&mut self, block: &Block<E>, axis: Option<usize>) {
        if !self.steps.is_empty() {
            let (losses, correct): (Vec<f64>, Vec<u32>) = self.steps.drain(..).unzip();
            collect(block, axis, 0, &losses, &correct, &mut self.rows);
        }
    }
}

enum Gathered<E> {
    Classes(Vec<u32>),
    Values(Vec<E>),
}

fn gather<E: Element>(targets: &Data<E>, places: &[usize], width: usize) -> Gathered<E> {
    match targets {
        Data::Ids(ids) => Gathered::Classes(places.iter().map(|&place| ids[place].cast_unsigned()).collect()),
        Data::Values(values) => {
            let mut gathered = Vec::with_capacity(places.len() * width);
            for &place in places {
                gathered.extend_from_slice(&values[place * width..][..width]);
            }
            Gathered::Values(gathered)
        }
    }
}

/// Sums each row's losses over its own steps, so that the sum depends on nothing else.
fn collect<E: Element>(
    block: &Block<E>,
    axis: Option<usize>,
    skipped: usize,
    losses: &[f64],
    correct: &[u32],
    rows: &mut Vec<(f64, u64)>,
) {
    let mut sums = vec![(0.0, 0); block.rows.len()];
    match axis {
        None => {
            for (sum, (&loss, &hit)) in sums.iter_mut().zip(losses.iter().zip(correct)) {
                *sum = (loss, u64::from(hit));
            }
        }
        Some(axis) => {
            let timeline = &block.timelines[axis];
            for t in 0..timeline.steps() {
                for (place, &row) in timeline.step(t).zip(timeline.order()) {
                    if let Some(i) = place.checked_sub(skipped).filter(|&i| i < losses.len()) {
                        sums[row as usize].0 += losses[i];
                        sums[row as usize].1 += u64::from(correct[i]);
                    }
                }
            }
        }
    }
    rows.extend(sums);
}
