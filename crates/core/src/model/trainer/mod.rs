//! Training in phases: batches are prepared, sent backward, and update the parameters.

mod update;

use std::sync::Arc;

use unrolled_kernels::Element;

use super::average::Average;
use super::carried::Carried;
use super::objective::{Measured, Objective};
use super::{Memory, Model, OnNonFinite, Report, TrainerConfig};
use crate::clip::GradientNorm;
use crate::format::folder::Held;
use crate::memory::zeros;
use crate::optimizer::{Optimizer, check_rate};
use crate::parallel::Pool;
use crate::program::{Frozen, Mode};
use crate::run::{Engine, Run};
use crate::storage::{Batch, GivenTargets, Losses, RngKey, Tensor, Weight};
use crate::tuning::{TRAINING, UPDATE};
use crate::{Code, Error, Result};

/// A training run of a model, with its optimizer and the states carried from batch to batch.
///
/// A step is three phases: [`Trainer::prepare`] for each of its batches, [`Trainer::backward`], [`Trainer::update`]. The
/// gradients of several batches are those of the one large batch, to the bit where every batch but the last has whole row
/// groups.
pub struct Trainer<E> {
    pub(super) model: Arc<Model<E>>,
    /// The threads for the step.
    pub(super) pool: &'static Pool,
    pub(super) config: TrainerConfig,
    objective: Objective,
    pub(super) engine: Engine<E>,
    pub(super) optimizer: Optimizer<E>,
    /// The mean of the parameters over the steps, if the run keeps one.
    pub(super) average: Option<Average<E>>,
    norm: GradientNorm,
    pub(super) gradients: Vec<E>,
    /// The batches of the step; spare ones follow.
    pub(super) batches: Vec<Batch<E>>,
    /// The number of batches that the next [`Trainer::backward`] takes, and that the last one took.
    prepared: usize,
    taken: usize,
    phase: Phase,
    /// Targets on their way to a batch.
    given: Vec<GivenTargets<E>>,
    /// The losses of all batches of the step.
    pub(super) measured: Measured,
    pub(super) carried: Carried<E>,
    /// The folder of the run's files, if it has one.
    pub(super) folder: Option<Held>,
    /// The reason why no states can be carried, if there is one.
    divisible: Result<()>,
    report: Report,
}

/// The phase of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Batches are prepared; no gradients await an update.
    Preparing,
    /// The gradients await their update.
    Measured,
    /// The gradients were changed since they were measured.
    Changed,
    /// The loss or gradient was not finite, and the step is left out.
    Skipped,
    /// No target counts: the states go on, and nothing else changes.
    Untargeted,
}

impl<E: Element> Trainer<E> {
    /// Starts a run.
    ///
    /// # Errors
    /// [`Code::Argument`] for options out of their range or that the model does not fit, [`Code::Size`] when there is
    /// no memory.
    pub fn new(model: Arc<Model<E>>, config: TrainerConfig) -> Result<Self> {
        let (objective, mut program) = Objective::compile(model.graph(), &config.losses)?;
        program.frozen = Frozen::new(&program.layout, &config.frozen)?;
        check_rate(config.learning_rate)?;
        if !E::from_f64(config.learning_rate).is_finite() {
            return Err(Error::argument(format!(
                "learningRate: {} is too large for float32",
                config.learning_rate
            )));
        }
        config.decay.check()?;
        config.clip.iter().try_for_each(|clip| clip.check())?;
        if let Some(truncation) = &config.truncate {
            truncation.check(&program)?;
        }
        debug_assert_eq!(
            program.packs, model.program.packs,
            "the weights are packed for the model's program"
        );
        let total = program.layout.total();
        let trained = program.frozen.rest(total);
        let optimizer = Optimizer::new(&config.optimizer, total)?.only(trained);
        let average = config.average.map(|decay| Average::new(decay, total)).transpose()?;
        let mode = Mode::Training { inputs: false, tape: config.memory.0 };
        Ok(Self {
            carried: Carried::new(&program),
            divisible: program.check_divisible("carry"),
            engine: Engine::new(Arc::new(program), mode, model.kernels),
            norm: GradientNorm::new(total)?,
            gradients: zeros(total, "the gradients")?,
            batches: Vec::new(),
            prepared: 0,
            taken: 0,
            phase: Phase::Preparing,
            given: Vec::new(),
            folder: None,
            measured: objective.measured(),
            report: Report::default(),
            pool: model.pool,
            model,
            config,
            objective,
            optimizer,
            average,
        })
    }

