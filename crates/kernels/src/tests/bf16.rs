//! Products of operands rounded to bf16: the rounding by hand, the products against `f64` sums of rounded operands.

use ndarray::Array2;
use proptest::prelude::*;

use super::support::{Padded, array, assert_close, bits, cast, for_both};
use crate::bf16::{pair, rounded};
use crate::operands::{Format, Operands};
use crate::{
    Activation, Element, GruRecurrent, Kernels, Packed, Precision, Recurrent, Rows, Start, Team, reference,
};

/// All formats of bf16 operands on this CPU: first rounded elements on each instruction set, then the format that each set
/// prefers.
fn ways<E: Element>() -> Vec<(Kernels<E>, Operands<E>)> {
    let all: Vec<Kernels<E>> = Kernels::<E>::available().into_iter().filter_map(Kernels::with).collect();
    // SAFETY: rounded elements need nothing of the CPU.
    let rounded = all.iter().map(|&kernels| (kernels, unsafe { Operands::new(Format::Rounded) }));
    let own = all.iter().map(|&kernels| (kernels, kernels.operands(Precision::Bf16)));
    rounded.chain(own.filter(|(_, operands)| operands.format != Format::Rounded)).collect()
}

/// Runs `f` every way; rounded elements must give equal bits on all instruction sets. Returns one result for each
/// kind of operands.
fn every_way<E: Element>(f: impl Fn(Kernels<E>, Operands<E>) -> Vec<E>) -> Vec<Vec<E>> {
    let mut results: Vec<(Format, Vec<E>)> = Vec::new();
    for (kernels, operands) in ways() {
        let result = f(kernels, operands);
        match results.iter().find(|(format, _)| *format == operands.format) {
            Some((_, known)) => {
                assert_eq!(bits(known), bits(&result), "{:?} on {}", operands.format, kernels.isa())
            }
            None => results.push((operands.format, result)),
        }
    }
    results.into_iter().map(|(_, result)| result).collect()
}

/// The number of 8 significant bits nearest to `x`, by arithmetic.
pub(super) fn nearest(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let unit = (x.abs().log2().floor() - 7.0).exp2();
    (x / unit).round_ties_even() * unit
}

#[test]
fn rounding_by_hand() {
    let one = 0x3f80_0000;
    for (from, to) in [
        // A tie goes to even: down from 1 + 2⁻⁸, up from 1 + 3·2⁻⁸. A little beyond a tie goes to nearest.
        (one + 0x8000, one),
        (one + 0x1_8000, one + 0x2_0000),
        (one + 0x8001, one + 0x1_0000),
        (one + 0x7fff, one),
        // Into the next power of two, and with a sign.
        (0x3fff_ffff, 0x4000_0000),
        (0xbfff_8000, 0xc000_0000),
        // Zeros keep their sign; subnormals round like others.
        (0, 0),
        (0x8000_0000, 0x8000_0000),
        (0x0000_8000, 0),
        (0x0000_8001, 0x0001_0000),
        (0x007f_ffff, 0x0080_0000),
        // The largest bf16 stays; half a unit beyond it is an infinity; infinities stay.
        (0x7f7f_0000, 0x7f7f_0000),
        (0x7f7f_7fff, 0x7f7f_0000),
        (0x7f7f_8000, 0x7f80_0000),
        (0xff7f_ffff, 0xff80_0000),
        (0x7f80_0000, 0x7f80_0000),
        (0xff80_0000, 0xff80_0000),
    ] {
        assert_eq!(rounded(f32::from_bits(from)).to_bits(), to, "{from:#x}");
        assert_eq!(pair(f32::from_bits(from), 1.0), one | to >> 16, "{from:#x}, first");
        assert_eq!(pair(1.0, f32::from_bits(from)), to | one >> 16, "{from:#x}, second");
    }
    for nan in [0x7f80_0001, 0x7fff_ffff, 0xffc0_0000, 0x7f80_ffff] {
        assert!(rounded(f32::from_bits(nan)).is_nan(), "{nan:#x}");
    }
    assert!(rounded(f64::NAN).is_nan());
    assert_eq!(rounded(1e300), f64::INFINITY);
}

