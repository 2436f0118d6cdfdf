//! Training: gradients of a batch, bounded, and one update of the parameters.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::Element;

use super::objective::{Memory, Objective, Report};
use super::{Model, OnNonFinite, TrainerConfig};
use crate::clip::GradientNorm;
use crate::optimizer::{Optimizer, check_rate};
use crate::program::{Mode, Program};
use crate::run::{Batch, Data, Engine, Goal, Noise, Score, Tensor};
use crate::scan::{Truncation, Window};
use crate::{Code, Error, Result};

/// A training run of a model, with its optimizer and the states it carries from batch to batch.
pub struct Trainer<E> {
    model: Arc<Model<E>>,
    config: TrainerConfig,
    objective: Objective,
    engine: Engine<E>,
    optimizer: Optimizer<E>,
    norm: GradientNorm,
    gradients: Vec<E>,
    states: Vec<Tensor<E>>,
}

impl<E: Element> Trainer<E> {
    /// Starts a run.
    ///
    /// # Errors
    /// [`Code::Argument`] for options out of their range or that the model does not fit, [`Code::Size`] when there is
    /// no memory.
    pub fn new(model: Arc<Model<E>>, config: TrainerConfig) -> Result<Self> {
        let program = Arc::clone(&model.program);
        let objective = Objective::new(&program, &config.losses)?;
        check_rate(config.rate)?;
        if !E::from_f64(config.rate).is_finite() {
            return Err(Error::argument(format!("rate: {} is beyond the numbers of the model", config.rate)));
        }
        config.schedule.check()?;
        config.clip.iter().try_for_each(|clip| clip.check())?;
        if let Some(truncation) = &config.truncate {
            check_truncation(&program, &objective, truncation)?;
        }
        let total = program.layout.total();
        let optimizer = Optimizer::new(&config.optimizer, total)?;
        let mode =
            Mode::Training { seeded: objective.seeded(&program), inputs: false, tape: config.memory.0 };
        let engine = Engine::new(program, mode, model.kernels);
        let (norm, gradients) = (GradientNorm::new(total), vec![E::ZERO; total]);
        Ok(Self { model, config, objective, engine, optimizer, norm, gradients, states: Vec::new() })
    }

    /// Takes one step: the gradients of the batch, then one update. With `carry` the model's states begin as the last
    /// step's ended, otherwise at zero.
    ///
    /// # Errors
    /// Those of [`Batch::new`], and of targets that do not fit; [`Code::NonFinite`] for a loss or gradient that is not
    /// finite, naming the node, unless such steps are skipped. The parameters, the optimizer and the states are then
    /// as before.
    pub fn step(&mut self, inputs: Vec<Tensor<E>>, targets: Vec<Tensor<E>>, carry: bool) -> Result<Report> {
        if carry {
            self.model.program.check_divisible("carry")?;
        } else {
            self.states.clear();
        }
        let states = self.states.clone();
        let batch = Batch::new(&self.model.program, inputs, states)?;
        let (goals, weights) = self.objective.goals(&self.model.program, &batch, targets)?;
        let noise = Noise { training: true, seed: self.config.seed, step: self.optimizer.steps(), time: 0 };
        self.gradients.fill(E::ZERO);
        let (scores, states) = self.backward(&batch, &goals, noise)?;
        let mut report = self.objective.report(&scores, &weights);
        match self.finite(&report, &batch, noise) {
            Ok(norm) => report.norm = norm,
            Err(error) if error.code == Code::NonFinite && self.config.on_non_finite == OnNonFinite::Skip => {
                let memory = self.memory();
                return Ok(Report { memory, ..Report::skipped(self.optimizer.steps()) });
            }
            Err(error) => return Err(error),
        }
        report.rate = self.update(report.norm);
        report.step = self.optimizer.steps();
        report.memory = self.memory();
        self.states = states;
        Ok(report)
    }