    /// Takes one step of the batches prepared and of this one, as [`Trainer::step_prepared`] does.
    ///
    /// # Errors
    /// Those of [`Trainer::prepare`] and [`Trainer::step_prepared`]. The parameters, the optimizer and the states are then
    /// as before.
    pub fn step<T: Into<GivenTargets<E>>>(
        &mut self,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
        carry: bool,
    ) -> Result<&Report> {
        self.prepare(inputs, targets)?;
        self.step_prepared(carry)
    }

    /// Takes one step: the gradients of the batches prepared, then one update. With `carry` the model's states begin as the
    /// last step's ended, if that was a step of one batch, otherwise at zero. Once it has seen its largest batch, a step
    /// allocates nothing.
    ///
    /// # Errors
    /// Those of [`Trainer::backward`] and [`Trainer::update`]; a loss or gradient that is not finite is none where such
    /// steps are skipped. The parameters, the optimizer and the states are then as before.
    pub fn step_prepared(&mut self, carry: bool) -> Result<&Report> {
        self.backward(carry)?;
        self.update()?;
        self.report.memory = self.memory();
        Ok(&self.report)
    }

    /// Adds a batch to the next step.
    ///
    /// # Errors
    /// Those of [`Batch::new`] and [`Batch::bind_targets`]; the step has no batches then.
    pub fn prepare<T: Into<GivenTargets<E>>>(
        &mut self,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
    ) -> Result<()> {
        let program = self.engine.program();
        let index = std::mem::take(&mut self.prepared);
        if index == 0 {
            self.measured.weights.fill(Weight::default());
        }
        if self.batches.len() == index {
            self.batches.push(Batch::empty(program));
        }
        let batch = &mut self.batches[index];
        batch.fill(program, inputs)?;
        self.given.clear();
        self.given.extend(targets.into_iter().map(Into::into));
        batch.bind_targets(program, &mut self.given, &mut self.measured.weights)?;
        self.prepared = index + 1;
        Ok(())
    }

    /// The gradients of the batches prepared, their norm and the losses. No batches are prepared afterwards.
    ///
    /// # Errors
    /// [`Code::Argument`] without a batch, for a model or batches that cannot carry states; [`Code::Shape`] for carried states of other
    /// rows; [`Code::NonFinite`] for a state, loss or gradient that is not finite, naming the node; [`Code::Size`] when
    /// there is no memory.
    pub fn backward(&mut self, carry: bool) -> Result<()> {
        self.check_in_place()?;
        let count = std::mem::take(&mut self.prepared);
        if count == 0 {
            return Err(Error::argument("step: expected a batch, received none"));
        }
        self.taken = count;
        self.phase = Phase::Preparing;
        if carry {
            self.divisible.clone()?;
            if count > 1 {
                return Err(Error::argument(format!("carry: expected one batch a step, received {count}")));
            }
            let batch = &mut self.batches[0];
            self.carried.begin(self.engine.program(), batch)?;
        }
        let operations = |batch: &Batch<E>| TRAINING * batch.operations(&self.model.cost);
        let update = UPDATE * self.gradients.len() as f64;
        self.pool =
            self.model.pool.suited(self.batches[..count].iter().map(operations).sum::<f64>() + update);
        let done = self.pool.run(|| self.measure(count));
        if carry {
            self.carried.give_back(&mut self.batches[0]);
        }
        self.phase = match done {
            Err(error) if error.code == Code::NonFinite && self.config.on_non_finite == OnNonFinite::Skip => {
                self.report.skip(self.optimizer.steps());
                Phase::Skipped
            }
            done => done?,
        };
        Ok(())
    }

