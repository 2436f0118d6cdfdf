//! Which weights are packed, and how: once per update, for every product that reads them.

use super::{Instruction, Linear, Operation, PackId, PackSpec, Program, TensorRef};

/// Gives every linear its packed operands.
pub(super) fn pack(program: &mut Program) {
    let mut packs = Vec::new();
    assign(&mut program.instructions, &mut packs);
    program.packs = packs;
}

fn assign(list: &mut [Instruction], packs: &mut Vec<PackSpec>) {
    for instruction in list {
        match &mut instruction.op {
            Operation::Recurrence(recurrence) => assign(&mut recurrence.body, packs),
            Operation::Linear(linear) | Operation::ActivationStep { linear, .. } => {
                fill(linear, 1, &[1], packs)
            }
            Operation::Lstm { linear: Some(linear) } => fill(linear, 4, &[4], packs),
            // The gradient of n's part of the product differs from that of its pre-activation.
            Operation::Gru { linear: Some(linear) } => fill(linear, 3, &[2, 1], packs),
            _ => {}
        }
    }
}

/// Packs forward with `gates` interleaved, and backward in parts of so many gates' rows.
fn fill(linear: &mut Linear, gates: usize, parts: &[usize], packs: &mut Vec<PackSpec>) {
    let unit = linear.weight.rows / parts.iter().sum::<usize>();
    linear.forward = find(PackSpec { tensor: linear.weight, gates: Some(gates) }, packs);
    let mut start = 0;
    linear.backward = parts
        .iter()
        .map(|part| {
            let tensor: TensorRef = linear.weight.row_block(start, part * unit);
            start += part * unit;
            find(PackSpec { tensor, gates: None }, packs)
        })
        .collect();
}

fn find(spec: PackSpec, packs: &mut Vec<PackSpec>) -> PackId {
    packs.iter().position(|known| *known == spec).unwrap_or_else(|| {
        packs.push(spec);
        packs.len() - 1
    })
}
