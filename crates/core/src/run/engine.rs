//! A program in one mode with its storage, run on batch after batch.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::{Element, Kernels, Team};

use super::execute::Probe;
use super::goal::{Goal, Score};
use super::plans::Plans;
use super::sums::Cut;
use super::task::{Outcome, Task};
use super::{Batch, Block, Noise, Tensor, Weights, load, sums, unload};
use crate::parallel::{Pool, processors};
use crate::program::{Mode, Operand, Program, ValueId};
use crate::{Error, Result};

/// A program, its storage plan and the blocks that keep their storage from run to run.
pub struct Engine<E> {
    program: Arc<Program>,
    plans: Plans,
    /// The most bytes that the blocks have held, going back.
    held: usize,
    kernels: Kernels<E>,
    /// Behind those of the last run, room for more.
    blocks: Vec<Block<E>>,
    /// By block: the threads that share its work.
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

/// The most threads that take one block: with more, the parts of a step become small beside the hand-over.
const MOST_MEMBERS: usize = 16;

/// Blocks, what they come to, and who takes them.
type Piece<'a, E> = (&'a mut [Block<E>], &'a mut [Outcome<E>], &'a [Arc<Team>]);

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
            blocks: Vec::new(),
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
        self.held.max(held(&self.blocks))
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
        self.each_block(&Task::forward(weights, batch, &[]), pool)
    }

    /// Writes a value of the batch that ran last, in the shape of an output.
    pub(crate) fn read(&self, value: ValueId, batch: &Batch<E>, into: &mut [E]) {
        let operand = Operand::Value(value);
        unload::copy(operand, &self.program, &self.plans.plan, batch, &self.blocks[..self.count], into);
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
        self.each_block(&Task::forward(weights, batch, goals), pool)?;
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
        noise: Noise,
        pool: &Pool,
        gradients: &mut [E],
    ) -> Result<Gradient<E>> {
        self.run_gradient(weights, batch, goals, from, noise, pool, gradients)?;
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
        noise: Noise,
        pool: &Pool,
        gradients: &mut [E],
    ) -> Result<()> {
        let task = Task { weights, batch, goals, from, noise, probe: Probe::Off, backward: true };
        self.each_block(&task, pool)?;
        self.cut.prepare(&self.program.layout, pool.threads());
        let blocks = &self.blocks[..self.count];
        let operands = weights.operands();
        sums::add(
            self.kernels,
            operands,
            &self.program,
            &self.plans.plan,
            blocks,
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
        noise: Noise,
        pool: &Pool,
    ) -> Result<()> {
        let task = Task { weights, batch, goals: &[], from: 0, noise, probe: Probe::On, backward: false };
        self.each_block(&task, pool)
    }

    fn each_block(&mut self, task: &Task<'_, E>, pool: &Pool) -> Result<()> {
        let ranges = load::split(task.batch.rows(), pool.threads());
        let count = ranges.len();
        let steps = self.prepare(task, &ranges)?;
        self.count = count;
        self.blocks.resize_with(count.max(self.blocks.len()), Block::default);
        self.outcomes.resize_with(count.max(self.outcomes.len()), Outcome::default);
        for (block, rows) in self.blocks.iter_mut().zip(ranges) {
            block.rows = rows;
            block.window_steps = steps;
        }
        self.form_teams(pool);
        let (program, plan, kernels) = (&*self.program, &self.plans.plan, self.kernels);
        let piece = (&mut self.blocks[..count], &mut self.outcomes[..count], &self.teams[..count]);
        pool.for_each_chunk(piece, count, 1, |(blocks, outcomes, teams): Piece<'_, E>| {
            for ((block, outcome), team) in blocks.iter_mut().zip(outcomes).zip(teams) {
                outcome.result = pool.with_helpers(team, || {
                    block.run(program, plan, kernels, team, task, &mut outcome.tallies)
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

    /// Chooses the plan and the windows, and gives back what would be held beside them for nothing.
    fn prepare(
        &mut self,
        task: &Task<'_, E>,
        ranges: &(impl ExactSizeIterator<Item = Range<usize>> + Clone),
    ) -> Result<usize> {
        let Self { program, plans, blocks, .. } = self;
        if task.backward && plans.choose(program, task.batch, ranges) {
            blocks.clear();
        }
        let steps = plans.steps(program, task.batch, ranges, task.probe == Probe::On)?;
        let others = || blocks.len() > ranges.len() || blocks.iter().any(|block| block.window_steps != steps);
        if plans.plan.windowed && plans.plan.training() && others() {
            // What other windows needed is not held beside what these do.
            blocks.clear();
        }
        if task.backward && !plans.fits_beside(program, task.batch, ranges, steps, || held(blocks)) {
            blocks.clear();
        }
        Ok(steps)
    }

    /// With more threads than blocks, several take a block together, if its recurrence has work for them.
    fn form_teams(&mut self, pool: &Pool) {
        let rows = self.blocks[..self.count].iter().map(|block| block.rows.len()).max().unwrap_or(0);
        let shared = Team::is_worthwhile(rows * self.recurrent, self.recurrent);
        let threads = pool.threads().min(processors());
        let members = if shared { (threads / self.count).clamp(1, MOST_MEMBERS) } else { 1 };
        if self.teams.len() < self.count || self.teams[0].members() != members {
            self.teams = self.blocks.iter().map(|_| Arc::new(Team::new(members))).collect();
        }
    }

    fn unload(&self, name: &str, operand: Operand, batch: &Batch<E>) -> Result<Tensor<E>> {
        unload::unload(name, operand, &self.program, &self.plans.plan, batch, &self.blocks[..self.count])
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

/// Bytes that blocks hold now.
fn held<E: Element>(blocks: &[Block<E>]) -> usize {
    blocks.iter().map(Block::bytes).sum()
}