    /// By loss: the weight of the targets of all batches prepared, to exchange for that of all processes before
    /// [`Trainer::backward`].
    pub fn weights_mut(&mut self) -> &mut [Weight] {
        &mut self.measured.weights
    }

    /// The gradients of the last [`Trainer::backward`], flat, to change before the update, which measures them again. Those of
    /// frozen parameters are 0, and 0 they stay.
    pub fn gradients_mut(&mut self) -> &mut [E] {
        if self.phase == Phase::Measured {
            self.phase = Phase::Changed;
        }
        &mut self.gradients
    }

    /// The report of the last step.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Bytes held from step to step.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            tape: self.engine.bytes(),
            gradients: size_of_val(&self.gradients[..]),
            optimizer: self.optimizer.bytes() + self.average.as_ref().map_or(0, Average::bytes),
            weights: self.model.bytes(),
        }
    }

    /// The gradients of the first `count` batches, their norm and the losses.
    fn measure(&mut self, count: usize) -> Result<Phase> {
        self.gradients.fill(E::ZERO);
        self.objective.begin(&mut self.measured);
        let mut rng_key = self.rng_key();
        for index in 0..count {
            let time = self.batches[index].axes().first().map_or(0, |axis| axis.time);
            match self.config.truncate {
                Some(truncation) if truncation.k2 < time => {
                    self.backward_chunks(index, rng_key, truncation, time)?;
                }
                _ => self.backward_whole(index, rng_key)?,
            }
            rng_key.row += self.batches[index].rows() as u64;
        }
        self.objective.report(&self.measured, &mut self.report);
        if self.measured.weights.iter().all(|weight| weight.total == 0.0) {
            self.report.skip(self.optimizer.steps());
            return Ok(Phase::Untargeted);
        }
        self.report.norm = self.finite(count)?;
        Ok(Phase::Measured)
    }

    fn rng_key(&self) -> RngKey {
        RngKey { training: true, seed: self.config.seed, step: self.optimizer.steps(), ..RngKey::default() }
    }

    fn backward_whole(&mut self, index: usize, rng_key: RngKey) -> Result<()> {
        let Self { model, pool, engine, batches, gradients, measured, carried, .. } = self;
        let (weights, batch) = (&*model.weights(), &batches[index]);
        let run = Run { weights, batch, losses: Losses { scales: &measured.scales, from: 0 }, rng_key };
        engine.gradient(&run, pool, gradients)?;
        engine.add_scores(&mut measured.scores);
        carried.end(engine, batch)
    }

    /// The gradients' norm, if they and the loss are finite; otherwise the first node whose value is not.
    fn finite(&mut self, count: usize) -> Result<f64> {
        let mut rng_key = self.rng_key();
        let Self { model, pool, engine, norm, gradients, batches, report, measured, .. } = self;
        let norm = norm.measure(pool, model.kernels, gradients);
        if let (Ok(norm), true) = (&norm, report.loss.is_finite()) {
            return Ok(*norm);
        }
        let weights = model.weights();
        for batch in &batches[..count] {
            let run = Run {
                weights: &weights,
                batch,
                losses: Losses { scales: &measured.scales, from: 0 },
                rng_key,
            };
            engine.inspect(&run, pool)?;
            rng_key.row += batch.rows() as u64;
        }
        let what = norm.err().map_or_else(
            || format!("loss: expected a finite number, received {}", report.loss),
            |e| e.message,
        );
        Err(Error::non_finite(format!("step {}: {what}", rng_key.step)))
    }
}
