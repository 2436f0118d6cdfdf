//! y = f(pre + recurrent).

use super::access::{bias, read, write};
use super::elementwise::apply;
use super::operand::Panels;
use super::tile::{Epilogue, multiply};
use crate::element::Element;
use crate::gates::{Activation, Recurrent};
use crate::vector::Vector;
use crate::view::MatrixMut;

/// Panics unless `recurrent` computes `n` outputs with `G` gates for `m` rows.
#[inline(always)]
pub(crate) fn check<E: Element, const G: usize>(recurrent: &Recurrent<'_, E>, m: usize, n: usize) {
    let Recurrent { state, weight, bias } = recurrent;
    assert_eq!((state.rows(), state.columns()), (m, weight.k()), "a state is m x k");
    assert_eq!((weight.n(), weight.gates()), (n, G), "outputs and gates of the recurrent weight");
    assert!(bias.is_none_or(|bias| bias.len() == n), "a bias has n elements");
}

/// The product of `recurrent`, given to `epilogue`.
#[inline(always)]
pub(crate) fn step<V: Vector, P: Epilogue<V, G>, const G: usize>(
    recurrent: &Recurrent<'_, V::Element>,
    epilogue: &mut P,
) {
    let weight = recurrent.weight;
    let panels = Panels::new(weight.elements(), weight.units(), weight.gates(), weight.k());
    multiply::<V, _, _, P, G>(recurrent.state, panels, epilogue);
}

struct AddTo<'a, E> {
    buffer: MatrixMut<'a, E>,
    bias: Option<&'a [E]>,
}

impl<V: Vector> Epilogue<V, 1> for AddTo<'_, V::Element> {
    #[inline(always)]
    fn start(&self, _: usize, unit: usize, active: usize) -> [V; 1] {
        bias(self.bias, 0, unit, active)
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [sum]: [V; 1]) {
        let row = self.buffer.row_mut(row);
        let x: V = read(row, unit, active);
        write(x + sum, row, unit, active);
    }
}

#[inline(always)]
pub(crate) fn activation_step<V: Vector>(
    activation: Activation,
    mut buffer: MatrixMut<'_, V::Element>,
    recurrent: Option<Recurrent<'_, V::Element>>,
) {
    if let Some(recurrent) = recurrent {
        check::<_, 1>(&recurrent, buffer.rows(), buffer.columns());
        let mut sums = AddTo { buffer: buffer.reborrow(), bias: recurrent.bias };
        step::<V, _, 1>(&recurrent, &mut sums);
    }
    for i in 0..buffer.rows() {
        let row = buffer.row_mut(i);
        for_each_vector!(V, row.len(), |at, active| {
            let x: V = read(row, at, active);
            write(apply(activation, x), row, at, active);
        });
    }
}
