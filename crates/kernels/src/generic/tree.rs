//! One node of a Tree-LSTM with a place for each child, and its gradient.

use super::access::{read, write};
use super::elementwise::{apply, derivative};
use crate::argument::Activation::{self, Sigmoid, Tanh};
use crate::argument::Below;
use crate::number::Number;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut};

/// The gates i, o and u, which come before those of the children.
const OWN: usize = 3;

#[inline(always)]
fn check<E: Copy>(gates: &MatrixMut<'_, E>, below: Below<'_, E>, c: (usize, usize)) {
    let (m, u) = c;
    assert_eq!(gates.rows(), m, "a row of gates for each node");
    assert!(gates.columns() >= OWN * u && gates.columns().is_multiple_of(u.max(1)), "gates of whole places");
    assert_eq!(below.first.len(), m + 1, "an end more than nodes");
    assert_eq!((below.c.rows(), below.c.columns()), (below.family(m - 1).end, u), "c of each child");
    let most = (0..m).map(|row| below.family(row).len()).max();
    assert!(most.is_none_or(|most| (OWN + most) * u <= gates.columns()), "a place for each child");
}

/// A gate from its pre-activation, which it takes the place of.
#[inline(always)]
fn open<V: Vector>(
    function: Activation,
    gates: &mut [V::Element],
    summand: Option<&[V::Element]>,
    at: usize,
    active: usize,
) -> V {
    let summand = summand.map_or(V::zero(), |summand| read(summand, at, active));
    let gate = apply(function, read::<V>(gates, at, active) + summand);
    write(gate, gates, at, active);
    gate
}

#[inline(always)]
pub(crate) fn tree_step<V: Vector>(
    mut gates: MatrixMut<'_, V::Element>,
    product: Option<Matrix<'_, V::Element>>,
    below: Below<'_, V::Element>,
    mut c: MatrixMut<'_, V::Element>,
    mut h: MatrixMut<'_, V::Element>,
) {
    let (m, u) = (c.rows(), c.columns());
    assert_eq!((h.rows(), h.columns()), (m, u), "h is m x u");
    if m == 0 {
        return;
    }
    check(&gates, below, (m, u));
    let sizes = (m, gates.columns());
    assert!(
        product.is_none_or(|product| (product.rows(), product.columns()) == sizes),
        "a summand of each gate"
    );
    for row in 0..m {
        let summand = product.map(|product| product.row(row));
        let (gates, c, h) = (gates.row_mut(row), c.row_mut(row), h.row_mut(row));
        let lone = (OWN + below.family(row).len()) * u < gates.len();
        for_each_vector!(V, u, |at, active| {
            let [i, o, fresh] = [(0, Sigmoid), (1, Sigmoid), (2, Tanh)]
                .map(|(gate, function)| open::<V>(function, gates, summand, gate * u + at, active));
            let mut sum = i * fresh;
            for (place, edge) in below.family(row).enumerate() {
                let f = open::<V>(Sigmoid, gates, summand, (OWN + place) * u + at, active);
                sum = sum + f * read(below.c.row(edge), at, active);
            }
            if lone {
                // A place without a child adds 0.
                sum = sum + V::zero();
            }
            write(sum, c, at, active);
            write(o * apply(Tanh, sum), h, at, active);
        });
    }
}

#[inline(always)]
pub(crate) fn tree_backward<V: Vector>(
    mut gates: MatrixMut<'_, V::Element>,
    below: Below<'_, V::Element>,
    c: Matrix<'_, V::Element>,
    dc: Matrix<'_, V::Element>,
    dh: Matrix<'_, V::Element>,
    mut d_below: MatrixMut<'_, V::Element>,
) {
    let (m, u) = (c.rows(), c.columns());
    assert_eq!((dc.rows(), dc.columns()), (m, u), "dc is m x u");
    assert_eq!((dh.rows(), dh.columns()), (m, u), "dh is m x u");
    assert_eq!((d_below.rows(), d_below.columns()), (below.c.rows(), u), "dc of each child");
    if m == 0 {
        return;
    }
    check(&gates, below, (m, u));
    for row in 0..m {
        let gates = gates.row_mut(row);
        let (c, dc, dh) = (c.row(row), dc.row(row), dh.row(row));
        let children = below.family(row);
        for_each_vector!(V, u, |at, active| {
            let i: V = read(gates, at, active);
            let o: V = read(gates, u + at, active);
            let fresh: V = read(gates, 2 * u + at, active);
            let dh: V = read(dh, at, active);
            let shown = apply::<V>(Tanh, read(c, at, active));
            let total = read::<V>(dc, at, active) + derivative(Tanh, shown, dh * o);
            write(derivative(Sigmoid, i, total * fresh) + V::zero(), gates, at, active);
            write(derivative(Sigmoid, o, dh * shown) + V::zero(), gates, u + at, active);
            write(derivative(Tanh, fresh, total * i) + V::zero(), gates, 2 * u + at, active);
            for (place, edge) in children.clone().enumerate() {
                let f: V = read(gates, (OWN + place) * u + at, active);
                let slope = derivative(Sigmoid, f, total * read(below.c.row(edge), at, active));
                write(slope + V::zero(), gates, (OWN + place) * u + at, active);
                let d_below = d_below.row_mut(edge);
                write(read::<V>(d_below, at, active) + total * f, d_below, at, active);
            }
        });
        gates[(OWN + children.len()) * u..].fill(V::Element::ZERO);
    }
}
