//! A product with a state, its sum with a pre-activation and the activation or gates become one step.
//!
//! Three shapes are recognized inside a loop: `f(pre + linear(s))`, `lstmGates(pre + linear(h), c)` and
//! `gruGates(pre, linear(h), h)`. The step works in place of `pre`. So does a node of a Tree-LSTM, in `tree.rs`.

mod tree;

use std::collections::{HashMap, HashSet};

use crate::op::Time;
use crate::program::{Instruction, Linear, Operation, Program, Value, ValueId, readers};

/// Fuses inside every loop, then gives each step that works in place storage of its own.
pub(super) fn fuse(program: &mut Program) {
    let readers = readers(program);
    for instruction in &mut program.instructions {
        if let Operation::Recurrence(recurrence) = &mut instruction.op {
            fuse_body(&mut recurrence.body, &readers);
        }
    }
    own_storage(program);
}

fn fuse_body(body: &mut Vec<Instruction>, readers: &[usize]) {
    let producer: HashMap<ValueId, usize> =
        body.iter().enumerate().flat_map(|(i, ins)| ins.outputs.iter().map(move |&v| (v, i))).collect();
    let mut absorbed = HashSet::new();
    for i in 0..body.len() {
        let finder = Finder { body, producer: &producer, readers };
        let Some((fused, taken)) = finder.step(&body[i]) else { continue };
        body[i] = fused;
        absorbed.extend(taken);
    }
    let mut index = 0;
    body.retain(|_| {
        index += 1;
        !absorbed.contains(&(index - 1))
    });
}

/// Looks at a body for the parts of a step.
struct Finder<'a> {
    body: &'a [Instruction],
    producer: &'a HashMap<ValueId, usize>,
    readers: &'a [usize],
}

impl Finder<'_> {
    /// The fused form of an instruction and the instructions it absorbs.
    fn step(&self, instruction: &Instruction) -> Option<(Instruction, Vec<usize>)> {
        let (op, inputs, taken) = match &instruction.op {
            &Operation::Activation(activation) => {
                let (pre, state, linear, taken) = self.sum(instruction.inputs[0], 1)?;
                (Operation::ActivationStep { activation, linear }, vec![pre, state], taken)
            }
            Operation::Lstm { linear: None } => {
                let (pre, state, linear, taken) = self.sum(instruction.inputs[0], 1)?;
                (Operation::Lstm { linear: Some(linear) }, vec![pre, instruction.inputs[1], state], taken)
            }
            Operation::Gru { linear: None } => {
                let (state, linear, i) = self.product(instruction.inputs[2])?;
                let inputs = vec![instruction.inputs[0], instruction.inputs[1], state];
                (Operation::Gru { linear: Some(linear) }, inputs, vec![i])
            }
            Operation::Concat => return self.children(instruction),
            Operation::Multiply => return self.tree_lstm(instruction),
            _ => return None,
        };
        let outputs = instruction.outputs.clone();
        Some((Instruction { node: instruction.node.clone(), op, inputs, outputs }, taken))
    }

    /// `pre + linear(state)`, with no more than some readers.
    fn sum(&self, value: ValueId, readers: usize) -> Option<(ValueId, ValueId, Linear, Vec<usize>)> {
        let &i = self.producer.get(&value)?;
        let add = &self.body[i];
        if !matches!(add.op, Operation::Add) || add.inputs.len() != 2 || self.readers[value] != readers {
            return None;
        }
        for (product, pre) in [(add.inputs[1], add.inputs[0]), (add.inputs[0], add.inputs[1])] {
            if let Some((state, linear, j)) = self.product(product) {
                return Some((pre, state, linear, vec![i, j]));
            }
        }
        None
    }

    /// `linear(state)`, with no other reader.
    fn product(&self, value: ValueId) -> Option<(ValueId, Linear, usize)> {
        let &i = self.producer.get(&value)?;
        match &self.body[i].op {
            Operation::Linear(linear) if self.readers[value] == 1 => {
                Some((self.body[i].inputs[0], linear.clone(), i))
            }
            _ => None,
        }
    }
}

/// Puts a copy before each step that may not overwrite its pre-activation: one with other readers, one made in another
/// section (a segment that runs again would find it overwritten), or a vector.
fn own_storage(program: &mut Program) {
    let readers = readers(program);
    // By pre-activation: the loop that makes it, none outside of loops.
    let mut homes: HashMap<ValueId, Option<usize>> = HashMap::new();
    let mut kept: HashSet<ValueId> = HashSet::new();
    for (i, outer) in program.instructions.iter().enumerate() {
        visit(std::slice::from_ref(outer), &mut |instruction| {
            let looped = matches!(outer.op, Operation::Recurrence(_));
            homes.extend(instruction.outputs.iter().map(|&value| (value, looped.then_some(i))));
            let facts = instruction.facts();
            kept.extend(facts.reads_back.into_iter().filter(|v| instruction.outputs.contains(v)));
            if matches!(facts.time, Time::Whole | Time::Gather) {
                kept.extend(&instruction.outputs);
            }
        });
    }
    let shared = |value: ValueId, home: Option<usize>| {
        let elsewhere = homes.get(&value).is_none_or(|&made| made.is_some() && made != home);
        readers[value] != 1 || elsewhere || kept.contains(&value)
    };
    let mut instructions = std::mem::take(&mut program.instructions);
    for (i, instruction) in instructions.iter_mut().enumerate() {
        if let Operation::Recurrence(recurrence) = &mut instruction.op {
            let body = std::mem::take(&mut recurrence.body);
            recurrence.body = with_copies(body, &mut program.values, &|value| shared(value, Some(i)));
        }
    }
    program.instructions = with_copies(instructions, &mut program.values, &|value| shared(value, None));
}

fn with_copies(
    list: Vec<Instruction>,
    values: &mut Vec<Value>,
    shared: &impl Fn(ValueId) -> bool,
) -> Vec<Instruction> {
    let mut out = Vec::with_capacity(list.len());
    for mut instruction in list {
        let (original, output) = match (&instruction.inputs[..], &instruction.outputs[..]) {
            (&[pre, ..], &[output, ..]) if instruction.facts().storage.is_in_place() => (pre, output),
            _ => {
                out.push(instruction);
                continue;
            }
        };
        let whole = values[original].axis != values[output].axis;
        if whole || shared(original) {
            values.push(values[output].clone());
            let copy = values.len() - 1;
            let op = if whole { Operation::Repeat } else { Operation::Affine { scale: 1.0, shift: 0.0 } };
            let node = instruction.node.clone();
            out.push(Instruction { node, op, inputs: vec![original], outputs: vec![copy] });
            instruction.inputs[0] = copy;
        }
        out.push(instruction);
    }
    out
}

fn visit<'a>(list: &'a [Instruction], see: &mut impl FnMut(&'a Instruction)) {
    for instruction in list {
        see(instruction);
        if let Operation::Recurrence(recurrence) = &instruction.op {
            visit(&recurrence.body, see);
        }
    }
}
