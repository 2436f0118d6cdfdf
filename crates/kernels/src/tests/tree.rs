//! Nodes of a Tree-LSTM against the reference, and their gradient against central differences.

use ndarray::{Array2, s};

use super::support::{Padded, array, assert_close, bits, for_both, on_every_isa};
use crate::{Below, Element, reference};

const PLACES: usize = 3;

/// Families of 3, 0, 1 and 2 children; the edges of the first begin at some place.
fn first(nodes: usize) -> Vec<u32> {
    let mut end = 7;
    let counts = (0..nodes).map(|node| [3, 0, 1, 2][node % 4]);
    std::iter::once(7)
        .chain(counts.map(|count| {
            end += count;
            end
        }))
        .collect()
}

fn edges(first: &[u32]) -> usize {
    (first[first.len() - 1] - first[0]) as usize
}

/// c and h.
fn step<E: Element>(
    pre: &Array2<f64>,
    product: Option<&Array2<f64>>,
    below: &Array2<f64>,
    first: &[u32],
) -> Vec<E> {
    let (m, u) = (pre.nrows(), below.ncols());
    let below = Padded::<E>::new(below.view());
    let product = product.map(|product| Padded::<E>::new(product.view()));
    on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(pre.view());
        let (mut c, mut h) = (Padded::zeros(m, u), Padded::zeros(m, u));
        let product = product.as_ref().map(Padded::view);
        kernels.tree_step(
            gates.view_mut(),
            product,
            Below { c: below.view(), first },
            c.view_mut(),
            h.view_mut(),
        );
        [c.elements(), h.elements()].concat()
    })
}

fn check<E: Element>(m: usize, u: usize) {
    let first = first(m);
    let (pre, below) = (array(1, m, (3 + PLACES) * u) * 3.0, array(2, edges(&first), u));
    let (c, h) = reference::tree_step(pre.view(), below.view(), &first);
    assert_close(&step::<E>(&pre, None, &below, &first), c.iter().chain(&h), 12.0);
    let product = array(6, m, (3 + PLACES) * u);
    let (c, h) = reference::tree_step((&pre + &product).view(), below.view(), &first);
    assert_close(&step::<E>(&pre, Some(&product), &below, &first), c.iter().chain(&h), 12.0);

    let (dc, dh, upon) = (array(3, m, u), array(4, m, u), array(5, edges(&first), u));
    let result = on_every_isa(|kernels| {
        let mut gates = Padded::<E>::new(pre.view());
        let mut d_below = Padded::<E>::new(upon.view());
        let (mut c, mut h) = (Padded::zeros(m, u), Padded::zeros(m, u));
        let [dc, dh, below] = [&dc, &dh, &below].map(|x| Padded::new(x.view()));
        kernels.tree_step(
            gates.view_mut(),
            None,
            Below { c: below.view(), first: &first },
            c.view_mut(),
            h.view_mut(),
        );
        let (dc, dh) = (dc.view(), dh.view());
        kernels.tree_backward(
            gates.view_mut(),
            Below { c: below.view(), first: &first },
            c.view(),
            dc,
            dh,
            d_below.view_mut(),
        );
        [gates.elements(), d_below.elements()].concat()
    });
    let loss = |(c, h): (Array2<f64>, Array2<f64>)| (c * &dc + h * &dh).sum();
    let d_pre = reference::gradient(pre.view(), |pre| loss(reference::tree_step(pre, below.view(), &first)));
    let d_below =
        reference::gradient(below.view(), |below| loss(reference::tree_step(pre.view(), below, &first)));
    let tolerance = (1e-8 / E::EPSILON.to_f64()).max(12.0);
    assert_close(&result, d_pre.iter().chain(&(d_below + &upon)), tolerance);
}

fn nodes_of_any_family<E: Element>() {
    for u in 1..=35 {
        check::<E>(u % 6 + 1, u);
    }
}

fn nodes_of_nothing<E: Element>() {
    for (m, u) in [(0, 5), (3, 0), (2, 1)] {
        check::<E>(m, u);
    }
}

fn a_node_alone_has_the_bits_of_its_level<E: Element>() {
    let (m, u) = (9, 37);
    let first = first(m);
    let (pre, below) = (array(1, m, (3 + PLACES) * u), array(2, edges(&first), u));
    let level = step::<E>(&pre, None, &below, &first);
    for row in 0..m {
        let ends = &first[row..row + 2];
        let own = below.slice(s![(ends[0] - first[0]) as usize..(ends[1] - first[0]) as usize, ..]);
        let alone = step::<E>(&pre.slice(s![row..=row, ..]).to_owned(), None, &own.to_owned(), ends);
        assert_eq!(bits(&alone[u..]), bits(&level[(m + row) * u..][..u]), "h of node {row}");
    }
}

for_both! {
    nodes_of_any_family;
    nodes_of_nothing;
    a_node_alone_has_the_bits_of_its_level;
}
