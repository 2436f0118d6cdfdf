//! Sizes beyond every cache block and strip at once, from every start: a later block must begin as the first does.

use std::ops::Range;

use ndarray::{Array2, s};

use super::bf16::{check_outer as check_outer_in_bf16, check_product as check_product_in_bf16};
use super::gru::{check_gru_step, gru};
use super::product::{check_outer, check_product};
use super::recurrent::{Weights, check_activation_step, check_lstm_step, lstm};
use super::support::{Padded, array, bits, for_both, on_every_isa};
use crate::{Activation, Element, GruRecurrent, Packed, Recurrent, Start, Team};

/// Rows of one tile, few rows (whose blocks take all of k) and one more, a whole cache block and one more, unequal blocks.
const HEIGHTS: [usize; 7] = [1, 8, 9, 13, 132, 133, 150];

/// More columns and more steps of k than a cache block has.
const WIDE: usize = 131;
const DEEP: usize = 133;

fn products_wider_and_deeper_than_a_block<E: Element>() {
    for m in HEIGHTS {
        for start in 0..3 {
            check_product::<E>(m, WIDE, DEEP, start);
        }
    }
}

fn products_of_three_blocks_each_way<E: Element>() {
    for m in [1, 8, 13] {
        for start in 0..3 {
            check_product::<E>(m, 259, 261, start);
        }
    }
    for start in 0..3 {
        check_product::<E>(150, 20, 300, start);
        check_product::<E>(280, 17, 133, start);
    }
}

/// In pairs, a cache block has twice as many steps of k.
fn products_in_bf16<E: Element>() {
    for m in [1, 9, 133] {
        for start in 0..3 {
            check_product_in_bf16::<E>(m, WIDE, 2 * DEEP, start);
        }
    }
    check_product_in_bf16::<E>(13, 259, 521, 2);
}

/// Some rows of a product have the bits of these rows in the whole product, from every start.
fn rows_alone_have_the_bits_of_the_batch<E: Element>() {
    let (m, n, k) = (29, 150, 141);
    let (a, w, c) = (array(5, m, k), array(6, n, k), array(7, m, n));
    let bias: Vec<E> = c.row(3).iter().map(|&x| E::from_f64(x)).collect();
    let mut packed = Packed::transposed(n, k, 1);
    packed.pack(Padded::<E>::new(w.view()).view());
    for start in [Start::Zero, Start::Accumulate, Start::Bias(&bias)] {
        let product = |rows: Range<usize>| {
            let a = Padded::<E>::new(a.slice(s![rows.clone(), ..]));
            on_every_isa(|kernels| {
                let mut c = Padded::<E>::new(c.slice(s![rows.clone(), ..]));
                kernels.product(&Team::new(1), c.view_mut(), start, a.view(), &packed);
                c.elements()
            })
        };
        let batch = product(0..m);
        for rows in (0..m).map(|i| i..i + 1).chain([3..11, 3..12, 0..28]) {
            let expected = &batch[rows.start * n..rows.end * n];
            assert_eq!(bits(&product(rows.clone())), bits(expected), "rows {rows:?}");
        }
    }
}

fn steps_wider_and_deeper_than_a_cache<E: Element>() {
    for (i, m) in HEIGHTS.into_iter().enumerate() {
        let activation = [Activation::Tanh, Activation::Sigmoid, Activation::Relu][i % 3];
        for bias in [false, true] {
            check_activation_step::<E>(m, WIDE, DEEP, activation, bias);
        }
    }
    for m in [1, 8, 9, 133] {
        check_lstm_step::<E>(m, WIDE, DEEP, m != 8);
        check_gru_step::<E>(m, WIDE, DEEP, m != 8);
    }
}

/// The new hidden state of one row or all rows after a fused step: the plain cell with 1 gate, the GRU with 3, the LSTM with 4.
fn hidden<E: Element>(gates: usize, row: Option<usize>, reversed: bool) -> Vec<E> {
    let (m, u) = (13, WIDE);
    let pick = |x: Array2<f64>| row.map_or_else(|| x.clone(), |i| x.slice(s![i..i + 1, ..]).to_owned());
    let (pre, previous) = (pick(array(1, m, gates * u)), pick(array(2, m, u)));
    let all = Weights::new(m, u, DEEP, gates, true);
    let weights = match row {
        Some(i) => all.row(i),
        None => all,
    };
    let results: Vec<E> = weights.with(|recurrent| {
        let recurrent = Recurrent { reversed, ..recurrent };
        match gates {
            1 => on_every_isa(|kernels| {
                let mut y = Padded::<E>::new(pre.view());
                kernels.activation_step(&Team::new(1), Activation::Tanh, y.view_mut(), Some(recurrent));
                y.elements()
            }),
            3 => gru(&pre, GruRecurrent::Product(recurrent), &previous),
            _ => lstm(&pre, Some(recurrent), &previous),
        }
    });
    results[results.len() - pre.nrows() * u..].to_vec()
}

/// A single row has the bits of this row in the batch, in either order of the units, with more weights than are near.
fn steps_alone_and_in_either_order_have_the_same_bits<E: Element>() {
    for gates in [1, 3, 4] {
        let batch = bits(&hidden::<E>(gates, None, false));
        assert_eq!(bits(&hidden::<E>(gates, None, true)), batch, "{gates} gates, reversed");
        for i in [0, 7, 12] {
            for reversed in [false, true] {
                let alone = bits(&hidden::<E>(gates, Some(i), reversed));
                assert_eq!(alone, batch[i * WIDE..][..WIDE], "{gates} gates, row {i}, {reversed}");
            }
        }
    }
}

/// Columns of B on both sides of a strip, and of the width that has A gathered as well; rows up to the most of a sum.
fn outer_products_of_several_strips<E: Element>() {
    let rows: Vec<u32> = (0..256).map(|r| r * 7 % 300).collect();
    for (p, q, count) in [
        (1, 300, 133),
        (8, 257, 9),
        (9, 255, 133),
        (13, 256, 150),
        (132, 131, 13),
        (133, 257, 8),
        (150, 131, 133),
        (150, 530, 1),
        (5, 530, 256),
    ] {
        check_outer::<E>(p, q, &rows[..count], 300);
    }
}

/// More columns of either operand than are gathered together in bf16.
fn outer_products_in_bf16<E: Element>() {
    let rows: Vec<u32> = (0..256).map(|r| r * 7 % 300).collect();
    for (p, q, count) in [(1, 530, 133), (530, 9, 13), (133, 257, 150), (9, 1041, 8), (150, 131, 256)] {
        check_outer_in_bf16::<E>(p, q, &rows[..count], 300);
    }
}

for_both! {
    products_wider_and_deeper_than_a_block;
    products_of_three_blocks_each_way;
    products_in_bf16;
    rows_alone_have_the_bits_of_the_batch;
    steps_wider_and_deeper_than_a_cache;
    steps_alone_and_in_either_order_have_the_same_bits;
    outer_products_of_several_strips;
    outer_products_in_bf16;
}
