//! The shapes of a node with a place for each child: states of all children side by side, and a Tree-LSTM.

use unrolled_kernels::Activation;

use super::Finder;
use crate::program::{Instruction, Operation, ValueId};

/// A gate: the pre-activations that it is a part of, and its first column among them.
type Gate = (ValueId, usize);

/// The parts of `c = σ(i) tanh(u) + Σ_k σ(f_k) c_k`.
struct Sum {
    pre: ValueId,
    fresh: [usize; 2],
    /// By place: the first column of f, and the number of the child.
    kept: Vec<(usize, usize)>,
    c: ValueId,
}

impl Finder<'_> {
    /// The children of a node by their numbers, side by side.
    pub(super) fn children(&self, concat: &Instruction) -> Option<(Instruction, Vec<usize>)> {
        let mut taken = Vec::new();
        let mut of = None;
        for (place, &value) in concat.inputs.iter().enumerate() {
            let (index, edges) = self.child(value, &mut taken)?;
            if index != place || *of.get_or_insert(edges) != edges {
                return None;
            }
        }
        Some((Instruction { op: Operation::Children, inputs: vec![of?], ..concat.clone() }, taken))
    }

    /// `h = σ(o) tanh(c)`, with the gates i, o, u, f_1, ... in one sum with a product.
    pub(super) fn tree_lstm(&self, h: &Instruction) -> Option<(Instruction, Vec<usize>)> {
        let mut taken = Vec::new();
        let &[o, shown] = &h.inputs[..] else { return None };
        let (pre, second) = self.gate(o, Activation::Sigmoid, &mut taken)?;
        let c = self.activated(shown, Activation::Tanh, &mut taken)?;
        let shows = *taken.last()?;
        let others = self.body.iter().enumerate().filter(|&(i, _)| i != shows);
        if others.flat_map(|(_, i)| &i.inputs).any(|&value| value == c) {
            return None;
        }
        let sum = self.kept(c, &mut taken)?;
        let width = *sum.fresh.last()? / 2;
        let places = sum.kept.iter().enumerate();
        let in_order = places.into_iter().all(|(k, &place)| place == ((3 + k) * width, k));
        let gates = 3 + sum.kept.len();
        if !in_order || sum.pre != pre || second != width || sum.fresh[0] != 0 || self.readers[pre] != gates {
            return None;
        }
        let (own, below, linear, product) = self.sum(pre, gates)?;
        if linear.weight.rows != gates * width {
            return None;
        }
        taken.extend(product);
        let (op, inputs) = (Operation::TreeLstm(linear), vec![own, sum.c, below]);
        Some((Instruction { op, inputs, outputs: vec![pre, c, h.outputs[0]], ..h.clone() }, taken))
    }

    fn kept(&self, c: ValueId, taken: &mut Vec<usize>) -> Option<Sum> {
        let (mut kept, mut of, mut rest) = (Vec::new(), None, c);
        loop {
            let &at = self.producer.get(&rest).filter(|_| rest == c || self.readers[rest] == 1)?;
            taken.push(at);
            let (made, &[a, b]) = (&self.body[at], &self.body[at].inputs[..]) else { return None };
            if matches!(made.op, Operation::Multiply) {
                let (pre, i) = self.gate(a, Activation::Sigmoid, taken)?;
                let (same, u) = self.gate(b, Activation::Tanh, taken)?;
                kept.reverse();
                return Some(Sum { pre, fresh: [i, u], kept, c: of? }).filter(|_| same == pre);
            }
            let part = self.only(b, taken).filter(|_| matches!(made.op, Operation::Add))?;
            let &[f, child] = &part.inputs[..] else { return None };
            let (_, start) = self.gate(f, Activation::Sigmoid, taken)?;
            let (index, edges) = self.child(child, taken)?;
            if !matches!(part.op, Operation::Multiply) || *of.get_or_insert(edges) != edges {
                return None;
            }
            kept.push((start, index));
            rest = a;
        }
    }

    /// The instruction that makes a value with a single reader.
    fn only(&self, value: ValueId, taken: &mut Vec<usize>) -> Option<&Instruction> {
        let &at = self.producer.get(&value).filter(|_| self.readers[value] == 1)?;
        taken.push(at);
        Some(&self.body[at])
    }

    fn activated(&self, value: ValueId, function: Activation, taken: &mut Vec<usize>) -> Option<ValueId> {
        let made = self.only(value, taken)?;
        matches!(made.op, Operation::Activation(found) if found == function).then(|| made.inputs[0])
    }

    fn gate(&self, value: ValueId, function: Activation, taken: &mut Vec<usize>) -> Option<Gate> {
        let slice = self.activated(value, function, taken)?;
        let made = self.only(slice, taken)?;
        let Operation::Slice { start } = made.op else { return None };
        Some((made.inputs[0], start))
    }

    /// The number of a child, and the value over the edges that it is of.
    fn child(&self, value: ValueId, taken: &mut Vec<usize>) -> Option<(usize, ValueId)> {
        let made = self.only(value, taken)?;
        let Operation::Child { index } = made.op else { return None };
        Some((index, made.inputs[0]))
    }
}
