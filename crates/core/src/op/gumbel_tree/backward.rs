//! Backward: merge by merge from the root, each choice by its softmax.

use unrolled_kernels::{Element, Matrix, MatrixMut, Start};

use super::choice::{Choice, Noise};
use super::composition::{Composition, Gates};
use super::parts::{GATES, Parts, Scratch};
use super::trace::{ADJACENT, Candidate, FAMILIES, Frontier, Nodes, Pair, Row, STATE, TraceMut, rows_at};
use crate::program::{GumbelTree, Instruction, Operand};
use crate::storage::{Schedule, View};

/// Sends the root's gradient to the steps, and leaves what the gradients of the weights are summed from.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &GumbelTree, i: &Instruction) {
    let parts = Parts::of(i);
    let written = [parts.gates, parts.trace, parts.units, parts.gradients, parts.query].map(Operand::Value);
    f.with_scratch(|f, scratch| {
        f.write_all(written, |f, [gates, trace, units, gradients, query]| {
            let (steps, leaves) = (f.schedule(parts.leaves), f.matrix(Operand::Value(parts.leaves)));
            let scratch = Scratch::cut(scratch, steps, leaves.columns() / STATE);
            let mut work = Backward {
                draw: Noise::of(f, i),
                f,
                op,
                steps,
                leaves,
                states: f.matrix(Operand::Value(parts.states)),
                merges: f.matrix(Operand::Value(parts.merges)),
                root: f.matrix(Operand::Gradient(parts.root)),
                gates: gates.matrix(),
                trace: TraceMut(trace.matrix()),
                units: units.matrix(),
                gradients: gradients.matrix(),
                query: query.matrix(),
                frontier: Frontier(scratch.frontier),
                choices: scratch.choices,
                products: [scratch.gates, scratch.inputs],
                lines: scratch.lines,
                line_of_gates: scratch.line_of_gates,
            };
            work.run();
        });
    });
    f.add_gradient(parts.leaves, |f, dx| {
        let gradients = f.matrix(Operand::Value(parts.gradients));
        let mut dx = dx.matrix();
        for place in 0..dx.rows() {
            let dx = dx.row_mut(place);
            f.kernels.add_assign(dx, &gradients.row(place)[..dx.len()]);
        }
    });
}

