//! One step of a GRU, reset after the product, and its gradient.

use std::ops::Range;

use super::access::{bias, prefetch, read, write};
use super::exponential::{sigmoid, tanh};
use super::recurrent::{check, step};
use super::tile::Epilogue;
use crate::argument::GruRecurrent;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

struct Gru<'a, E> {
    gates: MatrixMut<'a, E>,
    bias: Option<&'a [E]>,
    hn: MatrixMut<'a, E>,
    h_prev: Matrix<'a, E>,
    h: MatrixMut<'a, E>,
    /// Unit 0 of the epilogue.
    first: usize,
}

impl<V: Vector> Epilogue<V, 3> for Gru<'_, V::Element> {
    #[inline(always)]
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; 3] {
        let (units, unit) = (self.h.columns(), self.first + unit);
        // The gates of long sequences are in no near cache when the sums are ready.
        self.gates.gates_mut::<3>(row, unit, active).iter().for_each(|gate| prefetch(gate, 0));
        bias(self.bias, units, unit, active)
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, unit: usize, active: usize, [rec_r, rec_z, rec_n]: [V; 3]) {
        let unit = self.first + unit;
        let [gr, gz, gn] = self.gates.gates_mut(row, unit, active);
        let (z, r) = sigmoid(V::read(gz) + rec_z).exact_pair(sigmoid(V::read(gr) + rec_r));
        let n = r.mul_add(rec_n, V::read(gn));
        r.write(gr);
        z.write(gz);
        n.write(gn);
        rec_n.write(self.hn.stretch_mut(row, unit, active));
    }

    #[inline(always)]
    fn complete(&mut self, row: usize, unit: usize, active: usize) {
        let unit = self.first + unit;
        let [_, gz, gn] = self.gates.gates_mut(row, unit, active);
        let (z, n) = (V::read(gz), tanh(V::read(gn)).value());
        n.write(gn);
        let h_prev = V::read(self.h_prev.stretch(row, unit, active));
        z.mul_add(h_prev, (V::one() - z) * n).write(self.h.stretch_mut(row, unit, active));
    }
}

#[inline(always)]
pub(crate) fn gru_step<V: Vector>(
    gates: MatrixMut<'_, V::Element>,
    hn: MatrixMut<'_, V::Element>,
    h_prev: Matrix<'_, V::Element>,
    recurrent: GruRecurrent<'_, V::Element>,
    h: MatrixMut<'_, V::Element>,
    units: Range<usize>,
) {
    let (m, u) = (h.rows(), h.columns());
    assert_eq!((gates.rows(), gates.columns()), (m, 3 * u), "gates are m x 3u");
    assert_eq!((hn.rows(), hn.columns()), (m, u), "hn is m x u");
    assert_eq!((h_prev.rows(), h_prev.columns()), (m, u), "h_prev is m x u");
    let mut gru = Gru { gates, bias: None, hn, h_prev, h, first: units.start };
    match recurrent {
        GruRecurrent::Product(recurrent) => {
            check::<_, 3>(&recurrent, m, 3 * u);
            gru.bias = recurrent.bias;
            step::<V, _, 3>(&recurrent, units, &mut gru);
        }
        GruRecurrent::Ready(ready) => {
            assert_eq!((ready.rows(), ready.columns()), (m, 3 * u), "a ready recurrent part is m x 3u");
            for row in 0..m {
                let ready = ready.row(row);
                for unit in (0..units.len()).step_by(V::LANES) {
                    let active = V::LANES.min(units.len() - unit);
                    let rec = |gate: usize| read::<V>(ready, gate * u + units.start + unit, active);
                    gru.finish(row, unit, active, [rec(0), rec(1), rec(2)]);
                    Epilogue::<V, 3>::complete(&mut gru, row, unit, active);
                }
            }
        }
    }
}

#[inline(always)]
pub(crate) fn gru_backward<V: Vector>(
    mut gates: MatrixMut<'_, V::Element>,
    mut hn: MatrixMut<'_, V::Element>,
    h_prev: Matrix<'_, V::Element>,
    dh: Matrix<'_, V::Element>,
    mut dh_prev: MatrixMut<'_, V::Element>,
) {
    let (m, u) = (dh.rows(), dh.columns());
    assert_eq!((gates.rows(), gates.columns()), (m, 3 * u), "gates are m x 3u");
    assert_eq!((hn.rows(), hn.columns()), (m, u), "hn is m x u");
    assert_eq!((h_prev.rows(), h_prev.columns()), (m, u), "h_prev is m x u");
    assert_eq!((dh_prev.rows(), dh_prev.columns()), (m, u), "dh_prev is m x u");
    let one = V::one();
    for row in 0..m {
        let (gates, hn, dh_prev) = (gates.row_mut(row), hn.row_mut(row), dh_prev.row_mut(row));
        let (h_prev, dh) = (h_prev.row(row), dh.row(row));
        for_each_vector!(V, u, |at, active| {
            let r: V = read(gates, at, active);
            let z: V = read(gates, u + at, active);
            let n: V = read(gates, 2 * u + at, active);
            let dh: V = read(dh, at, active);
            let dn = dh * (one - z) * (one - n * n);
            let dz = dh * (read::<V>(h_prev, at, active) - n) * (z * (one - z));
            let dr = dn * read::<V>(hn, at, active) * (r * (one - r));
            write(dr, gates, at, active);
            write(dz, gates, u + at, active);
            write(dn, gates, 2 * u + at, active);
            write(dn * r, hn, at, active);
            write(z.mul_add(dh, read(dh_prev, at, active)), dh_prev, at, active);
        });
    }
}
