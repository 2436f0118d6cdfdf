//! What a run does with each block, and what that comes to.

use unrolled_kernels::{Element, Kernels, Team};

use super::goal::{self, Goal, Tally};
use super::walk::{backward_program, forward_program};
use super::{load, reduce};
use crate::Result;
use crate::program::{Plan, Program};
use crate::storage::{Batch, RngKey, Shard, Span, View, Weights};

/// What a run does with each block.
pub(super) struct Task<'a, E> {
    pub weights: &'a Weights<E>,
    pub batch: &'a Batch<E>,
    pub goals: &'a [Goal<E>],
    pub from: usize,
    pub rng_key: RngKey,
    pub inspect: bool,
    pub backward: bool,
}

impl<'a, E> Task<'a, E> {
    /// A run forward without rng_key.
    pub(super) fn forward(weights: &'a Weights<E>, batch: &'a Batch<E>, goals: &'a [Goal<E>]) -> Self {
        let rng_key = RngKey::default();
        Self { weights, batch, goals, from: 0, rng_key, inspect: false, backward: false }
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

impl<E: Element> Shard<E> {
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
        let (weights, rng_key) = (task.weights, task.rng_key);
        let mut f = View {
            kernels,
            team,
            program,
            plan,
            weights,
            shard: self,
            span: Span::All,
            rng_key,
            reverse: false,
            inspect: task.inspect,
        };
        forward_program(&mut f)?;
        tallies.resize_with(task.goals.len(), Tally::default);
        tallies.iter_mut().for_each(|tally| tally.begin(f.shard.rows.len()));
        if task.backward {
            backward_program(&mut f, &mut |f, section| {
                seed(f, task, section, tallies);
                Ok(())
            })?;
            reduce::order(plan, self);
        } else {
            seed(&mut f, task, None, tallies);
        }
        for (goal, tally) in task.goals.iter().zip(tallies) {
            tally.finish(self, program.values[goal.value].axis);
        }
        Ok(())
    }
}

/// Computes the losses at hand: of the values that a section alone knows, or of all others. Backward, their gradients
/// begin at zero.
fn seed<E: Element>(
    f: &mut View<'_, E>,
    task: &Task<'_, E>,
    section: Option<usize>,
    tallies: &mut [Tally<E>],
) {
    let own = |f: &View<'_, E>, goal: &Goal<E>| f.plan.values[goal.value].section == section;
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