struct Backward<'a, 'v, E> {
    f: &'a View<'v, E>,
    op: &'a GumbelTree,
    draw: Noise,
    steps: &'a Schedule,
    leaves: Matrix<'a, E>,
    states: Matrix<'a, E>,
    merges: Matrix<'a, E>,
    root: Matrix<'a, E>,
    gates: MatrixMut<'a, E>,
    trace: TraceMut<'a, E>,
    units: MatrixMut<'a, E>,
    gradients: MatrixMut<'a, E>,
    query: MatrixMut<'a, E>,
    frontier: Frontier<'a, E>,
    choices: [&'a mut [E]; 4],
    products: [&'a mut [E]; 2],
    lines: [&'a mut [E]; 3],
    line_of_gates: &'a mut [E],
}

impl<E: Element> Backward<'_, '_, E> {
    fn run(&mut self) {
        let steps = self.steps;
        for family in FAMILIES {
            (0..steps.steps()).for_each(|t| self.measure(family, t));
        }
        for row in rows_at(steps, 0) {
            // The last merge's state, or the only step's.
            let root = 2 * (row.length - 1);
            self.frontier.set(row, 0, root);
            gradient(&mut self.gradients, row, root).copy_from_slice(self.root.row(row.row));
        }
        for t in (0..steps.steps()).rev() {
            self.part(t);
        }
        for t in 0..steps.steps() {
            for row in rows_at(steps, t) {
                FAMILIES.into_iter().for_each(|family| self.finish(row, family, t));
            }
        }
    }

    fn size(&self) -> usize {
        self.leaves.columns() / STATE
    }

    /// Sends gradients of h and c, in the first two lines, through a candidate: to those of its products, and by way of c.
    fn send(&mut self, row: Row<'_>, candidate: Candidate, pair: Pair, product: Option<usize>) {
        let (size, width) = (self.size(), GATES * self.size());
        let nodes = Nodes { leaves: self.leaves, states: self.states, trace: self.trace.read() };
        let composition = Composition {
            gates: Gates::of(&self.gates.row(candidate.place)[candidate.columns(width)]),
            c: &nodes.composed(candidate)[size..],
            children: pair.map(|node| nodes.halves(row, node).1),
        };
        let lines = self.lines.each_mut().map(|line| &mut **line);
        let out = match product {
            Some(i) => &mut self.products[0][i * width..][..width],
            None => &mut *self.line_of_gates,
        };
        composition.send(self.f.kernels, lines, out);
    }

    /// Multiplies the gradients of `count` products by the weight: those of `[h_l h_r]`.
    fn multiply(&mut self, count: usize) {
        let (f, size) = (self.f, self.size());
        let [gates, inputs] = &mut self.products;
        let (gates, width) = (Matrix::new(&gates[..], count, GATES * size), STATE * size);
        let inputs = MatrixMut::new(&mut inputs[..count * width], count, width);
        f.kernels.product(f.team, inputs, Start::Zero, gates, f.weights.packed(self.op.linear.backward[0]));
    }

    /// The slopes of the scores of one family and step.
    fn measure(&mut self, family: usize, t: usize) {
        let (steps, size) = (self.steps, self.size());
        // Steps have a candidate with the next, and merges one with what is left beside the result.
        let count = steps.items_at(t + if family == ADJACENT { 1 } else { 2 });
        let query = self.f.weights.slice(self.op.query);
        self.products[0][..count * GATES * size].fill(E::ZERO);
        for (i, row) in rows_at(steps, t).take(count).enumerate() {
            let Some(pair) = self.trace.read().pair(row, family, t) else { continue };
            let candidate = Candidate { family, place: row.place(t) };
            let [dh, dc, _] = &mut self.lines;
            dh.copy_from_slice(query);
            dc.fill(E::ZERO);
            self.send(row, candidate, pair, Some(i));
            let gates = Gates::of(&self.gates.row(candidate.place)[candidate.columns(GATES * size)]);
            let unit = &mut self.units.row_mut(candidate.place)[candidate.columns(2 * STATE * size)];
            for (gate, half) in gates.forget.into_iter().zip(unit.chunks_exact_mut(STATE * size)) {
                for (k, c) in half[size..].iter_mut().enumerate() {
                    *c = self.lines[1][k] * gate[k];
                }
            }
        }
        self.multiply(count);
        for (i, row) in rows_at(steps, t).take(count).enumerate() {
            let candidate = Candidate { family, place: row.place(t) };
            let unit = &mut self.units.row_mut(candidate.place)[candidate.columns(2 * STATE * size)];
            let slopes = self.products[1][i * STATE * size..].chunks_exact(size);
            for (half, slope) in unit.chunks_exact_mut(STATE * size).zip(slopes) {
                half[..size].copy_from_slice(slope);
            }
        }
    }

    /// Takes merge `t` of all rows back: gradients of the states after it become gradients of those before.
    fn part(&mut self, t: usize) {
        let (steps, size) = (self.steps, self.size());
        let count = steps.items_at(t + 1);
        for (i, row) in rows_at(steps, t).take(count).enumerate() {
            let place = self.merges.row(row.place(t))[0].to_f64() as usize;
            let pair = self.trace.read().children(row, t);
            let left = row.length - t;
            self.frontier.part(row, place, left, pair);
            // A single candidate is no choice.
            if left > 2 {
                self.choose(row, t, place, left - 1);
            }
            let merged = gradient(&mut self.gradients, row, row.length + t);
            let [dh, dc, _] = &mut self.lines;
            dh.copy_from_slice(&merged[..size]);
            dc.copy_from_slice(&merged[size..]);
            let candidate = row.candidate(pair);
            self.send(row, candidate, pair, Some(i));
            let gates = Gates::of(&self.gates.row(candidate.place)[candidate.columns(GATES * size)]);
            for (gate, node) in gates.forget.into_iter().zip(pair) {
                let own = &mut gradient(&mut self.gradients, row, node)[size..];
                self.f.kernels.add_product(own, &self.lines[1][..], gate);
            }
        }
        self.multiply(count);
        for (i, row) in rows_at(steps, t).take(count).enumerate() {
            let sent = self.products[1][i * STATE * size..].chunks_exact(size);
            for (node, sent) in self.trace.read().children(row, t).into_iter().zip(sent) {
                self.f.kernels.add_assign(&mut gradient(&mut self.gradients, row, node)[..size], sent);
            }
        }
    }

    /// Sends the gradient of a choice among `count` candidates to their scores and on to their states.
    fn choose(&mut self, row: Row<'_>, t: usize, place: usize, count: usize) {
        let (f, width) = (self.f, self.leaves.columns());
        let mut lists = self.choices.each_mut().map(|list| &mut list[..count]);
        self.draw.score(f, &self.frontier, self.trace.read(), row, t, lists[0]);
        let choice = Choice {
            row,
            merge: t,
            place,
            rate: E::from_f64(1.0 / self.op.temperature),
            nodes: Nodes { leaves: self.leaves, states: self.states, trace: self.trace.read() },
            frontier: &self.frontier,
            gradients: self.gradients.as_ref(),
        };
        choice.slopes(f.kernels, lists.each_mut().map(|list| &mut **list));
        for (p, &slope) in lists[3].iter().enumerate() {
            let pair = self.frontier.pair(row, p);
            let candidate = row.candidate(pair);
            self.trace.add_slope(candidate, slope);
            let unit = &self.units.row(candidate.place)[candidate.columns(2 * width)];
            for (node, unit) in pair.into_iter().zip(unit.chunks_exact(width)) {
                f.kernels.add_scaled(gradient(&mut self.gradients, row, node), slope, unit);
            }
        }
    }

    /// Leaves the gradients of a candidate's products, and its summand of the query's gradient.
    fn finish(&mut self, row: Row<'_>, family: usize, t: usize) {
        let Some(pair) = self.trace.read().pair(row, family, t) else { return };
        let (kernels, size) = (self.f.kernels, self.size());
        let candidate = Candidate { family, place: row.place(t) };
        let slope = self.trace.read().slope(candidate);
        let [dh, dc, _] = &mut self.lines;
        dh.fill(E::ZERO);
        dc.fill(E::ZERO);
        kernels.add_scaled(dh, slope, self.f.weights.slice(self.op.query));
        if let Some(merge) = self.trace.read().chosen(candidate) {
            let merged = gradient(&mut self.gradients, row, row.length + merge);
            kernels.add_assign(dh, &merged[..size]);
            kernels.add_assign(dc, &merged[size..]);
        }
        self.send(row, candidate, pair, None);
        self.gates.row_mut(candidate.place)[candidate.columns(GATES * size)]
            .copy_from_slice(self.line_of_gates);
        let h = &self.states.row(candidate.place)[candidate.columns(STATE * size)][..size];
        kernels.add_scaled(self.query.row_mut(candidate.place), slope, h);
    }
}

/// The gradient of a node's state, to write.
fn gradient<'a, E: Element>(gradients: &'a mut MatrixMut<'_, E>, row: Row<'_>, node: usize) -> &'a mut [E] {
    let (place, columns) = row.gradient(node, gradients.columns());
    &mut gradients.row_mut(place)[columns]
}
