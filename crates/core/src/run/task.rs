//! What a run does with each block, and what that comes to.

use unrolled_kernels::{Element, Kernels, Team};

use super::execute::{Probe, backward_program, forward_program};
use super::goal::{self, Goal, Tally};
use super::{Batch, Block, Frame, Noise, Span, Weights, load, table};
use crate::Result;
use crate::program::{Plan, Program};

/// What a run does with each block.
pub(super) struct Task<'a, E> {
    pub weights: &'a Weights<E>,
    pub batch: &'a Batch<E>,
    pub goals: &'a [Goal<E>],
    pub from: usize,
    pub noise: Noise,
    pub probe: Probe,
    pub backward: bool,
}

impl<'a, E> Task<'a, E> {
    /// A run forward without noise.
    pub(super) fn forward(weights: &'a Weights<E>, batch: &'a Batch<E>, goals: &'a [Goal<E>]) -> Self {
        let noise = Noise::default();
        Self { weights, batch, goals, from: 0, noise, probe: Probe::Off, backward: false }
    }
}

/// What one block's part of a run came to.
pub(super) struct Outcome<E> {
    /// By goal.
    pub tallies: Vec<Tally<E>>,
    pub result: Result<()>,
}

impl<E> Default for Outcome<E> {
    fn default() -> Self {
        Self { tallies: Vec::new(), result: Ok(()) }
    }
}

impl<E: Element> Block<E> {
    /// Runs its rows, forward and, if the task says so, back.
    pub(super) fn run(
        &mut self,
        program: &Program,
        plan: &Plan,
        kernels: Kernels<E>,
        team: &Team,
        task: &Task<'_, E>,
        tallies: &mut Vec<Tally<E>>,
    ) -> Result<()> {
        load::load(self, program, plan, task.batch)?;
        let (weights, noise) = (task.weights, task.noise);
        let mut f = Frame { kernels, team, program, plan, weights, block: self, span: Span::All, noise };
        forward_program(&mut f, task.probe)?;
        tallies.resize_with(task.goals.len(), Tally::default);
        tallies.iter_mut().for_each(|tally| tally.begin(f.block.rows.len()));
        if task.backward {
            backward_program(&mut f, &mut |f, group| {
                seed(f, task, group, tallies);
                Ok(())
            })?;
            table::order(plan, self);
        } else {
            seed(&mut f, task, None, tallies);
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
    tallies: &mut [Tally<E>],
) {
    let own = |f: &Frame<'_, E>, goal: &Goal<E>| f.plan.groups[goal.value] == group;
    for goal in task.goals {
        if own(f, goal) && f.has_gradient(goal.value) {
            f.zero(goal.value);
        }
    }
    for (goal, tally) in task.goals.iter().zip(tallies) {
        if own(f, goal) {
            goal::seed(f, goal, task.batch, task.from, tally);
        }
    }
}
