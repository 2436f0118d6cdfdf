//! A program in one mode with its storage, run on batch after batch.

use std::sync::Arc;

use unrolled_kernels::{Element, Kernels, Team};

use super::budget::window_steps;
use super::execute::{Probe, backward_program, forward_program};
use super::goal::{self, Goal, Score, Seed, Tally};
use super::{Batch, Block, Frame, Noise, Span, Tensor, Weights, load, sums, unload};
use crate::Result;
use crate::parallel::Pool;
use crate::program::{Mode, Operand, Plan, Program, Tape};

/// A program, its storage plan and the blocks that keep their storage from run to run.
pub struct Engine<E> {
    program: Arc<Program>,
    plan: Plan,
    tape: Tape,
    kernels: Kernels<E>,
    blocks: Vec<Block<E>>,
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

/// One block's part of a run.
struct Job<'a, E> {
    block: &'a mut Block<E>,
    /// By goal.
    tallies: Vec<Tally>,
    result: Result<()>,
}

/// What a run does with each block.
struct Task<'a, E> {
    weights: &'a Weights<E>,
    batch: &'a Batch<E>,
    goals: &'a [Goal<E>],
    from: usize,
    noise: Noise,
    probe: Probe,
    backward: bool,
}

impl<E: Element> Engine<E> {
    /// Plans a program for a mode.
    #[must_use]
    pub fn new(program: Arc<Program>, mode: Mode, kernels: Kernels<E>) -> Self {
        let tape = if let Mode::Training { tape, .. } = mode { tape } else { Tape::Whole };
        let plan = program.plan(mode);
        Self { program, plan, tape, kernels, blocks: Vec::new() }
    }

    /// Bytes that it holds from run to run: every value and gradient that has to be kept, for the largest batch so
    /// far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum()
    }

    /// Runs forward.
    ///
    /// # Errors
    /// [`crate::Code::Size`] if an output does not fit into memory.
    pub fn forward(&mut self, weights: &Weights<E>, batch: &Batch<E>, pool: &Pool) -> Result<Outputs<E>> {
        let task = Task {
            weights,
            batch,
            goals: &[],
            from: 0,
            noise: Noise::default(),
            probe: Probe::Off,
            backward: false,
        };
        self.each_block(&task, pool)?;
        let outputs = self
            .program
            .outputs
            .iter()
            .map(|port| self.unload(&port.name, Operand::Value(port.value), batch))
            .collect::<Result<_>>()?;
        Ok(Outputs { outputs, states: self.states(batch)? })
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
        let task = Task {
            weights,
            batch,
            goals,
            from: 0,
            noise: Noise::default(),
            probe: Probe::Off,
            backward: false,
        };
        let scores = self.each_block(&task, pool)?;
        Ok((scores, self.states(batch)?))
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
        let task = Task { weights, batch, goals, from, noise, probe: Probe::Off, backward: true };
        let scores = self.each_block(&task, pool)?;
        let states = self.states(batch)?;
        let inputs = self.input_gradients(batch)?;
        sums::add(self.kernels, &self.program, &self.plan, &self.blocks, pool, gradients);
        Ok(Gradient { scores, states, inputs })
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
        self.each_block(&task, pool).map(|_| ())
    }

    fn each_block(&mut self, task: &Task<'_, E>, pool: &Pool) -> Result<Vec<Score>> {
        let ranges = load::split(task.batch.rows(), pool.threads());
        let steps = window_steps(&self.program, &self.plan, self.tape, task.batch, &ranges)?;
        if self.plan.windowed && self.blocks.iter().any(|block| block.window_steps != steps) {
            // What windows of another length needed is not held beside what these do.
            self.blocks.clear();
        }
        self.blocks.resize_with(ranges.len(), Block::default);
        for (block, rows) in self.blocks.iter_mut().zip(ranges) {
            block.rows = rows;
            block.window_steps = steps;
        }
        let (program, plan, kernels) = (&*self.program, &self.plan, self.kernels);
        let mut jobs: Vec<Job<'_, E>> =
            self.blocks.iter_mut().map(|block| Job { block, tallies: Vec::new(), result: Ok(()) }).collect();
        let count = jobs.len();
        pool.for_each_chunk(&mut jobs[..], count, 1, |jobs: &mut [Job<'_, E>]| {
            for job in jobs {
                job.result = job.block.run(program, plan, kernels, task, &mut job.tallies);
            }
        });
        let mut scores = vec![Score::default(); task.goals.len()];
        for job in jobs {
            job.result?;
            for (score, tally) in scores.iter_mut().zip(job.tallies) {
                for (loss, correct) in tally.rows {
                    score.loss += loss;
                    score.correct += correct;
                }
            }
        }
        Ok(scores)
    }

    fn unload(&self, name: &str, operand: Operand, batch: &Batch<E>) -> Result<Tensor<E>> {
        unload::unload(name, operand, &self.program, &self.plan, batch, &self.blocks)
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
            .filter(|&(_, value)| self.plan.has_gradient(value))
            .map(|(name, value)| self.unload(name, Operand::Gradient(value), batch))
            .collect()
    }
}

impl<E: Element> Block<E> {
    fn run(
        &mut self,
        program: &Program,
        plan: &Plan,
        kernels: Kernels<E>,
        task: &Task<'_, E>,
        tallies: &mut Vec<Tally>,
    ) -> Result<()> {
        load::load(self, program, plan, task.batch)?;
        let (weights, noise) = (task.weights, task.noise);
        let team = Team::new(1);
        let mut f =
            Frame { kernels, team: &team, program, plan, weights, block: self, span: Span::All, noise };
        forward_program(&mut f, task.probe)?;
        tallies.resize_with(task.goals.len(), Tally::default);
        if task.backward {
            backward_program(&mut f, &mut |f, group| seed(f, task, group, tallies))?;
        } else {
            seed(&mut f, task, None, tallies)?;
        }
        for (goal, tally) in task.goals.iter().zip(tallies) {
            tally.finish(self, program.values[goal.value].axis);
        }
        Ok(())
    }
}

/// Computes the losses at hand: of the values that a group alone knows, or of all others. Backward, their gradients
/// begin at zero.
fn seed<E: Element>(
    f: &mut Frame<'_, E>,
    task: &Task<'_, E>,
    group: Option<usize>,
    tallies: &mut [Tally],
) -> Result<()> {
    let own = |f: &Frame<'_, E>, goal: &Goal<E>| f.plan.groups[goal.value] == group;
    if task.backward {
        for goal in task.goals {
            if own(f, goal) && f.has_gradient(goal.value) {
                f.zero(goal.value);
            }
        }
    }
    for (goal, tally) in task.goals.iter().zip(tallies) {
        if own(f, goal) && (task.backward || matches!(goal.seed, Seed::Loss { .. })) {
            goal::seed(f, goal, task.batch, task.from, tally)?;
        }
    }
    Ok(())
}
