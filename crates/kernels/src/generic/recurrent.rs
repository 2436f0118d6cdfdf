//! The product of a recurrent step, for every cell; and the plain cell, y = f(pre + recurrent).

use std::ops::Range;

use super::access::{bias, read, write};
use super::bf16;
use super::bf16::round::left_operand;
use super::bf16::tile_dots::TileDots;
use super::dispatch::Multiplication;
use super::elementwise::apply;
use super::operand::Panels;
use super::tile::{Epilogue, multiply};
use crate::argument::{Activation, Recurrent};
use crate::lane::Lane;
use crate::number::Number;
use crate::packed::Packed;
use crate::tiles::Tiles;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// Panics unless `recurrent` computes `n` outputs with `G` gates for `m` rows.
#[inline(always)]
pub(crate) fn check<E: Number, const G: usize>(recurrent: &Recurrent<'_, E>, m: usize, n: usize) {
    let Recurrent { state, weight, bias, .. } = recurrent;
    assert_eq!((state.rows(), state.columns()), (m, weight.k()), "a state is m x k");
    assert_eq!((weight.n(), weight.gates()), (n, G), "outputs and gates of the recurrent weight");
    assert!(bias.is_none_or(|bias| bias.len() == n), "a bias has n elements");
}

/// The product of `recurrent` for some units, given to `epilogue`, which counts units from the first of them.
#[inline(always)]
pub(crate) fn step<V: Vector, P: Epilogue<V, G>, const G: usize>(
    recurrent: &Recurrent<'_, V::Element>,
    units: Range<usize>,
    epilogue: &mut P,
) {
    let Recurrent { state, weight, reversed, .. } = *recurrent;
    if (0..state.rows()).all(|row| state.row(row).iter().all(|&x| x == V::Element::ZERO)) {
        return step_from_zero(state.rows(), units.len(), epilogue);
    }
    let mut buffer = V::Element::take_scratch();
    let operands = weight.operands();
    let state = left_operand(state, operands, &mut buffer);
    operands.dispatch::<V, _>(Step::<_, _, G> { state, weight, units, reversed, epilogue });
    V::Element::return_scratch(buffer);
}

struct Step<'a, E, P, const G: usize> {
    state: Matrix<'a, E>,
    weight: &'a Packed<E>,
    units: Range<usize>,
    reversed: bool,
    epilogue: &'a mut P,
}

impl<V: Vector, P: Epilogue<V, G>, const G: usize> Multiplication<V> for Step<'_, V::Element, P, G> {
    #[inline(always)]
    fn in_vectors<const PAIRS: bool>(self) {
        let weight = Panels::<_, PAIRS>::of(self.weight).unit_range(self.units);
        multiply::<V, _, _, P, G>(self.state, weight, self.reversed, self.epilogue);
    }

    #[inline(always)]
    fn in_tiles<T: Tiles>(self, dots: &mut TileDots<T>) {
        let weight = Panels::of(self.weight).unit_range(self.units);
        bf16::product::multiply::<V, P, T, G>(dots, self.state, weight, self.reversed, self.epilogue);
    }
}

/// The product of a state of zeros, which most first steps have: the bits are the same, and no weight is read.
///
/// The choice looks at the numbers alone, so that a row has the same bits whatever else is in its batch. No start is -0, so
/// that zeros times weights would add nothing to it. Weights that are not finite do not show in such a step.
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
        let y = self.buffer.stretch_mut(row, self.first + unit, active);
        apply(self.activation, V::read(y) + sum).write(y);
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
        let y = buffer.stretch_mut(i, units.start, units.len());
        for_each_vector!(V, y.len(), |at, active| {
            write(apply(activation, read::<V>(y, at, active)), y, at, active);
        });
    }
}
