//! A program in one mode with its storage, run on batch after batch.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::{Element, Kernels, Team};

use super::checkpoint::Plans;
use super::reduce::{self, Cut};
use super::shard::{Purpose, Run};
use super::{load, need, transfer};
use crate::compile::Cost;
use crate::parallel::{Pool, processors};
use crate::program::{Mode, Operand, Port, Program, ValueId};
use crate::storage::{Batch, Losses, RngKey, Shard, Tensor, Weights};
use crate::tuning::{HELP, MOST_MEMBERS};
use crate::{Error, Result};

/// A program, its storage plan and the shards that keep their storage from run to run.
pub struct Engine<E> {
    program: Arc<Program>,
    plans: Plans,
    /// The most bytes that the shards have held in training.
    held: usize,
    kernels: Kernels<E>,
    /// The shards of the last run; spare ones follow.
    shards: Vec<Shard<E>>,
    /// By shard: the threads that share its work.
    teams: Vec<Arc<Team>>,
    /// By shard: the end of its run.
    results: Vec<Result<()>>,
    /// The weights of the largest recurrent product, and by axis of the largest product of all its steps together.
    recurrent: usize,
    together: Vec<usize>,
    /// The number of shards of the last run.
    count: usize,
    cut: Cut<E>,
}

/// The results of a forward run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs<E> {
    /// The graph's outputs.
    pub outputs: Vec<Tensor<E>>,
    /// The model's states after each row's last step.
    pub states: Vec<Tensor<E>>,
}

/// The losses of one target over a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The sum of all losses, each times its weight.
    pub loss: f64,
    /// The number of targets that were met.
    pub correct: u64,
}

/// Gradients of a backward run other than the parameters'.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<E> {
    /// Of the inputs and the initial states, where the plan has them.
    pub inputs: Vec<Tensor<E>>,
    /// Of the states after each step, where the program has probes.
    pub states: Vec<Tensor<E>>,
    /// Of the pre-activations of gates at each step, where the program has probes.
    pub gates: Vec<Tensor<E>>,
}

/// Shards, the ends of their runs, and their threads.
type Work<'a, E> = (&'a mut [Shard<E>], &'a mut [Result<()>], &'a [Arc<Team>]);

impl<E: Element> Engine<E> {
    /// Plans a program for a mode.
    #[must_use]
    pub fn new(program: Arc<Program>, mode: Mode, kernels: Kernels<E>) -> Self {
        let Cost { recurrent, together, .. } = program.cost();
        Self {
            recurrent,
            together,
            teams: Vec::new(),
            plans: Plans::new(&program, mode),
            program,
            held: 0,
            kernels,
            shards: Vec::new(),
            results: Vec::new(),
            count: 0,
            cut: Cut::default(),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Bytes held from run to run: every value and gradient that has to be kept, for the largest batch so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held.max(held(&self.shards))
    }

    /// Numbers that a step of one row keeps.
    #[must_use]
    pub(crate) fn row_width(&self) -> usize {
        self.plans.plan.slots.iter().map(|slot| slot.width).sum()
    }

    /// The error for a budget that some of the batches of a step do not fit, naming the bytes that the largest needs.
    #[must_use]
    pub(crate) fn too_small(
        &self,
        batches: impl Iterator<Item = Result<Batch<E>>>,
        pool: &Pool,
    ) -> Option<Error> {
        self.plans.too_small(&self.program, batches, |batch| load::split(batch.rows(), pool.threads()))
    }

    /// Runs forward.
    ///
    /// # Errors
    /// [`crate::Code::Size`] if an output does not fit into memory.
    pub fn forward(&mut self, weights: &Weights<E>, batch: &Batch<E>, pool: &Pool) -> Result<Outputs<E>> {
        self.run_forward(weights, batch, pool)?;
        let ports = self.program.outputs.iter();
        let outputs = ports
            .map(|port| self.unload(&port.name, Operand::Value(port.value), batch))
            .collect::<Result<_>>()?;
        Ok(Outputs { outputs, states: self.states(batch)? })
    }

    /// Runs forward; [`Engine::read`] gives the values.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub(crate) fn run_forward(&mut self, weights: &Weights<E>, batch: &Batch<E>, pool: &Pool) -> Result<()> {
        let (losses, rng_key) = (Losses::default(), RngKey::default());
        self.each_shard(&Run { weights, batch, losses, rng_key }, Purpose::Forward, pool)
    }