/// Checks C = start + A·Wᵀ for one shape, packed either way.
pub(super) fn check_product<E: Element>(m: usize, n: usize, k: usize, start: usize) {
    let (a, w, c, bias) = (array(1, m, k), array(2, n, k), array(3, m, n), array(4, 1, n));
    let (a_view, bias_cast) = (Padded::<E>::new(a.view()), cast::<E>(bias.as_slice().unwrap()));
    let start_of = || match start {
        0 => Start::Zero,
        1 => Start::Accumulate,
        _ => Start::Bias(&bias_cast),
    };
    let run = |packed: Packed<E>, source: &Padded<E>| {
        every_way(|kernels, operands| {
            let mut packed = packed.clone().with_operands(operands);
            packed.pack(source.view());
            let mut c = Padded::<E>::new(c.view());
            kernels.product(&Team::new(1), c.view_mut(), start_of(), a_view.view(), &packed);
            c.elements()
        })
    };
    let results = run(Packed::transposed(n, k, 1), &Padded::new(w.view()));
    for (result, plain) in results.iter().zip(run(Packed::plain(k, n), &Padded::new(w.t()))) {
        assert!(bits(result) == bits(&plain), "plain differs from transposed");
    }
    let from = [Array2::zeros((1, n)), c.clone(), bias];
    let (a, w) = (a.mapv(nearest), w.mapv(nearest));
    let expected = reference::product(from[start].broadcast((m, n)).unwrap(), a.view(), w.t());
    for result in results {
        assert_close(&result, expected.iter(), 4.0 + k as f64);
    }
}

fn product_for_every_size<E: Element>() {
    for n in 1..=67 {
        check_product::<E>(n * 7 % 13 + 1, n, n * 5 % 37, n % 3);
        check_product::<E>(1, n, n * 3 % 29 + 1, (n + 1) % 3);
        check_product::<E>(n, 65 + n % 3, 9, n % 3);
        check_product::<E>(3, n % 19 + 1, n, n % 3);
    }
}

fn product_of_many_rows<E: Element>() {
    for m in [131, 132, 133, 265, 400] {
        check_product::<E>(m, 17, 35, 1);
    }
}

/// A depth of several cache blocks, in pairs as well.
fn product_of_several_blocks_of_k<E: Element>() {
    for (m, k) in [(9, 257), (20, 601)] {
        check_product::<E>(m, 37, k, 2);
    }
}

fn product_of_nothing<E: Element>() {
    for (m, n, k) in [(0, 5, 3), (5, 0, 3), (5, 3, 0), (1, 1, 0), (0, 0, 0), (20, 40, 0)] {
        for start in 0..3 {
            check_product::<E>(m, n, k, start);
        }
    }
}

/// Checks C += Σ aᵀb for one shape.
pub(super) fn check_outer<E: Element>(p: usize, q: usize, rows: &[u32], height: usize) {
    let (a, b, c) = (array(1, height, p), array(2, height, q), array(3, p, q));
    let (a_view, b_view) = (Padded::<E>::new(a.view()), Padded::<E>::new(b.view()));
    let results = every_way(|kernels, operands| {
        let mut c = Padded::<E>::new(c.view());
        kernels.outer(operands, c.view_mut(), Rows::new(a_view.view(), rows), Rows::new(b_view.view(), rows));
        c.elements()
    });
    let indices: Vec<usize> = rows.iter().map(|&r| r as usize).collect();
    let (a, b) = (a.mapv(nearest), b.mapv(nearest));
    let expected = reference::outer(c.view(), a.view(), b.view(), &indices);
    for result in results {
        assert_close(&result, expected.iter(), 4.0 + rows.len() as f64);
    }
}

fn outer_for_every_size<E: Element>() {
    for n in 1..=67 {
        check_outer::<E>(n, n * 5 % 23 + 1, &[3, 0, 4, 4, 1], 5);
        check_outer::<E>(n * 7 % 11 + 1, n, &[2, 1], 3);
        let rows: Vec<u32> = (0..n as u32).map(|r| r * 7 % 70).collect();
        check_outer::<E>(19, 33, &rows, 70);
    }
}

