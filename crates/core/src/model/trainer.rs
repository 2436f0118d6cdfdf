//! Training: gradients of a batch, bounded, and one update of the parameters.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::Element;

use super::carried::Carried;
use super::objective::{Memory, Objective, Report};
use super::{Chunk, Model, OnNonFinite, TrainerConfig, Truncation};
use crate::clip::GradientNorm;
use crate::optimizer::{Optimizer, check_rate};
use crate::parallel::Pool;
use crate::program::{Mode, Program};
use crate::run::{Engine, Goal, Score};
use crate::storage::{Batch, RngKey, Tensor};
use crate::tuning::{TRAINING, UPDATE};
use crate::{Code, Error, Result};

/// A training run of a model, with its optimizer and the states it carries from batch to batch.
pub struct Trainer<E> {
    model: Arc<Model<E>>,
    /// The threads for the batch at hand.
    pool: &'static Pool,
    config: TrainerConfig,
    objective: Objective,
    engine: Engine<E>,
    optimizer: Optimizer<E>,
    norm: GradientNorm,
    gradients: Vec<E>,
    batch: Batch<E>,
    goals: Vec<Goal<E>>,
    /// The weights of the targets.
    weights: Vec<Score>,
    /// What the losses came to.
    scores: Vec<Score>,
    carried: Carried<E>,
    report: Report,
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
        check_rate(config.learning_rate)?;
        if !E::from_f64(config.learning_rate).is_finite() {
            return Err(Error::argument(format!(
                "learningRate: {} is beyond the numbers of the model",
                config.learning_rate
            )));
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
        Ok(Self {
            batch: Batch::empty(&program),
            carried: Carried::new(&program),
            engine: Engine::new(program, mode, model.kernels),
            norm: GradientNorm::new(total),
            gradients: vec![E::ZERO; total],
            goals: Vec::new(),
            weights: Vec::new(),
            scores: Vec::new(),
            report: Report::default(),
            pool: model.pool,
            model,
            config,
            objective,
            optimizer,
        })
    }

    /// Takes one step: the gradients of the batch, then one update. With `carry` the model's states begin as the last
    /// step's ended, otherwise at zero. Once it has seen its largest batch, a step allocates nothing.
    ///
    /// # Errors
    /// Those of [`Batch::new`], and of targets that do not fit; [`Code::NonFinite`] for a loss or gradient that is not
    /// finite, naming the node, unless such steps are skipped; [`Code::Argument`] where the schedule's rate is not
    /// finite. The parameters, the optimizer and the states are then as before.
    pub fn step(&mut self, inputs: Vec<Tensor<E>>, targets: Vec<Tensor<E>>, carry: bool) -> Result<&Report> {
        if carry {
            self.model.program.check_divisible("carry")?;
        } else {
            self.carried.forget();
        }
        let program = &self.model.program;
        self.batch.fill(program, inputs)?;
        self.objective.aim(program, &self.batch, targets, &mut self.goals, &mut self.weights)?;
        self.carried.begin(program, &mut self.batch)?;
        let forward = self.batch.operations(&self.model.cost);
        let update = UPDATE * self.gradients.len() as f64;
        self.pool = self.model.pool.suited(TRAINING * forward + update);
        let done = self.pool.run(|| self.descend());
        self.carried.give_back(&mut self.batch);
        match done {
            Ok(()) => self.carried.advance(self.batch.rows()),
            Err(error) if error.code == Code::NonFinite && self.config.on_non_finite == OnNonFinite::Skip => {
                self.report.skip(self.optimizer.steps());
            }
            Err(error) => return Err(error),
        }
        self.report.memory = self.memory();
        Ok(&self.report)
    }