    /// Bytes held from step to step.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            tape: self.engine.bytes(),
            gradients: size_of_val(&self.gradients[..]),
            optimizer: self.optimizer.bytes(),
            weights: self.model.bytes(),
        }
    }

    /// The gradients of all windows of a batch.
    fn backward(
        &mut self,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        noise: Noise,
    ) -> Result<(Vec<Score>, Vec<Tensor<E>>)> {
        let time = batch.axes().first().map_or(0, |axis| axis.time);
        match self.config.truncate {
            Some(truncation) if truncation.k2 < time => {
                self.backward_windows(batch, goals, noise, &truncation.windows(time))
            }
            _ => self.gradient(batch, goals, 0, noise),
        }
    }

    fn backward_windows(
        &mut self,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        noise: Noise,
        windows: &[Window],
    ) -> Result<(Vec<Score>, Vec<Tensor<E>>)> {
        let mut sums = vec![Score::default(); goals.len()];
        // Where the states are known: at the start of the last window, and at its end.
        let mut began = (0, batch.states().to_vec());
        let mut ended = began.clone();
        let mut final_states = Vec::new();
        for window in windows {
            let known = if ended.0 <= window.start { ended } else { began };
            let states = self.advance(batch, goals, noise, known, window.start)?;
            let losses = window.losses - window.start;
            let (scores, last) =
                self.window(batch, goals, noise, &states, window.start..window.end, losses)?;
            for (sum, score) in sums.iter_mut().zip(scores) {
                sum.loss += score.loss;
                sum.correct += score.correct;
            }
            (began, ended) = ((window.start, states), (window.end, values(last.clone())));
            final_states = last;
        }
        Ok((sums, final_states))
    }

    /// The states at step `to`, from those known at an earlier one.
    fn advance(
        &mut self,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        noise: Noise,
        (from, states): (usize, Vec<Option<Vec<E>>>),
        to: usize,
    ) -> Result<Vec<Option<Vec<E>>>> {
        if from == to {
            return Ok(states);
        }
        // No step has a loss, and so there is no gradient.
        let (_, last) = self.window(batch, goals, noise, &states, from..to, to - from)?;
        Ok(values(last))
    }

    /// The gradients of the steps `span`, of which those from `losses` on have a loss.
    fn window(
        &mut self,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        noise: Noise,
        states: &[Option<Vec<E>>],
        span: Range<usize>,
        losses: usize,
    ) -> Result<(Vec<Score>, Vec<Tensor<E>>)> {
        let program = &self.model.program;
        let mut piece = batch.window(program, span.start, span.end);
        piece.set_states(states.to_vec());
        let goals: Vec<Goal<E>> =
            goals.iter().map(|goal| goal.window(program, batch, span.start, span.end)).collect();
        let noise = Noise { time: span.start as u64, ..noise };
        self.gradient(&piece, &goals, losses, noise)
    }

    fn gradient(
        &mut self,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        from: usize,
        noise: Noise,
    ) -> Result<(Vec<Score>, Vec<Tensor<E>>)> {
        let Self { model, engine, gradients, .. } = self;
        let run = engine.gradient(&model.weights(), batch, goals, from, noise, model.pool, gradients)?;
        Ok((run.scores, run.states))
    }

    /// The gradients' norm, if they and the loss are finite; otherwise the first node whose value is not.
    fn finite(&mut self, report: &Report, batch: &Batch<E>, noise: Noise) -> Result<f64> {
        let Self { model, engine, norm, gradients, .. } = self;
        let measured = norm.measure(model.pool, model.kernels, gradients);
        match measured {
            Ok(norm) if report.loss.is_finite() => Ok(norm),
            Ok(_) | Err(_) => {
                engine.inspect(&model.weights(), batch, noise, model.pool)?;
                let what =
                    measured.err().map_or_else(|| format!("the loss is {}", report.loss), |e| e.message);
                Err(Error::non_finite(format!("step {}: {what}", noise.step)))
            }
        }
    }

    /// Updates the parameters and returns the rate.
    fn update(&mut self, norm: f64) -> f64 {
        let Self { model, config, optimizer, gradients, .. } = self;
        let rate = config.rate * config.schedule.factor(optimizer.steps());
        if let Some(clip) = &config.clip {
            clip.apply(model.pool, gradients, norm);
        }
        model.change_weights(|weights| {
            weights.update(model.pool, |values| {
                optimizer.step(model.pool, model.kernels, rate, values, gradients);
            });
        });
        rate
    }
}

fn check_truncation(program: &Program, objective: &Objective, truncation: &Truncation) -> Result<()> {
    truncation.validate()?;
    program.check_divisible("truncate")?;
    if let Some(output) = objective.timeless(program) {
        return Err(Error::argument(format!(
            "truncate: output '{output}' is not over time, so a window has no loss of it"
        )));
    }
    if program.axes.len() > 1 {
        return Err(Error::argument(format!(
            "truncate: expected one axis of time, the model has {:?}",
            program.axes
        )));
    }
    Ok(())
}

fn values<E>(states: Vec<Tensor<E>>) -> Vec<Option<Vec<E>>> {
    let values = states.into_iter().map(|state| match state.data {
        Data::Values(values) => Some(values),
        Data::Ids(_) => None,
    });
    values.collect()
}
