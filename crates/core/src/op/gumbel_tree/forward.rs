//! Forward: candidates, choices and the root.

use unrolled_kernels::{Element, Matrix, MatrixMut, Start};

use super::super::discrete::largest;
use super::choice::Noise;
use super::composition::Gates;
use super::parts::{GATES, Parts, Scratch};
use super::trace::{ADJACENT, Candidate, FAMILIES, Frontier, Nodes, Pair, Row, STATE, TraceMut, rows_at};
use crate::op::single::{line, line_mut, one};
use crate::program::{GumbelTree, Instruction, Operand};
use crate::storage::{Schedule, View};

/// A merge place that says that a row's last step has no merge.
const NO_MERGE: f64 = -1.0;

/// All rows together, merge by merge: one product composes what the last merge brought together.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &GumbelTree, i: &Instruction) {
    let parts = Parts::of(i);
    f.with_scratch(|f, scratch| {
        f.write_all(parts.written(), |f, taken| {
            // Backward adds to its own, and what has no candidate stays zero.
            taken.iter_mut().for_each(|taken| taken.slice().fill(E::ZERO));
            let [merges, root, adjacent, before, after, gates, states, trace, ..] = taken;
            let (steps, leaves) = (f.schedule(parts.leaves), f.matrix(Operand::Value(parts.leaves)));
            let scratch = Scratch::cut(scratch, steps, leaves.columns() / STATE);
            let [noisy, ..] = scratch.choices;
            let mut work = Forward {
                draw: Noise::of(f, i),
                f,
                op,
                steps,
                leaves,
                merges: merges.matrix(),
                root: root.matrix(),
                inputs: [adjacent, before, after].map(|input| input.matrix()),
                gates: gates.matrix(),
                states: states.matrix(),
                trace: TraceMut(trace.matrix()),
                frontier: Frontier(scratch.frontier),
                noisy,
                products: scratch.gates,
                lines: scratch.lines,
            };
            work.run();
        });
    });
}

struct Forward<'a, 'v, E> {
    f: &'a View<'v, E>,
    op: &'a GumbelTree,
    draw: Noise,
    steps: &'a Schedule,
    leaves: Matrix<'a, E>,
    merges: MatrixMut<'a, E>,
    root: MatrixMut<'a, E>,
    inputs: [MatrixMut<'a, E>; 3],
    gates: MatrixMut<'a, E>,
    states: MatrixMut<'a, E>,
    trace: TraceMut<'a, E>,
    frontier: Frontier<'a, E>,
    noisy: &'a mut [E],
    products: &'a mut [E],
    lines: [&'a mut [E]; 3],
}

impl<E: Element> Forward<'_, '_, E> {
    fn run(&mut self) {
        let steps = self.steps;
        for t in 0..steps.steps() {
            rows_at(steps, t).for_each(|row| self.frontier.set(row, t, t));
            self.compose(ADJACENT, t, steps.items_at(t + 1));
        }
        for t in 0..steps.steps() {
            for row in rows_at(steps, t) {
                self.merge(row, t);
            }
            let parted = steps.items_at(t + 2);
            FAMILIES[1..].iter().for_each(|&family| self.compose(family, t, parted));
        }
        for row in rows_at(steps, 0) {
            let root = self.frontier.node(row, 0);
            let nodes = nodes(self.leaves, &self.states, &self.trace);
            self.root.row_mut(row.row).copy_from_slice(nodes.state(row, root));
        }
    }

    /// Chooses the candidate of merge `t` of a row, and puts it in the place of its two states.
    fn merge(&mut self, row: Row<'_>, t: usize) {
        let Some(last) = row.length.checked_sub(t + 2) else {
            self.merges.row_mut(row.place(t))[0] = E::from_f64(NO_MERGE);
            return;
        };
        let noisy = &mut self.noisy[..=last];
        self.draw.score(self.f, &self.frontier, self.trace.read(), row, t, noisy);
        let chosen = largest(noisy);
        let children = self.frontier.pair(row, chosen);
        self.frontier.merge(row, chosen, last + 2, row.length + t);
        let before = chosen.checked_sub(1).map(|p| self.frontier.node(row, p));
        let after = (chosen < last).then(|| self.frontier.node(row, chosen + 1));
        self.trace.keep(row, t, children, [before, after]);
        self.merges.row_mut(row.place(t))[0] = E::from_f64(chosen as f64);
    }

    /// Composes the candidates of one family and step, of the first `count` rows that have the step.
    fn compose(&mut self, family: usize, t: usize, count: usize) {
        let (f, steps, size) = (self.f, self.steps, self.leaves.columns() / STATE);
        for row in rows_at(steps, t).take(count) {
            let Some(pair) = self.trace.read().pair(row, family, t) else { continue };
            let nodes = nodes(self.leaves, &self.states, &self.trace);
            let input = self.inputs[family].row_mut(row.place(t));
            for (half, node) in input.chunks_exact_mut(size).zip(pair) {
                half.copy_from_slice(nodes.halves(row, node).0);
            }
        }
        let (first, width) = (steps.offset(t), GATES * size);
        let linear = &self.op.linear;
        let start = linear.bias.map_or(Start::Zero, |bias| Start::Bias(f.weights.slice(bias)));
        let products = MatrixMut::new(&mut self.products[..count * width], count, width);
        let inputs = self.inputs[family].as_ref().row_range(first..first + count);
        f.kernels.product(f.team, products, start, inputs, f.weights.packed(linear.forward));
        for (i, row) in rows_at(steps, t).take(count).enumerate() {
            if let Some([left, right]) = self.trace.read().pair(row, family, t) {
                self.compose_one(row, [left, right], Candidate { family, place: first + i }, i);
            }
        }
    }

    /// Composes a candidate from product `i`.
    fn compose_one(&mut self, row: Row<'_>, pair: Pair, candidate: Candidate, i: usize) {
        let (kernels, size) = (self.f.kernels, self.leaves.columns() / STATE);
        let width = GATES * size;
        let product = &self.products[i * width..][..width];
        let gates = &mut self.gates.row_mut(candidate.place)[candidate.columns(width)];
        let gates = Gates::open(kernels, gates, product);
        let [h, c, _] = &mut self.lines;
        let nodes = nodes(self.leaves, &self.states, &self.trace);
        gates.compose(kernels, pair.map(|node| nodes.halves(row, node).1), h, c);
        let state = &mut self.states.row_mut(candidate.place)[candidate.columns(STATE * size)];
        state[..size].copy_from_slice(h);
        state[size..].copy_from_slice(c);
        let mut score = [E::ZERO];
        let query = self.f.weights.slice(self.op.query);
        kernels.dot_scores(line_mut(&mut score), one(query), line(h), E::ONE);
        self.trace.set_score(candidate, score[0]);
    }
}

fn nodes<'a, E: Element>(
    leaves: Matrix<'a, E>,
    states: &'a MatrixMut<'_, E>,
    trace: &'a TraceMut<'_, E>,
) -> Nodes<'a, E> {
    Nodes { leaves, states: states.as_ref(), trace: trace.read() }
}
