//! `y = table[id]`.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Embedding, Ids, Instruction, Operand, Sum};
use crate::storage::View;

pub(crate) fn facts(op: &Embedding, i: &Instruction) -> Facts {
    let gradient = Operand::Gradient(i.outputs[0]);
    let ids = match i.outputs.get(1) {
        Some(&copy) => Ids::Computed(Operand::Value(copy)),
        None => Ids::Given(i.inputs[0]),
    };
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: vec![(op.weight, Sum::Table { gradient, ids, padding: op.padding })],
        work: Work::Elementwise { weights: 0 },
    }
}

/// The table's gradient waits for the weights' region, and ids have none: there is no backward.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Embedding, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let table = f.weights.matrix(op.weight);
        let mut rows = y.matrix();
        let ids = f.ids(i.inputs[0]);
        for row in 0..rows.rows() {
            let id = ids.at(row);
            if op.padding == Some(id) {
                rows.row_mut(row).fill(E::ZERO);
            } else {
                rows.row_mut(row).copy_from_slice(table.row(id as usize));
            }
        }
    });
    // An incoming state has no storage of its own when the weights' region reads the ids.
    if let Some(&copy) = i.outputs.get(1) {
        f.write(Operand::Value(copy), |f, ids| {
            ids.slice().copy_from_slice(f.slice(Operand::Value(i.inputs[0])));
        });
    }
}