    /// Runs forward and measures the losses; [`Engine::scores`] gives them.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn measure(&mut self, run: &Run<'_, E>, pool: &Pool) -> Result<()> {
        self.each_shard(run, Purpose::Forward, pool)
    }

    /// Runs forward and backward, and adds the parameters' gradients to the flat `gradients`.
    ///
    /// # Errors
    /// As [`Engine::forward`]; `gradients` is as before then.
    pub fn gradient(&mut self, run: &Run<'_, E>, pool: &Pool, gradients: &mut [E]) -> Result<()> {
        self.each_shard(run, Purpose::Backward, pool)?;
        self.cut.prepare(&self.program.layout, pool.threads())?;
        let shards = &self.shards[..self.count];
        let source = (self.kernels, run.weights.operands());
        reduce::add(source, &self.program, &self.plans.plan, shards, pool, &self.cut, gradients);
        Ok(())
    }

    /// Runs forward and names the first node and step whose value is not finite.
    ///
    /// # Errors
    /// [`crate::Code::NonFinite`], naming them.
    pub fn inspect(&mut self, run: &Run<'_, E>, pool: &Pool) -> Result<()> {
        self.each_shard(run, Purpose::Inspect, pool)
    }

    /// Adds the losses of the last run to those of others, by target, row after row.
    pub fn add_scores(&self, scores: &mut [Score]) {
        for shard in &self.shards[..self.count] {
            for (score, tally) in scores.iter_mut().zip(&shard.tallies) {
                for &(loss, correct) in &tally.rows {
                    score.loss += loss;
                    score.correct += correct;
                }
            }
        }
    }

    /// The losses of each row and of each item of a target in the last run, `[rows]` and in the shape of the output's
    /// items.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn losses(&self, target: usize, batch: &Batch<E>) -> Result<[Tensor<f64>; 2]> {
        transfer::losses(target, &self.program, batch, &self.shards[..self.count])
    }

    /// Writes a value of the batch that ran last, in the shape of an output.
    pub(crate) fn read(&self, value: ValueId, batch: &Batch<E>, into: &mut [E]) {
        let operand = Operand::Value(value);
        transfer::copy(operand, &self.program, &self.plans.plan, batch, &self.shards[..self.count], into);
    }

    /// The model's states after each row's last step.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn states(&self, batch: &Batch<E>) -> Result<Vec<Tensor<E>>> {
        let states = self.program.states.iter();
        states.map(|state| self.unload(&state.name, Operand::Value(state.last), batch)).collect()
    }

    /// The gradients that the last run has left, other than the parameters'.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn gradients(&self, batch: &Batch<E>) -> Result<Gradients<E>> {
        let inputs = self.program.inputs.iter().map(|port| (&port.name, port.value));
        let states = self.program.states.iter().map(|state| (&state.name, state.initial));
        let ports =
            |ports: &'_ [Port]| self.unload_gradients(ports.iter().map(|p| (&p.name, p.value)), batch);
        Ok(Gradients {
            inputs: self.unload_gradients(inputs.chain(states), batch)?,
            states: ports(&self.program.probes)?,
            gates: ports(&self.program.gates)?,
        })
    }

    fn unload_gradients<'a>(
        &self,
        values: impl Iterator<Item = (&'a String, ValueId)>,
        batch: &Batch<E>,
    ) -> Result<Vec<Tensor<E>>> {
        values
            .filter(|&(_, value)| self.plans.plan.has_gradient(value))
            .map(|(name, value)| self.unload(name, Operand::Gradient(value), batch))
            .collect()
    }

    fn unload(&self, name: &str, operand: Operand, batch: &Batch<E>) -> Result<Tensor<E>> {
        transfer::unload(name, operand, &self.program, &self.plans.plan, batch, &self.shards[..self.count])
    }

    fn each_shard(&mut self, run: &Run<'_, E>, purpose: Purpose, pool: &Pool) -> Result<()> {
        let ranges = load::split(run.batch.rows(), pool.threads());
        let count = ranges.len();
        let steps = self.prepare(run, purpose, &ranges)?;
        self.count = count;
        self.shards.resize_with(count.max(self.shards.len()), Shard::default);
        self.results.resize_with(count.max(self.results.len()), || Ok(()));
        for (shard, rows) in self.shards.iter_mut().zip(ranges) {
            shard.rows = rows;
            shard.segment_steps = steps;
        }
        self.form_teams(pool, run.batch);
        let (program, plan, kernels) = (&*self.program, &self.plans.plan, self.kernels);
        let work = (&mut self.shards[..count], &mut self.results[..count], &self.teams[..count]);
        pool.for_each_part(work, count, 1, |(shards, results, teams): Work<'_, E>| {
            for ((shard, result), team) in shards.iter_mut().zip(results).zip(teams) {
                *result = pool.with_helpers(team, || shard.run(program, plan, kernels, team, run, purpose));
            }
        });
        if purpose == Purpose::Backward {
            self.held = self.bytes();
        }
        self.results[..count].iter_mut().try_for_each(|result| std::mem::replace(result, Ok(())))
    }

    /// Chooses the plan and the segments, and frees storage that the run does not use.
    fn prepare(
        &mut self,
        run: &Run<'_, E>,
        purpose: Purpose,
        ranges: &(impl ExactSizeIterator<Item = Range<usize>> + Clone),
    ) -> Result<usize> {
        let Self { program, plans, shards, .. } = self;
        let backward = purpose == Purpose::Backward;
        if backward && plans.choose(program, run.batch, ranges) {
            shards.clear();
        }
        let steps = plans.steps(program, run.batch, ranges, purpose == Purpose::Inspect)?;
        need::check_run(program, &plans.plan, run.batch, steps)?;
        let others =
            || shards.len() > ranges.len() || shards.iter().any(|shard| shard.segment_steps != steps);
        if plans.plan.segmented && plans.plan.training && others() {
            // The storage of other segments is not held together with that of these.
            shards.clear();
        }
        if backward && !plans.fits_beside(program, run.batch, ranges, steps, || held(shards))? {
            shards.clear();
        }
        Ok(steps)
    }

    /// With more threads than shards, several take a shard together, if its recurrence has work for them, or a product of all
    /// steps together.
    fn form_teams(&mut self, pool: &Pool, batch: &Batch<E>) {
        let rows = self.shards[..self.count].iter().map(|shard| shard.rows.len()).max().unwrap_or(0);
        let together = batch.axes().iter().zip(&self.together).any(|(axis, &weights)| {
            let items: usize = axis.lengths.iter().map(|&items| items as usize).sum();
            Team::is_worthwhile(items / self.count * weights / HELP, weights / HELP)
        });
        let shared = together || Team::is_worthwhile(rows * self.recurrent, self.recurrent);
        let threads = pool.threads().min(processors());
        let members = if shared { (threads / self.count).clamp(1, MOST_MEMBERS) } else { 1 };
        if self.teams.len() < self.count || self.teams[0].members() != members {
            self.teams = self.shards.iter().map(|_| Arc::new(Team::new(members))).collect();
        }
    }
}

/// Bytes that shards hold now.
fn held<E: Element>(shards: &[Shard<E>]) -> usize {
    shards.iter().map(Shard::bytes).sum()
}
