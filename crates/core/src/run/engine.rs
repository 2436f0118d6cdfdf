//! A program in one mode with its storage, run on batch after batch.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::{Element, Kernels, Team};

use super::checkpoint::Plans;
use super::goal::{Goal, Score};
use super::reduce::{self, Cut};
use super::shard::{Outcome, Task};
use super::{load, transfer};
use crate::parallel::{Pool, processors};
use crate::program::{Mode, Operand, Program, ValueId};
use crate::storage::{Batch, RngKey, Shard, Tensor, Weights};
use crate::tuning::MOST_MEMBERS;
use crate::{Error, Result};

/// A program, its storage plan and the shards that keep their storage from run to run.
pub struct Engine<E> {
    program: Arc<Program>,
    plans: Plans,
    /// The most bytes that the shards have held, going back.
    held: usize,
    kernels: Kernels<E>,
    /// Behind those of the last run, room for more.
    shards: Vec<Shard<E>>,
    /// By shard: the threads that share its work.
    teams: Vec<Arc<Team>>,
    /// The weights of the largest recurrent product.
    recurrent: usize,
    /// Blocks of the last run.
    count: usize,
    cut: Cut<E>,
    outcomes: Vec<Outcome<E>>,
    scores: Vec<Score>,
}

/// What a forward run returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs<E> {
    /// The graph's outputs.
    pub outputs: Vec<Tensor<E>>,
    /// The model's states after each row's last step.
    pub states: Vec<Tensor<E>>,
}

/// What a backward run returns beside the parameters' gradients.
#[derive(Clone, Debug)]
pub struct Gradient<E> {
    /// What each goal's loss came to; only `loss` and `correct` are set.
    pub scores: Vec<Score>,
    /// The model's states after each row's last step.
    pub states: Vec<Tensor<E>>,
    /// The gradients of inputs and initial states, if the plan has them.
    pub inputs: Vec<Tensor<E>>,
}

/// Blocks, what they come to, and who takes them.
type Piece<'a, E> = (&'a mut [Shard<E>], &'a mut [Outcome<E>], &'a [Arc<Team>]);

impl<E: Element> Engine<E> {
    /// Plans a program for a mode.
    #[must_use]
    pub fn new(program: Arc<Program>, mode: Mode, kernels: Kernels<E>) -> Self {
        Self {
            recurrent: program.cost().recurrent,
            teams: Vec::new(),
            plans: Plans::new(&program, mode),
            program,
            held: 0,
            kernels,
            shards: Vec::new(),
            count: 0,
            cut: Cut::default(),
            outcomes: Vec::new(),
            scores: Vec::new(),
        }
    }

