//! y = f(pre + recurrent).

use std::ops::Range;

use super::access::{bias, read, write};
use super::bf16::grid;
use super::bf16::round::left_operand;
use super::elementwise::apply;
use super::tile::{Epilogue, multiply};
use crate::PANEL;
use crate::element::Element;
use crate::entry::recurrent::{Activation, Recurrent};
use crate::operands::Format;
use crate::simd::Simd;
use crate::vector::Vector;
use crate::view::MatrixMut;

/// Panics unless `recurrent` computes `n` outputs with `G` gates for `m` rows.
#[inline(always)]
pub(crate) fn check<E: Element, const G: usize>(recurrent: &Recurrent<'_, E>, m: usize, n: usize) {
    let Recurrent { state, weight, bias, .. } = recurrent;
    assert_eq!((state.rows(), state.columns()), (m, weight.k()), "a state is m x k");
    assert_eq!((weight.n(), weight.gates()), (n, G), "outputs and gates of the recurrent weight");
    assert!(bias.is_none_or(|bias| bias.len() == n), "a bias has n elements");
}

/// The product of `recurrent` for some units, given to `epilogue`, which counts from the first of them.
#[inline(always)]
pub(crate) fn step<V: Vector, P: Epilogue<V, G>, const G: usize>(
    recurrent: &Recurrent<'_, V::Element>,
    units: Range<usize>,
    epilogue: &mut P,
) {
    let Recurrent { state, weight, last_first, .. } = *recurrent;
    if (0..state.rows()).all(|row| state.row(row).iter().all(|&x| x == V::Element::ZERO)) {
        return step_from_zero(state.rows(), units.len(), epilogue);
    }
    let mut buffer = V::Element::take_scratch();
    let state = left_operand(state, weight.operands(), &mut buffer);
    match weight.operands().format {
        Format::Full | Format::Rounded => {
            multiply::<V, _, _, P, G>(state, weight.panels().part(units), last_first, epilogue);
        }
        Format::Pairs if V::LANES == PANEL => {
            multiply::<V, _, _, P, G>(state, weight.pairs().part(units), last_first, epilogue);
        }
        Format::Pairs => unreachable!("operands of other kernels"),
        Format::Tiles => {
            grid::multiply::<V, P, G>(
                weight.operands(),
                state,
                weight.pairs().part(units),
                last_first,
                epilogue,
            );
        }
    }
    V::Element::return_scratch(buffer);
}

/// The same from a state of zeros, as most first steps are: the weights are not read, the bits are those of the product.
#[inline(always)]
fn step_from_zero<V: Vector, P: Epilogue<V, G>, const G: usize>(rows: usize, units: usize, epilogue: &mut P) {
    for row in 0..rows {
        for unit in (0..units).step_by(V::LANES) {
            let active = V::LANES.min(units - unit);
            let sums = epilogue.start(row, unit, active);
            epilogue.finish(row, unit, active, sums);
            epilogue.complete(row, unit, active);
        }
    }
}

struct Activate<'a, E> {
    activation: Activation,
    buffer: MatrixMut<'a, E>,
    bias: Option<&'a [E]>,
    first: usize,
}

impl<V: Vector> Epilogue<V, 1> for Activate<'_, V::Element> {
    const LARGE: bool = true;

    #[inline(always)]
    fn start(&mut self, _: usize, unit: usize, active: usize) -> [V; 1] {
        bias(self.bias, 0, self.first + unit, active)
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        let part = self.buffer.part_mut(row, self.first + unit, active);
        apply(self.activation, V::read(part) + sum).write(part);
    }
}

#[inline(always)]
pub(crate) fn activation_step<V: Vector>(
    activation: Activation,
    mut buffer: MatrixMut<'_, V::Element>,
    recurrent: Option<Recurrent<'_, V::Element>>,
    units: Range<usize>,
) {
    if let Some(recurrent) = recurrent {
        check::<_, 1>(&recurrent, buffer.rows(), buffer.columns());
        let mut y = Activate { activation, buffer, bias: recurrent.bias, first: units.start };
        return step::<V, _, 1>(&recurrent, units, &mut y);
    }
    for i in 0..buffer.rows() {
        let part = buffer.part_mut(i, units.start, units.len());
        for_each_vector!(V, part.len(), |at, active| {
            write(apply(activation, read::<V>(part, at, active)), part, at, active);
        });
    }
}
