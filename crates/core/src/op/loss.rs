//! The losses of an output against its targets, item by item, and their gradients.
//!
//! Training computes a loss on the way back, together with its slope; a run that only measures, on the way forward.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::{Item, Taken, Tally, View};

pub(crate) fn facts(i: &Instruction) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: vec![i.inputs[0]],
        flow: Flow::Start,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// Sums the losses of a run that does not go back.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, target: usize, i: &Instruction) {
    if !f.plan.training {
        tallied(f, target, |f, tally, scratch| measure(f, target, i, tally, scratch, None));
    }
}

/// Sums the losses and adds `scale weight slope` to the gradient of the output.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, target: usize, i: &Instruction) {
    let output = i.inputs[0];
    tallied(f, target, |f, tally, scratch| match f.has_gradient(output) {
        true => f.write(Operand::Gradient(output), |f, d| {
            measure(f, target, i, tally, scratch, Some(d));
        }),
        false => measure(f, target, i, tally, scratch, None),
    });
}

fn tallied<E: Element>(
    f: &mut View<'_, E>,
    target: usize,
    work: impl FnOnce(&mut View<'_, E>, &mut Tally, &mut Vec<E>),
) {
    let mut tally = std::mem::take(&mut f.shard.tallies[target]);
    let mut scratch = std::mem::take(&mut f.shard.scratch);
    work(f, &mut tally, &mut scratch);
    f.shard.scratch = scratch;
    f.shard.tallies[target] = tally;
}

fn measure<E: Element>(
    f: &View<'_, E>,
    target: usize,
    i: &Instruction,
    tally: &mut Tally,
    scratch: &mut Vec<E>,
    mut d: Option<&mut Taken<E>>,
) {
    let (output, targets) = (i.inputs[0], &f.batch.targets()[target]);
    let (loss, scale) = (&f.program.targets[target].loss, f.losses.scales[target]);
    let outputs = f.matrix(Operand::Value(output));
    let base = f.shard.segment.map_or(0, |segment| segment.base);
    scratch.resize(loss.scratch().max(scratch.len()), E::ZERO);
    for item in f.items(output).filter(|item| f.start() + item.t >= f.losses.from) {
        let at = item_of_batch(f, output, item);
        let weight = targets.item_weight(at);
        if weight == 0.0 {
            continue;
        }
        let row = item.place..item.place + 1;
        let slope = d.as_mut().map(|d| (scale * weight, d.matrix().row_range(row.clone())));
        let (mut value, mut correct) = ([0.0], [0]);
        targets.with_item(at, loss.width(), |targets| {
            let outputs = outputs.row_range(row);
            loss.run(f.kernels, outputs, targets, scratch, &mut value, &mut correct, slope);
        });
        tally.note(base + item.place, weight * value[0], correct[0]);
    }
}

/// The place of an item in the arrays of the batch.
fn item_of_batch<E: Element>(f: &View<'_, E>, output: usize, item: Item) -> usize {
    let row = f.shard.rows.start + item.row;
    match f.program.values[output].axis {
        Some(axis) => f.batch.axes()[axis].place(row, f.start() + item.t),
        None => row,
    }
}
