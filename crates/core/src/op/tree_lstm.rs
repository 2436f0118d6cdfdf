//! A node of a Tree-LSTM with a place for each child (Tai, Socher and Manning, 2015).
//!
//! `i, o, f_k = σ(..), u = tanh(..), c' = i u + Σ_k f_k c_k, h' = o tanh(c')`; the gates' rows in the order i, o, u, f_1, f_2, ...

use std::ops::Range;

use unrolled_kernels::{Below, Element, Matrix, MatrixMut, Start};

use super::facts::{Cut, Facts, Flow, Joint, Storage, Time, Work, linear_sums};
use super::linear::send_back;
use crate::program::{Instruction, Linear, Operand, Program, Value};
use crate::storage::{Shard, Span, Taken, View};
use crate::tuning::TREE_ROWS;

/// The kernel reads the gradients of both states and leaves that of pre where the gates were.
pub(crate) fn facts(op: &Linear, i: &Instruction) -> Facts {
    let (pre, below, [gates, c, h]) = (i.inputs[0], i.inputs[1], [i.outputs[0], i.outputs[1], i.outputs[2]]);
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::InPlaceOfValue,
        reads_back: vec![gates, c, below],
        flow: Flow::Through,
        joint: Some(Joint { any: vec![c, h], all: vec![c, h, pre, below], never: vec![gates] }),
        sums: linear_sums(op, Operand::Gradient(pre), 0, 0..op.weight.rows, i.inputs[2]),
        work: Work::Elementwise { weights: op.weights() },
    }
}

/// Numbers of scratch: the products of the nodes of a block.
pub(crate) fn scratch<E: Element>(program: &Program, i: &Instruction, shard: &Shard<E>) -> usize {
    let Value { axis, width, .. } = program.values[i.outputs[0]];
    axis.map_or(0, |axis| shard.schedules[axis].widest().min(TREE_ROWS).saturating_mul(width))
}

/// Inputs: pre, c over the edges, the children's h. Outputs: the gates in pre's storage, c', h'.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Linear, i: &Instruction) {
    f.with_scratch(|f, scratch| {
        f.write_all([i.outputs[0], i.outputs[1], i.outputs[2]].map(Operand::Value), |f, outputs| {
            let edges = first_edges(f, i);
            let nodes = edges.len().saturating_sub(1);
            for start in (0..nodes).step_by(TREE_ROWS) {
                let some = start..(start + TREE_ROWS).min(nodes);
                step(f, (op, i), scratch, (some, edges), outputs);
            }
        });
    });
}

/// Some nodes of a level, whose products are in a near cache when the gates read them.
fn step<E: Element>(
    f: &View<'_, E>,
    (op, i): (&Linear, &Instruction),
    scratch: &mut Vec<E>,
    (nodes, edges): (Range<usize>, &[u32]),
    [gates, c, h]: &mut [Taken<E>; 3],
) {
    let [gates, c, h] = [gates, c, h].map(|rows| rows.matrix().row_range(nodes.clone()));
    let (m, columns) = (gates.rows(), gates.columns());
    let product = (!f.has_no_children(i.inputs[2])).then(|| {
        scratch.resize(m * columns, E::ZERO);
        let start = op.bias.map_or(Start::Zero, |bias| Start::Bias(f.weights.slice(bias)));
        let h = f.matrix(Operand::Value(i.inputs[2])).row_range(nodes.clone());
        let product = MatrixMut::new(scratch, m, columns);
        f.kernels.product(f.team, product, start, h, f.weights.packed(op.forward));
        Matrix::new(scratch, m, columns)
    });
    let first = &edges[nodes.start..=nodes.end];
    let children = [first[0], first[m]].map(|edge| (edge - edges[0]) as usize);
    let below = f.matrix(Operand::Value(i.inputs[1])).row_range(children[0]..children[1]);
    f.kernels.tree_step(gates, product, Below { c: below, first }, c, h);
}

/// Leaves the gradient of pre where the gates were, then `dc_k += ..`, `dh_k += dpre W`.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: &Linear, i: &Instruction) {
    let (gates, d_below) = (Operand::Value(i.outputs[0]), Operand::Gradient(i.inputs[1]));
    f.write_all([gates, d_below], |f, [gates, d_below]| {
        let below = Below { c: f.matrix(Operand::Value(i.inputs[1])), first: first_edges(f, i) };
        let c = f.matrix(Operand::Value(i.outputs[1]));
        let [dc, dh] = [1, 2].map(|state| f.matrix(Operand::Gradient(i.outputs[state])));
        f.kernels.tree_backward(gates.matrix(), below, c, dc, dh, d_below.matrix());
    });
    send_back(f, op, i.inputs[2], gates);
}

/// By node: the place of its first edge, and the end of the last.
fn first_edges<'a, E: Element>(f: &'a View<'_, E>, i: &Instruction) -> &'a [u32] {
    let nodes = f.schedule(i.outputs[1]);
    let range = match f.span {
        Span::All => 0..nodes.items(),
        Span::Step { t, .. } => nodes.step(t),
    };
    f.schedule(i.inputs[1]).first_edges(range)
}
