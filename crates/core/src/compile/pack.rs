//! The packed weights: packed once per update, for every product that reads them.

use crate::op::Product;
use crate::program::{Instruction, Operation, PackId, PackSpec, Program, TensorRef};

/// Gives every linear its packed operands.
pub(super) fn pack(program: &mut Program) {
    let mut packs = Vec::new();
    assign(&mut program.instructions, &mut packs);
    program.packs = packs;
}

fn assign(list: &mut [Instruction], packs: &mut Vec<PackSpec>) {
    for instruction in list {
        if let Operation::Recurrence(recurrence) = &mut instruction.op {
            assign(&mut recurrence.body, packs);
        } else if let Some(product) = instruction.product() {
            fill(product, packs);
        }
    }
}

/// Packs forward with the product's gates interleaved, and backward in its parts.
fn fill(Product { linear, gates, parts }: Product<'_>, packs: &mut Vec<PackSpec>) {
    let unit = linear.weight.rows / parts.iter().sum::<usize>();
    linear.forward = find(PackSpec { tensor: linear.weight, gates: Some(gates) }, packs);
    let mut start = 0;
    linear.backward = parts
        .iter()
        .map(|part| {
            let tensor: TensorRef = linear.weight.part(start, part * unit);
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
