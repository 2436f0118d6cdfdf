//! Which values an instruction defines and reads, going forward and going back.

use std::collections::HashSet;

use super::{Instruction, Operation, Pool, Program, ValueId};

/// How many readers each value has: instructions, delay edges and the program's outputs.
pub(super) fn readers(program: &Program) -> Vec<usize> {
    let mut counts = vec![0; program.values.len()];
    count(&program.instructions, &mut counts);
    for port in &program.outputs {
        counts[port.value] += 1;
    }
    for state in &program.states {
        counts[state.last] += 1;
    }
    counts
}

fn count(instructions: &[Instruction], counts: &mut [usize]) {
    for instruction in instructions {
        for &value in &instruction.inputs {
            counts[value] += 1;
        }
        if let Operation::Recurrence(recurrence) = &instruction.op {
            for state in &recurrence.states {
                counts[state.initial] += 1;
                counts[state.next] += 1;
            }
            count(&recurrence.body, counts);
        }
    }
}

/// The values that an instruction defines, with those inside a loop.
pub(super) fn defined(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.outputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.incoming, state.last]);
        }
        for inner in &recurrence.body {
            set.extend(defined(inner));
        }
    }
    set
}

/// The values that an instruction reads from before it.
pub(super) fn read(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.inputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.initial, state.next]);
        }
        for inner in &recurrence.body {
            set.extend(read(inner));
        }
        let own = defined(instruction);
        set.retain(|v| !own.contains(v));
    }
    set
}

/// The values that the instruction's backward reads; what the weights' region reads is not among them.
pub(super) fn backward_reads(instruction: &Instruction) -> Vec<ValueId> {
    let (inputs, outputs) = (&instruction.inputs, &instruction.outputs);
    match &instruction.op {
        Operation::Activation(_) | Operation::Softmax | Operation::ActivationStep { .. } => vec![outputs[0]],
        Operation::Multiply => inputs.clone(),
        Operation::LayerNorm(_) => vec![inputs[0], outputs[1], outputs[2]],
        Operation::Pool(Pool::Max) => vec![inputs[0], outputs[0]],
        Operation::Lstm { .. } => vec![outputs[0], outputs[1], inputs[1]],
        Operation::Gru { .. } => vec![outputs[0], outputs[1], inputs[1]],
        Operation::Embedding(_)
        | Operation::Linear(_)
        | Operation::Add
        | Operation::Affine { .. }
        | Operation::Concat
        | Operation::Slice { .. }
        | Operation::Dropout(_)
        | Operation::Shift(_)
        | Operation::Repeat
        | Operation::Pool(_)
        | Operation::Recurrence(_) => Vec::new(),
    }
}

/// Whether the instruction's first output takes over the storage of its first input.
pub(super) fn in_place(op: &Operation) -> bool {
    matches!(op, Operation::Lstm { .. } | Operation::Gru { .. } | Operation::ActivationStep { .. })
}