    /// The gradients of the batch, and the update if they are finite.
    fn descend(&mut self) -> Result<()> {
        let rng_key =
            RngKey { training: true, seed: self.config.seed, step: self.optimizer.steps(), time: 0 };
        self.measure(rng_key)?;
        self.report.learning_rate = self.update(self.report.norm)?;
        self.report.step = self.optimizer.steps();
        self.report.skipped = false;
        Ok(())
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

    /// The gradients of the batch, their norm, the loss, and the states that they end with.
    fn measure(&mut self, rng_key: RngKey) -> Result<()> {
        self.gradients.fill(E::ZERO);
        let time = self.batch.axes().first().map_or(0, |axis| axis.time);
        match self.config.truncate {
            Some(truncation) if truncation.k2 < time => self.backward_chunks(rng_key, truncation, time)?,
            _ => {
                let Self { model, pool, engine, batch, goals, gradients, scores, carried, .. } = self;
                engine.run_gradient(&model.weights(), batch, goals, 0, rng_key, pool, gradients)?;
                scores.clear();
                scores.extend_from_slice(engine.scores());
                carried.end(&model.program, engine, batch);
            }
        }
        self.objective.report(&self.scores, &self.weights, &mut self.report);
        self.report.norm = self.finite(rng_key)?;
        Ok(())
    }

    fn backward_chunks(&mut self, rng_key: RngKey, truncation: Truncation, time: usize) -> Result<()> {
        self.scores.clear();
        self.scores.resize(self.goals.len(), Score::default());
        // Where the states are known: at the start of the last chunk, and at its end.
        let mut began = (0, self.batch.states().to_vec());
        let mut ended = began.clone();
        let chunks = truncation.chunks(time);
        for chunk in &chunks {
            let known = if ended.0 <= chunk.start { ended } else { began };
            let states =
                self.advance(rng_key, known, chunk.start).map_err(|error| self.for_all(error, &chunks))?;
            let losses = chunk.losses - chunk.start;
            let last = self
                .chunk(rng_key, &states, chunk.start..chunk.end, losses)
                .map_err(|error| self.for_all(error, &chunks))?;
            for (sum, score) in self.scores.iter_mut().zip(self.engine.scores()) {
                sum.loss += score.loss;
                sum.correct += score.correct;
            }
            (began, ended) = ((chunk.start, states), (chunk.end, last));
        }
        Ok(())
    }

    /// An error of one chunk; of memory, it names what all of them need.
    fn for_all(&self, error: Error, chunks: &[Chunk]) -> Error {
        let batch = |chunk: &Chunk| self.batch.steps(&self.model.program, chunk.start, chunk.end);
        match error.code {
            Code::Size => self.engine.too_small(chunks.iter().map(batch), self.pool).unwrap_or(error),
            _ => error,
        }
    }

    /// The states at step `to`, from those known at an earlier one.
    fn advance(
        &mut self,
        rng_key: RngKey,
        (from, states): (usize, Vec<Option<Vec<E>>>),
        to: usize,
    ) -> Result<Vec<Option<Vec<E>>>> {
        if from == to {
            return Ok(states);
        }
        // No step has a loss, and so there is no gradient.
        self.chunk(rng_key, &states, from..to, to - from)
    }

    /// The gradients of the steps `span`, of which those from `losses` on have a loss, and the states at their end.
    fn chunk(
        &mut self,
        rng_key: RngKey,
        states: &[Option<Vec<E>>],
        span: Range<usize>,
        losses: usize,
    ) -> Result<Vec<Option<Vec<E>>>> {
        let Self { model, pool, engine, batch, goals, gradients, carried, .. } = self;
        let program = &model.program;
        let mut piece = batch.steps(program, span.start, span.end);
        piece.set_states(states.to_vec());
        let goals: Vec<Goal<E>> =
            goals.iter().map(|goal| goal.steps(program, batch, span.start, span.end)).collect();
        let rng_key = RngKey { time: span.start as u64, ..rng_key };
        engine.run_gradient(&model.weights(), &piece, &goals, losses, rng_key, pool, gradients)?;
        carried.end(program, engine, &piece);
        Ok(carried.ended())
    }

    /// The gradients' norm, if they and the loss are finite; otherwise the first node whose value is not.
    fn finite(&mut self, rng_key: RngKey) -> Result<f64> {
        let Self { model, pool, engine, norm, gradients, batch, report, .. } = self;
        let measured = norm.measure(pool, model.kernels, gradients);
        match measured {
            Ok(norm) if report.loss.is_finite() => Ok(norm),
            Ok(_) | Err(_) => {
                engine.inspect(&model.weights(), batch, rng_key, pool)?;
                let what =
                    measured.err().map_or_else(|| format!("the loss is {}", report.loss), |e| e.message);
                Err(Error::non_finite(format!("step {}: {what}", rng_key.step)))
            }
        }
    }

    /// Updates the parameters and returns the rate; a schedule may take it beyond all numbers.
    fn update(&mut self, norm: f64) -> Result<f64> {
        let Self { model, pool, config, optimizer, gradients, .. } = self;
        let rate = config.learning_rate * config.schedule.factor(optimizer.steps());
        if !E::from_f64(rate).is_finite() {
            let step = optimizer.steps();
            return Err(Error::argument(format!(
                "schedule: the rate of step {step}, {rate}, is beyond the numbers of the model"
            )));
        }
        if let Some(clip) = &config.clip {
            clip.apply(pool, gradients, norm);
        }
        model.change_weights(|weights| {
            weights.update(pool, |values| {
                optimizer.step(pool, model.kernels, rate, values, gradients);
            });
        });
        Ok(rate)
    }
}

fn check_truncation(program: &Program, objective: &Objective, truncation: &Truncation) -> Result<()> {
    truncation.validate()?;
    program.check_divisible("truncate")?;
    if let Some(output) = objective.timeless(program) {
        return Err(Error::argument(format!(
            "truncate: output '{output}' is not over time, so a chunk has no loss of it"
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
