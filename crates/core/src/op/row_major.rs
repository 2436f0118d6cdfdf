//! The steps of a sequence, a row's one after another: a query reads its row's memory as one matrix.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, ValueId};
use crate::storage::View;

pub(crate) fn facts() -> Facts {
    Facts {
        time: Time::Whole,
        cut: Cut::Never("attends to a whole sequence"),
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let (x, mut y) = (f.matrix(Operand::Value(i.inputs[0])), y.matrix());
        for (to, from) in places(f, i.inputs[0]) {
            y.row_mut(to).copy_from_slice(x.row(from));
        }
    });
}

/// `dx += dy`.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.add_gradient(i.inputs[0], |f, dx| {
        let (dy, mut dx) = (f.matrix(Operand::Gradient(i.outputs[0])), dx.matrix());
        for (from, to) in places(f, i.inputs[0]) {
            f.kernels.add_assign(dx.row_mut(to), dy.row(from));
        }
    });
}

/// The place of each item row after row, and that step after step.
fn places<E: Element>(f: &View<'_, E>, value: ValueId) -> impl Iterator<Item = (usize, usize)> {
    let schedule = f.schedule(value);
    (0..schedule.rows()).flat_map(|row| schedule.row_range(row).zip(schedule.items_of(row)))
}