fn outer_of_many_rows<E: Element>() {
    let rows: Vec<u32> = (0..256).map(|r| r * 7 % 300).collect();
    check_outer::<E>(70, 83, &rows, 300);
}

fn outer_of_nothing<E: Element>() {
    check_outer::<E>(5, 20, &[], 3);
    check_outer::<E>(0, 20, &[1], 3);
    check_outer::<E>(5, 0, &[1], 3);
}

/// The neighbors of a sum do not change the sum: one row, some rows, all; some columns, all.
fn a_sum_has_the_same_bits_beside_any_others<E: Element>() {
    let (m, n, k) = (29, 150, 341);
    let (a, w) = (array(5, m, k), array(6, n, k));
    let (a, w) = (Padded::<E>::new(a.view()), Padded::<E>::new(w.view()));
    let product = |rows: std::ops::Range<usize>, outputs: std::ops::Range<usize>| {
        every_way(|kernels, operands| {
            let mut packed = Packed::transposed(outputs.len(), k, 1).with_operands(operands);
            packed.pack(w.view().row_range(outputs.clone()));
            let mut c = Padded::<E>::zeros(rows.len(), outputs.len());
            kernels.product(
                &Team::new(1),
                c.view_mut(),
                Start::Zero,
                a.view().row_range(rows.clone()),
                &packed,
            );
            c.elements()
        })
    };
    let whole = product(0..m, 0..n);
    for i in 0..m {
        for (alone, whole) in product(i..i + 1, 0..n).iter().zip(&whole) {
            assert_eq!(bits(alone), bits(&whole[i * n..][..n]), "row {i}");
        }
    }
    for from in [0, 16, 48] {
        for (some, whole) in product(7..m, from..n).iter().zip(&whole) {
            let expected: Vec<E> = whole[7 * n..].chunks(n).flat_map(|row| row[from..].to_vec()).collect();
            assert_eq!(bits(some), bits(&expected), "outputs from {from}");
        }
    }
}

fn recurrent_steps_are_products_with_gates<E: Element>() {
    for (m, u) in [(1, 5), (1, 40), (6, 16), (7, 37), (21, 19)] {
        let (state, other) = (array(1, m, u), array(2, m, u));
        let (s, o) = (Padded::<E>::new(state.view()), Padded::<E>::new(other.view()));
        let with_gates = |gates: usize| {
            let weight = array(3, gates * u, u) / (u as f64).sqrt();
            // An f32 in either type, so that both types round to the same bf16.
            let weight = weight.mapv(|x| f64::from(x as f32));
            let (bias, pre) = (array(4, 1, gates * u), array(5, m, gates * u));
            let start = bias.broadcast((m, gates * u)).unwrap();
            let product = reference::product(start, state.mapv(nearest).view(), weight.mapv(nearest).t());
            (weight, cast::<E>(bias.as_slice().unwrap()), pre, product)
        };
        let tolerance = 16.0 + u as f64;

        let (weight, bias, pre, product) = with_gates(1);
        for result in every_way(|kernels, operands| {
            let mut packed = Packed::transposed(u, u, 1).with_operands(operands);
            packed.pack(Padded::new(weight.view()).view());
            let mut y = Padded::<E>::new(pre.view());
            let recurrent =
                Recurrent { state: s.view(), weight: &packed, bias: Some(&bias), reversed: false };
            kernels.activation_step(&Team::new(1), Activation::Tanh, y.view_mut(), Some(recurrent));
            y.elements()
        }) {
            assert_close(&result, (&pre + &product).mapv(f64::tanh).iter(), tolerance);
        }

        let (weight, bias, pre, product) = with_gates(4);
        let (_, c, h) = reference::lstm_step((&pre + &product).view(), other.view());
        for result in every_way(|kernels, operands| {
            let mut packed = Packed::transposed(4 * u, u, 4).with_operands(operands);
            packed.pack(Padded::new(weight.view()).view());
            let (mut gates, mut c) = (Padded::<E>::new(pre.view()), Padded::<E>::zeros(m, u));
            let mut h = Padded::<E>::zeros(m, u);
            let recurrent =
                Recurrent { state: s.view(), weight: &packed, bias: Some(&bias), reversed: false };
            kernels.lstm_step(
                &Team::new(1),
                gates.view_mut(),
                Some(recurrent),
                o.view(),
                c.view_mut(),
                h.view_mut(),
            );
            [c.elements(), h.elements()].concat()
        }) {
            assert_close(&result, c.iter().chain(&h), tolerance);
        }

        let (weight, bias, pre, product) = with_gates(3);
        let (_, h) = reference::gru_step(pre.view(), product.view(), state.view());
        for result in every_way(|kernels, operands| {
            let mut packed = Packed::transposed(3 * u, u, 3).with_operands(operands);
            packed.pack(Padded::new(weight.view()).view());
            let (mut gates, mut hn) = (Padded::<E>::new(pre.view()), Padded::<E>::zeros(m, u));
            let mut h = Padded::<E>::zeros(m, u);
            let recurrent =
                Recurrent { state: s.view(), weight: &packed, bias: Some(&bias), reversed: false };
            let recurrent = GruRecurrent::Product(recurrent);
            kernels.gru_step(
                &Team::new(1),
                gates.view_mut(),
                hn.view_mut(),
                s.view(),
                recurrent,
                h.view_mut(),
            );
            h.elements()
        }) {
            assert_close(&result, h.iter(), tolerance);
        }
    }
}

