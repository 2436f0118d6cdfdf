//! The choice among the candidates of a merge: noisy scores, and the slopes of scores by the softmax in its place.

use std::cmp::Ordering;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut};

use super::super::gumbel::gumbel;
use super::trace::{Frontier, Nodes, Row, Trace};
use crate::op::single::{line, line_mut, one};
use crate::program::Instruction;
use crate::random::Stream;
use crate::storage::{Item, View};

/// The noise of the scores: none outside of training.
pub(super) struct Noise(Option<Stream>);

impl Noise {
    pub(super) fn of<E: Element>(f: &View<'_, E>, i: &Instruction) -> Self {
        let key = &f.rng_key;
        Self(key.training.then(|| Stream::new(key.seed, &i.node, key.step)))
    }

    /// The scores of the candidates of merge `t` of a row, under noise that is drawn for the row and the merge.
    pub(super) fn score<E: Element>(
        &self,
        f: &View<'_, E>,
        frontier: &Frontier<'_, E>,
        trace: Trace<'_, E>,
        row: Row<'_>,
        t: usize,
        noisy: &mut [E],
    ) {
        let [place, time] = f.place_of(Item { place: row.place(t), row: row.row, t });
        let mut draws = self.0.as_ref().map(|stream| stream.at(place, time));
        for (p, noisy) in noisy.iter_mut().enumerate() {
            let score = trace.score(row.candidate(frontier.pair(row, p)));
            *noisy = match &mut draws {
                Some(draws) => E::from_f64(score.to_f64() + gumbel(draws)),
                None => score,
            };
        }
    }
}

/// A merge of a row, about to be taken back.
pub(super) struct Choice<'a, E> {
    pub(super) row: Row<'a>,
    pub(super) merge: usize,
    /// The place of the chosen candidate.
    pub(super) place: usize,
    /// 1 / temperature.
    pub(super) rate: E,
    pub(super) nodes: Nodes<'a, E>,
    /// The nodes before the merge.
    pub(super) frontier: &'a Frontier<'a, E>,
    /// The gradients of all nodes that the merge left.
    pub(super) gradients: Matrix<'a, E>,
}

impl<E: Element> Choice<'_, E> {
    /// The slope of the loss by each score, given the noisy scores; the lists between hold the softmax and the slope by each
    /// part of the choice.
    pub(super) fn slopes(&self, kernels: Kernels<E>, [noisy, shares, parts, slopes]: [&mut [E]; 4]) {
        let count = noisy.len();
        noisy.iter_mut().for_each(|score| *score = *score * self.rate);
        kernels.softmax_rows(MatrixMut::new(shares, 1, count), Matrix::new(noisy, 1, count));
        // The numbers of states moved and kept by the choices of all places behind.
        let mut behind = 0.0;
        for p in (0..count).rev() {
            let pair = self.frontier.pair(self.row, p);
            let after = match p.cmp(&self.place) {
                Ordering::Less => pair[0],
                Ordering::Equal => self.row.length + self.merge,
                Ordering::Greater => pair[1],
            };
            let (place, columns) = self.row.gradient(after, self.gradients.columns());
            let gradient = &self.gradients.row(place)[columns];
            let dot = |state: &[E]| {
                let mut dot = [E::ZERO];
                kernels.dot_scores(line_mut(&mut dot), one(gradient), line(state), E::ONE);
                dot[0].to_f64()
            };
            let [kept, moved] = pair.map(|node| dot(self.nodes.state(self.row, node)));
            let composed = dot(self.nodes.composed(self.row.candidate(pair)));
            parts[p] = E::from_f64(composed - kept + behind);
            behind += moved - kept;
        }
        slopes.fill(E::ZERO);
        let [shares, parts] = [shares, parts].map(|list| Matrix::new(&*list, 1, count));
        kernels.softmax_backward_rows(MatrixMut::new(slopes, 1, count), shares, parts);
        slopes.iter_mut().for_each(|slope| *slope = *slope * self.rate);
    }
}