    /// Bytes that it holds from run to run: every value and gradient that has to be kept, for the largest batch so
    /// far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held.max(held(&self.shards))
    }

    /// The error for a budget that some of the batches of a step do not fit, naming what the largest needs.
    #[must_use]
    pub(crate) fn too_small(&self, batches: impl Iterator<Item = Batch<E>>, pool: &Pool) -> Option<Error> {
        self.plans.too_small(&self.program, batches, |batch| load::split(batch.rows(), pool.threads()))
    }

    /// Runs forward.
    ///
    /// # Errors
    /// [`crate::Code::Size`] if an output does not fit into memory.
    pub fn forward(&mut self, weights: &Weights<E>, batch: &Batch<E>, pool: &Pool) -> Result<Outputs<E>> {
        self.run_forward(weights, batch, pool)?;
        let outputs = self
            .program
            .outputs
            .iter()
            .map(|port| self.unload(&port.name, Operand::Value(port.value), batch))
            .collect::<Result<_>>()?;
        Ok(Outputs { outputs, states: self.states(batch)? })
    }

    /// Runs forward; [`Engine::read`] gives what it came to.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub(crate) fn run_forward(&mut self, weights: &Weights<E>, batch: &Batch<E>, pool: &Pool) -> Result<()> {
        self.each_shard(&Task::forward(weights, batch, &[]), pool)
    }

    /// Writes a value of the batch that ran last, in the shape of an output.
    pub(crate) fn read(&self, value: ValueId, batch: &Batch<E>, into: &mut [E]) {
        let operand = Operand::Value(value);
        transfer::copy(operand, &self.program, &self.plans.plan, batch, &self.shards[..self.count], into);
    }

    /// Runs forward and gives each goal's losses and hits, with the states.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn score(
        &mut self,
        weights: &Weights<E>,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        pool: &Pool,
    ) -> Result<(Vec<Score>, Vec<Tensor<E>>)> {
        self.each_shard(&Task::forward(weights, batch, goals), pool)?;
        Ok((self.scores.clone(), self.states(batch)?))
    }

    /// Runs forward and backward, and adds the parameters' gradients to the flat `gradients`. Steps before
    /// `from` have no loss.
    ///
    /// # Errors
    /// As [`Engine::forward`]; `gradients` is as before then.
    #[expect(clippy::too_many_arguments, reason = "what a training step consists of")]
    pub fn gradient(
        &mut self,
        weights: &Weights<E>,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        from: usize,
        rng_key: RngKey,
        pool: &Pool,
        gradients: &mut [E],
    ) -> Result<Gradient<E>> {
        self.run_gradient(weights, batch, goals, from, rng_key, pool, gradients)?;
        let (states, inputs) = (self.states(batch)?, self.input_gradients(batch)?);
        Ok(Gradient { scores: self.scores.clone(), states, inputs })
    }

    /// As [`Engine::gradient`]; [`Engine::scores`] and [`Engine::read`] give what it came to.
    ///
    /// # Errors
    /// As [`Engine::gradient`].
    #[expect(clippy::too_many_arguments, reason = "what a training step consists of")]
    pub(crate) fn run_gradient(
        &mut self,
        weights: &Weights<E>,
        batch: &Batch<E>,
        goals: &[Goal<E>],
        from: usize,
        rng_key: RngKey,
        pool: &Pool,
        gradients: &mut [E],
    ) -> Result<()> {
        let task = Task { weights, batch, goals, from, rng_key, inspect: false, backward: true };
        self.each_shard(&task, pool)?;
        self.cut.prepare(&self.program.layout, pool.threads());
        let shards = &self.shards[..self.count];
        let operands = weights.operands();
        reduce::add(
            self.kernels,
            operands,
            &self.program,
            &self.plans.plan,
            shards,
            pool,
            &self.cut,
            gradients,
        );
        Ok(())
    }

    /// What each goal's loss came to in the last run; only `loss` and `correct` are set.
    pub(crate) fn scores(&self) -> &[Score] {
        &self.scores
    }

    /// Runs forward and names the first node and step whose value is not finite.
    ///
    /// # Errors
    /// [`crate::Code::NonFinite`], naming them.
    pub fn inspect(
        &mut self,
        weights: &Weights<E>,
        batch: &Batch<E>,
        rng_key: RngKey,
        pool: &Pool,
    ) -> Result<()> {
        let task = Task { weights, batch, goals: &[], from: 0, rng_key, inspect: true, backward: false };
        self.each_shard(&task, pool)
    }

    fn each_shard(&mut self, task: &Task<'_, E>, pool: &Pool) -> Result<()> {
        let ranges = load::split(task.batch.rows(), pool.threads());
        let count = ranges.len();
        let steps = self.prepare(task, &ranges)?;
        self.count = count;
        self.shards.resize_with(count.max(self.shards.len()), Shard::default);
        self.outcomes.resize_with(count.max(self.outcomes.len()), Outcome::default);
        for (shard, rows) in self.shards.iter_mut().zip(ranges) {
            shard.rows = rows;
            shard.segment_steps = steps;
        }
        self.form_teams(pool);
        let (program, plan, kernels) = (&*self.program, &self.plans.plan, self.kernels);
        let piece = (&mut self.shards[..count], &mut self.outcomes[..count], &self.teams[..count]);
        pool.for_each_chunk(piece, count, 1, |(shards, outcomes, teams): Piece<'_, E>| {
            for ((shard, outcome), team) in shards.iter_mut().zip(outcomes).zip(teams) {
                outcome.result = pool.with_helpers(team, || {
                    shard.run(program, plan, kernels, team, task, &mut outcome.tallies)
                });
            }
        });
        if task.backward {
            self.held = self.bytes();
        }
        self.scores.clear();
        self.scores.resize(task.goals.len(), Score::default());
        for outcome in &mut self.outcomes[..count] {
            std::mem::replace(&mut outcome.result, Ok(()))?;
            for (score, tally) in self.scores.iter_mut().zip(&outcome.tallies) {
                for &(loss, correct) in &tally.rows {
                    score.loss += loss;
                    score.correct += correct;
                }
            }
        }
        Ok(())
    }

    /// Chooses the plan and the segments, and gives back what would be held beside them for nothing.
    fn prepare(
        &mut self,
        task: &Task<'_, E>,
        ranges: &(impl ExactSizeIterator<Item = Range<usize>> + Clone),
    ) -> Result<usize> {
        let Self { program, plans, shards, .. } = self;
        if task.backward && plans.choose(program, task.batch, ranges) {
            shards.clear();
        }
        let steps = plans.steps(program, task.batch, ranges, task.inspect)?;
        let others =
            || shards.len() > ranges.len() || shards.iter().any(|shard| shard.segment_steps != steps);
        if plans.plan.segmented && plans.plan.training && others() {
            // What other segments needed is not held beside what these do.
            shards.clear();
        }
        if task.backward && !plans.fits_beside(program, task.batch, ranges, steps, || held(shards)) {
            shards.clear();
        }
        Ok(steps)
    }

    /// With more threads than shards, several take a shard together, if its recurrence has work for them.
    fn form_teams(&mut self, pool: &Pool) {
        let rows = self.shards[..self.count].iter().map(|shard| shard.rows.len()).max().unwrap_or(0);
        let shared = Team::is_worthwhile(rows * self.recurrent, self.recurrent);
        let threads = pool.threads().min(processors());
        let members = if shared { (threads / self.count).clamp(1, MOST_MEMBERS) } else { 1 };
        if self.teams.len() < self.count || self.teams[0].members() != members {
            self.teams = self.shards.iter().map(|_| Arc::new(Team::new(members))).collect();
        }
    }

    fn unload(&self, name: &str, operand: Operand, batch: &Batch<E>) -> Result<Tensor<E>> {
        transfer::unload(name, operand, &self.program, &self.plans.plan, batch, &self.shards[..self.count])
    }

    fn states(&self, batch: &Batch<E>) -> Result<Vec<Tensor<E>>> {
        let states = self.program.states.iter();
        states.map(|state| self.unload(&state.name, Operand::Value(state.last), batch)).collect()
    }

    fn input_gradients(&self, batch: &Batch<E>) -> Result<Vec<Tensor<E>>> {
        let inputs = self.program.inputs.iter().map(|port| (&port.name, port.value));
        let states = self.program.states.iter().map(|state| (&state.name, state.initial));
        inputs
            .chain(states)
            .filter(|&(_, value)| self.plans.plan.has_gradient(value))
            .map(|(name, value)| self.unload(name, Operand::Gradient(value), batch))
            .collect()
    }
}

/// Bytes that shards hold now.
fn held<E: Element>(shards: &[Shard<E>]) -> usize {
    shards.iter().map(Shard::bytes).sum()
}
