//! A training step by truncated backpropagation through time, chunk by chunk.

use std::ops::Range;

use unrolled_kernels::Element;

use super::{Chunk, Trainer, Truncation};
use crate::run::{Run, Score};
use crate::storage::{Losses, RngKey, copied_states};
use crate::{Code, Error, Result};

/// States of all rows, in the order of the program's.
type States<E> = Vec<Option<Vec<E>>>;

impl<E: Element> Trainer<E> {
    /// Sends a batch backward chunk by chunk.
    pub(super) fn backward_chunks(
        &mut self,
        index: usize,
        rng_key: RngKey,
        truncation: Truncation,
        time: usize,
    ) -> Result<()> {
        // The known states: at the start of the last chunk, and at its end.
        let states = self.batches[index].states();
        let mut began = (0, copied_states(states)?);
        let mut ended = (0, copied_states(states)?);
        let chunks = truncation.chunks(time)?;
        for chunk in &chunks {
            let (from, states) = if ended.0 <= chunk.start { ended } else { began };
            let done = self.advance(index, rng_key, from..chunk.start, states).and_then(|states| {
                let losses = chunk.losses - chunk.start;
                let last = self.chunk(index, rng_key, &states, chunk.start..chunk.end, losses)?;
                Ok((states, last))
            });
            let (states, last) = done.map_err(|error| self.for_all(error, index, &chunks))?;
            let mut scores = vec![Score::default(); self.measured.scores.len()];
            self.engine.add_scores(&mut scores);
            for (sum, score) in self.measured.scores.iter_mut().zip(scores) {
                sum.loss += score.loss;
                sum.correct += score.correct;
            }
            (began, ended) = ((chunk.start, states), (chunk.end, last));
        }
        Ok(())
    }

    /// The error of one chunk; an error of memory names the bytes that all chunks need.
    fn for_all(&self, error: Error, index: usize, chunks: &[Chunk]) -> Error {
        let (program, batch) = (self.engine.program(), &self.batches[index]);
        let batches = chunks.iter().map(|chunk| batch.steps(program, chunk.start, chunk.end));
        match error.code {
            Code::Size => self.engine.too_small(batches, self.pool).unwrap_or(error),
            _ => error,
        }
    }

    /// The states at the end of `span`, from those at its start.
    fn advance(
        &mut self,
        index: usize,
        rng_key: RngKey,
        span: Range<usize>,
        states: States<E>,
    ) -> Result<States<E>> {
        match span.len() {
            0 => Ok(states),
            // No step has a loss, and so there is no gradient.
            steps => self.chunk(index, rng_key, &states, span, steps),
        }
    }

    /// Adds the gradients of the steps `span`, of which those from `losses` on have a loss; the states at their end.
    fn chunk(
        &mut self,
        index: usize,
        rng_key: RngKey,
        states: &[Option<Vec<E>>],
        span: Range<usize>,
        losses: usize,
    ) -> Result<States<E>> {
        let Self { model, pool, engine, batches, gradients, measured, carried, .. } = self;
        let mut chunk = batches[index].steps(engine.program(), span.start, span.end)?;
        chunk.set_states(copied_states(states)?);
        let rng_key = RngKey { time: span.start as u64, ..rng_key };
        let losses = Losses { scales: &measured.scales, from: losses };
        let run = Run { weights: &*model.weights(), batch: &chunk, losses, rng_key };
        engine.gradient(&run, pool, gradients)?;
        carried.end(engine, &chunk)?;
        carried.ended()
    }
}