/// An infinity or NaN in an operand reaches the sums of its own row, and no others.
fn what_is_not_finite_stays<E: Element>() {
    let (m, n, k) = (3, 20, 33);
    for bad in [f64::NAN, f64::INFINITY] {
        let (mut a, w) = (array(1, m, k), array(2, n, k));
        a[(1, 32)] = bad;
        for result in every_way(|kernels, operands| {
            let mut packed = Packed::transposed(n, k, 1).with_operands(operands);
            packed.pack(Padded::new(w.view()).view());
            let mut c = Padded::<E>::zeros(m, n);
            kernels.product(&Team::new(1), c.view_mut(), Start::Zero, Padded::new(a.view()).view(), &packed);
            c.elements()
        }) {
            for (at, x) in result.iter().enumerate() {
                assert_eq!(x.is_finite(), at / n != 1, "element {at} is {x}");
            }
        }
    }
}

for_both! {
    product_for_every_size;
    product_of_many_rows;
    product_of_several_blocks_of_k;
    product_of_nothing;
    outer_for_every_size;
    outer_of_many_rows;
    outer_of_nothing;
    a_sum_has_the_same_bits_beside_any_others;
    recurrent_steps_are_products_with_gates;
    what_is_not_finite_stays;
}

#[test]
fn a_pack_of_pairs_takes_half_the_room() {
    for (kernels, operands) in ways::<f32>() {
        let full = Packed::<f32>::transposed(64, 64, 4).bytes();
        let bytes = Packed::<f32>::transposed(64, 64, 4).with_operands(operands).bytes();
        let expected = if operands.format == Format::Rounded { full } else { full / 2 };
        assert_eq!(bytes, expected, "{}", kernels.isa());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rounding_is_to_the_nearest(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        prop_assume!(x.is_normal() && x.abs() < 1e38);
        prop_assert_eq!(f64::from(rounded(x)), nearest(f64::from(x)));
    }

    #[test]
    fn product_of_any_shape(m in 0_usize..20, n in 0_usize..140, k in 0_usize..150, start in 0_usize..3) {
        check_product::<f32>(m, n, k, start);
    }

    #[test]
    fn outer_of_any_shape(p in 0_usize..70, q in 0_usize..70, rows in prop::collection::vec(0_u32..30, 0..40)) {
        check_outer::<f32>(p, q, &rows, 30);
    }
}
