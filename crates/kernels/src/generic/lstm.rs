//! One step of an LSTM and its gradient.

use std::ops::Range;

use super::access::{bias, prefetch, read, write};
use super::exponential::{sigmoid, tanh};
use super::recurrent::{check, step};
use super::tile::Epilogue;
use crate::argument::Recurrent;
use crate::lane::Lane;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

struct Lstm<'a, E> {
    gates: MatrixMut<'a, E>,
    bias: Option<&'a [E]>,
    c_prev: Matrix<'a, E>,
    c: MatrixMut<'a, E>,
    h: MatrixMut<'a, E>,
    /// Unit 0 of the epilogue.
    first: usize,
}

impl<E: Lane> Lstm<'_, E> {
    /// Computes gates and c of `active` units of a row; `sums` are the recurrent part, if any.
    #[inline(always)]
    fn cell<V: Vector<Element = E>>(&mut self, row: usize, unit: usize, active: usize, sums: Option<[V; 4]>) {
        let unit = self.first + unit;
        let [gi, gf, gg, go] = self.gates.gates_mut(row, unit, active);
        let [mut i, mut f, mut g, mut o] = [V::read(gi), V::read(gf), V::read(gg), V::read(go)];
        if let Some(sums) = sums {
            (i, f, g, o) = (i + sums[0], f + sums[1], g + sums[2], o + sums[3]);
        }
        let (i, g) = sigmoid(i).pair(tanh(g));
        let (f, o) = sigmoid(f).exact_pair(sigmoid(o));
        i.write(gi);
        f.write(gf);
        g.write(gg);
        o.write(go);
        let c_prev = V::read(self.c_prev.stretch(row, unit, active));
        let c = f.mul_add(c_prev, i * g);
        c.write(self.c.stretch_mut(row, unit, active));
    }

    /// Computes h of `active` units from o and c.
    #[inline(always)]
    fn output<V: Vector<Element = E>>(&mut self, row: usize, unit: usize, active: usize) {
        let unit = self.first + unit;
        let [.., o] = self.gates.gates_mut::<4>(row, unit, active);
        let (o, c) = (V::read(o), V::read(self.c.stretch_mut(row, unit, active)));
        (o * tanh(c).value()).write(self.h.stretch_mut(row, unit, active));
    }
}

impl<V: Vector> Epilogue<V, 4> for Lstm<'_, V::Element> {
    #[inline(always)]
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; 4] {
        let (units, unit) = (self.c.columns(), self.first + unit);
        // The gates of long sequences are in no near cache when the sums are ready.
        self.gates.gates_mut::<4>(row, unit, active).iter().for_each(|gate| prefetch(gate, 0));
        bias(self.bias, units, unit, active)
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, sums: [V; 4]) {
        self.cell(row, unit, active, Some(sums));
    }

    #[inline(always)]
    fn complete(&mut self, row: usize, unit: usize, active: usize) {
        self.output::<V>(row, unit, active);
    }
}

#[inline(always)]
pub(crate) fn lstm_step<V: Vector>(
    gates: MatrixMut<'_, V::Element>,
    recurrent: Option<Recurrent<'_, V::Element>>,
    c_prev: Matrix<'_, V::Element>,
    c: MatrixMut<'_, V::Element>,
    h: MatrixMut<'_, V::Element>,
    units: Range<usize>,
) {
    let (m, u) = (c.rows(), c.columns());
    assert_eq!((gates.rows(), gates.columns()), (m, 4 * u), "gates are m x 4u");
    assert_eq!((c_prev.rows(), c_prev.columns()), (m, u), "c_prev is m x u");
    assert_eq!((h.rows(), h.columns()), (m, u), "h is m x u");
    let mut lstm = Lstm { gates, bias: None, c_prev, c, h, first: units.start };
    match recurrent {
        Some(recurrent) => {
            check::<_, 4>(&recurrent, m, 4 * u);
            lstm.bias = recurrent.bias;
            step::<V, _, 4>(&recurrent, units, &mut lstm);
        }
        None => {
            for row in 0..m {
                for unit in (0..units.len()).step_by(V::LANES) {
                    let active = V::LANES.min(units.len() - unit);
                    lstm.cell::<V>(row, unit, active, None);
                    lstm.output::<V>(row, unit, active);
                }
            }
        }
    }
}

#[inline(always)]
pub(crate) fn lstm_backward<V: Vector>(
    mut gates: MatrixMut<'_, V::Element>,
    c_prev: Matrix<'_, V::Element>,
    c: Matrix<'_, V::Element>,
    dh: Matrix<'_, V::Element>,
    mut dc: MatrixMut<'_, V::Element>,
) {
    let (m, u) = (c.rows(), c.columns());
    assert_eq!((gates.rows(), gates.columns()), (m, 4 * u), "gates are m x 4u");
    assert_eq!((c_prev.rows(), c_prev.columns()), (m, u), "c_prev is m x u");
    assert_eq!((dh.rows(), dh.columns()), (m, u), "dh is m x u");
    assert_eq!((dc.rows(), dc.columns()), (m, u), "dc is m x u");
    let one = V::one();
    for row in 0..m {
        let (gates, dc) = (gates.row_mut(row), dc.row_mut(row));
        let (c_prev, c, dh) = (c_prev.row(row), c.row(row), dh.row(row));
        for_each_vector!(V, u, |at, active| {
            let i: V = read(gates, at, active);
            let f: V = read(gates, u + at, active);
            let g: V = read(gates, 2 * u + at, active);
            let o: V = read(gates, 3 * u + at, active);
            let dh: V = read(dh, at, active);
            let t = tanh(read::<V>(c, at, active)).value();
            let through_h = dh * o * (one - t * t);
            let total = read::<V>(dc, at, active) + through_h;
            write(total * g * (i * (one - i)), gates, at, active);
            write(total * read::<V>(c_prev, at, active) * (f * (one - f)), gates, u + at, active);
            write(total * i * (one - g * g), gates, 2 * u + at, active);
            write(dh * t * (o * (one - o)), gates, 3 * u + at, active);
            write(total * f, dc, at, active);
        });
    }
}
