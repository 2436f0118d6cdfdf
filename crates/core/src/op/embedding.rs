//! `y = table[id]`.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Embedding, Instruction, Operand, Sum};
use crate::storage::View;

pub(crate) fn facts(op: &Embedding, i: &Instruction) -> Facts {
    let gradient = Operand::Gradient(i.outputs[0]);
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: vec![(op.weight, Sum::Table { gradient, ids: i.inputs[0], padding: op.padding })],
        work: Work::Elementwise { weights: 0 },
    }
}

/// The table's gradient waits for the weights' region, and ids have none: there is no backward.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: &Embedding, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let table = f.weights.matrix(op.weight);
        let mut rows = y.matrix();
        for (row, &id) in f.ids(i.inputs[0]).iter().enumerate() {
            if op.padding == Some(id) {
                rows.row_mut(row).fill(E::ZERO);
            } else {
                rows.row_mut(row).copy_from_slice(table.row(id as usize));
            }
        }
    });
}
