//! Definitions and uses of values.

use std::collections::HashSet;

use super::{Instruction, Operation, Program, ValueId};

/// By value: the number of its readers, which are instructions, delay edges and the program's outputs.
pub(crate) fn readers(program: &Program) -> Vec<usize> {
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
            for link in &recurrence.children {
                counts[link.next] += 1;
            }
            count(&recurrence.body, counts);
        }
    }
}

/// The values that an instruction defines, with those inside a loop.
pub(crate) fn defined(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.outputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.incoming, state.last]);
        }
        set.extend(recurrence.children.iter().map(|link| link.incoming));
        for inner in &recurrence.body {
            set.extend(defined(inner));
        }
    }
    set
}

/// The values that an instruction reads from before it.
pub(crate) fn read(instruction: &Instruction) -> HashSet<ValueId> {
    let mut set: HashSet<ValueId> = instruction.inputs.iter().copied().collect();
    if let Operation::Recurrence(recurrence) = &instruction.op {
        for state in &recurrence.states {
            set.extend([state.initial, state.next]);
        }
        set.extend(recurrence.children.iter().map(|link| link.next));
        for inner in &recurrence.body {
            set.extend(read(inner));
        }
        let own = defined(instruction);
        set.retain(|v| !own.contains(v));
    }
    set
}
