//! Runs one shard of the batch and collects its losses.

use unrolled_kernels::{Element, Kernels, Team};

use super::walk::{backward_program, forward_program};
use super::{load, reduce};
use crate::Result;
use crate::program::{Plan, Program};
use crate::storage::{Batch, Losses, RngKey, Shard, Span, View, Weights};

/// One run of a program on a batch.
pub struct Run<'a, E> {
    /// The parameters.
    pub weights: &'a Weights<E>,
    /// The batch, with its targets bound if the program has losses.
    pub batch: &'a Batch<E>,
    /// The factors and the reach of the losses.
    pub losses: Losses<'a>,
    /// The key of the masks.
    pub rng_key: RngKey,
}

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Forward.
    Forward,
    /// Forward up to the first value that is not finite.
    Inspect,
    /// Forward and backward.
    Backward,
}

impl<E: Element> Shard<E> {
    /// Runs the rows of the shard.
    pub(super) fn run(
        &mut self,
        program: &Program,
        plan: &Plan,
        kernels: Kernels<E>,
        team: &Team,
        run: &Run<'_, E>,
        purpose: Purpose,
    ) -> Result<()> {
        load::load(self, program, plan, run.batch)?;
        let mut f = View {
            kernels,
            team,
            program,
            plan,
            weights: run.weights,
            batch: run.batch,
            losses: run.losses,
            shard: self,
            span: Span::All,
            rng_key: run.rng_key,
            reverse: false,
            inspect: purpose == Purpose::Inspect,
        };
        forward_program(&mut f)?;
        if purpose == Purpose::Backward {
            backward_program(&mut f)?;
            reduce::order(plan, self)?;
        }
        for (target, tally) in program.targets.iter().zip(&mut self.tallies) {
            let schedule = program.values[target.value].axis.map(|axis| &self.schedules[axis]);
            tally.finish(schedule);
        }
        Ok(())
    }
}
