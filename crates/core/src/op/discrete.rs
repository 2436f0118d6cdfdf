//! Choices among features: the largest, the one that an id names, and a choice that learns as if it were soft.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::repeat::{each_gradient, each_row};
use crate::program::{Instruction, Operand};
use crate::storage::View;

fn each_step(flow: Flow) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// A choice is the same for all numbers nearby: its slope is 0.
pub(crate) fn choice_facts() -> Facts {
    each_step(Flow::Stop)
}

pub(crate) fn straight_through_facts() -> Facts {
    each_step(Flow::Through)
}

/// 1 for the largest feature of each row, 0 for the others.
pub(crate) fn argmax_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let x = f.matrix(Operand::Value(i.inputs[0]));
        let mut y = y.matrix();
        for row in 0..x.rows() {
            y.row_mut(row).fill(E::ZERO);
            y.row_mut(row)[largest(x.row(row))] = E::ONE;
        }
    });
}

/// The place of the largest number: of equal ones the first, of all with a NaN the first NaN, as in `PyTorch`.
pub(super) fn largest<E: Element>(numbers: &[E]) -> usize {
    let is_nan = |x: E| x.partial_cmp(&x).is_none();
    let better = |best: usize, k: usize| {
        let (old, new) = (numbers[best], numbers[k]);
        if !is_nan(old) && (is_nan(new) || new > old) { k } else { best }
    };
    (1..numbers.len()).fold(0, better)
}

/// 1 for the feature that the id of the row names, 0 for the others.
pub(crate) fn one_hot_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let mut y = y.matrix();
        let ids = f.ids(i.inputs[0]);
        for row in 0..y.rows() {
            y.row_mut(row).fill(E::ZERO);
            y.row_mut(row)[ids.at(row) as usize] = E::ONE;
        }
    });
}

/// `y = hard`.
pub(crate) fn straight_through_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (hard, y) = (i.inputs[0], i.outputs[0]);
    f.write(Operand::Value(y), |f, rows| {
        each_row(f, hard, y, rows.matrix(), |y, hard| y.copy_from_slice(hard));
    });
}

/// `d soft += dy`; the hard value gets nothing.
pub(crate) fn straight_through_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let (soft, y) = (i.inputs[1], i.outputs[0]);
    f.add_gradient(soft, |f, dx| {
        each_gradient(f, soft, y, dx.matrix(), |dx, dy| f.kernels.add_assign(dx, dy));
    });
}
