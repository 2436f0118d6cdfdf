//! Products against one chain of fused multiply-adds per element, bit for bit, and against the reference.

use ndarray::Array2;
use proptest::prelude::*;

use super::support::{Padded, array, assert_close, bits, cast, for_both, on_every_isa, values};
use crate::{Element, Matrix, MatrixMut, Operands, Packed, Rows, Start, Team, reference};

/// The contract: a sum from its start along k, rounded once a step.
fn chain<E: Element>(start: E, pairs: impl Iterator<Item = (f64, f64)>) -> E {
    pairs.fold(start, |sum, (a, b)| E::from_f64(a).mul_add(E::from_f64(b), sum))
}

/// Checks C = start + A·Wᵀ for one shape, and that A·W of the transposed W has the same bits.
pub(super) fn check_product<E: Element>(m: usize, n: usize, k: usize, start: usize) {
    let (a, w, c, bias) = (array(1, m, k), array(2, n, k), array(3, m, n), array(4, 1, n));
    let (a_view, bias_cast) = (Padded::<E>::new(a.view()), cast::<E>(bias.as_slice().unwrap()));
    let w_view = Padded::<E>::new(w.view());
    let w_transposed = Padded::<E>::new(w.t());
    let mut transposed = Packed::transposed(n, k, 1);
    transposed.pack(w_view.view());
    let mut plain = Packed::plain(k, n);
    plain.pack(w_transposed.view());
    let start_of = || match start {
        0 => Start::Zero,
        1 => Start::Accumulate,
        _ => Start::Bias(&bias_cast),
    };
    let run = |packed: &Packed<E>| {
        on_every_isa(|kernels| {
            let mut c = Padded::<E>::new(c.view());
            kernels.product(&Team::new(1), c.view_mut(), start_of(), a_view.view(), packed);
            c.elements()
        })
    };
    let result = run(&transposed);
    assert_eq!(bits(&result), bits(&run(&plain)), "plain differs from transposed");

    let from = match start {
        0 => Array2::zeros((1, n)),
        1 => c,
        _ => bias,
    };
    let broadcast = from.broadcast((m, n)).unwrap();
    let expected: Vec<E> = broadcast
        .indexed_iter()
        .map(|((i, j), &x)| chain(E::from_f64(x), a.row(i).iter().copied().zip(w.row(j).iter().copied())))
        .collect();
    assert_eq!(bits(&result), bits(&expected), "{m} x {n} x {k}, start {start}");
    let reference = reference::product(broadcast, a.view(), w.t());
    assert_close(&result, reference.iter(), 4.0 + k as f64);
}

fn product_for_every_width<E: Element>() {
    for n in 1..=67 {
        check_product::<E>(n * 7 % 13 + 1, n, n * 5 % 37, n % 3);
        check_product::<E>(1, n, n * 3 % 29 + 1, (n + 1) % 3);
    }
}

fn product_for_every_height<E: Element>() {
    for m in 1..=35 {
        check_product::<E>(m, 65 + m % 3, 9, m % 3);
    }
}

fn product_of_several_blocks_of_k<E: Element>() {
    for k in [127, 128, 129, 300] {
        for start in 0..3 {
            check_product::<E>(13, 70, k, start);
            check_product::<E>(2, 200, k, start);
        }
    }
}

fn product_of_nothing<E: Element>() {
    for (m, n, k) in [(0, 5, 3), (5, 0, 3), (5, 3, 0), (1, 1, 0), (0, 0, 0), (20, 40, 0)] {
        for start in 0..3 {
            check_product::<E>(m, n, k, start);
        }
    }
}

fn a_pack_can_be_repeated<E: Element>() {
    let (n, k) = (19, 7);
    let mut packed = Packed::transposed(n, k, 1);
    for seed in [1, 2] {
        let (a, w) = (cast::<E>(&values(seed, k)), cast::<E>(&values(seed + 10, n * k)));
        packed.pack(Matrix::new(&w, n, k));
        let result = on_every_isa(|kernels| {
            let mut c = vec![E::ONE; n];
            kernels.product(
                &Team::new(1),
                MatrixMut::new(&mut c, 1, n),
                Start::Zero,
                Matrix::new(&a, 1, k),
                &packed,
            );
            c
        });
        let expected: Vec<E> = w
            .chunks(k)
            .map(|w| chain(E::ZERO, a.iter().zip(w).map(|(a, w)| (a.to_f64(), w.to_f64()))))
            .collect();
        assert_eq!(bits(&result), bits(&expected));
    }
    assert_eq!((packed.n(), packed.k(), packed.gates(), packed.units()), (n, k, 1, n));
    assert_eq!(packed.bytes(), 32 * k * size_of::<E>());
}

/// Checks C += Σ aᵀb and the two sums over the same rows, for one shape.
pub(super) fn check_outer<E: Element>(p: usize, q: usize, rows: &[u32], height: usize) {
    let (a, b, c) = (array(1, height, p), array(2, height, q), array(3, p, q));
    let (a_view, b_view) = (Padded::<E>::new(a.view()), Padded::<E>::new(b.view()));
    let result = on_every_isa(|kernels| {
        let mut c = Padded::<E>::new(c.view());
        kernels.outer(
            Operands::default(),
            c.view_mut(),
            Rows::new(a_view.view(), rows),
            Rows::new(b_view.view(), rows),
        );
        c.elements()
    });
    let indices: Vec<usize> = rows.iter().map(|&r| r as usize).collect();
    let expected: Vec<E> = c
        .indexed_iter()
        .map(|((i, j), &x)| E::from_f64(x) + chain(E::ZERO, indices.iter().map(|&r| (a[(r, i)], b[(r, j)]))))
        .collect();
    assert_eq!(bits(&result), bits(&expected), "{p} x {q}, {} rows", rows.len());
    let reference = reference::outer(c.view(), a.view(), b.view(), &indices);
    assert_close(&result, reference.iter(), 4.0 + rows.len() as f64);

    let start = cast::<E>(&values(4, p));
    let sums = on_every_isa(|kernels| {
        let mut sums = start.clone();
        kernels.column_sums(&mut sums, Rows::new(a_view.view(), rows));
        sums
    });
    let other = array(5, height, p);
    let other_view = Padded::<E>::new(other.view());
    let products = on_every_isa(|kernels| {
        let mut sums = start.clone();
        kernels.product_sums(&mut sums, Rows::new(a_view.view(), rows), Rows::new(other_view.view(), rows));
        sums
    });
    for (j, &start) in start.iter().enumerate() {
        let sum = chain(E::ZERO, indices.iter().map(|&r| (a[(r, j)], 1.0)));
        let product = chain(E::ZERO, indices.iter().map(|&r| (a[(r, j)], other[(r, j)])));
        assert_eq!(bits(&[sums[j], products[j]]), bits(&[start + sum, start + product]), "column {j} of {p}");
    }
}

fn outer_for_every_width<E: Element>() {
    for n in 1..=67 {
        check_outer::<E>(n, n * 5 % 23 + 1, &[3, 0, 4, 4, 1], 5);
        check_outer::<E>(n * 7 % 11 + 1, n, &[2, 1], 3);
    }
}

fn outer_of_many_rows<E: Element>() {
    let rows: Vec<u32> = (0..256).map(|r| r * 7 % 300).collect();
    check_outer::<E>(21, 83, &rows, 300);
    check_outer::<E>(70, 3, &rows, 300);
    check_outer::<E>(3, 300, &rows[..37], 300);
    // More columns than are summed together.
    check_outer::<E>(4133, 2, &rows[..6], 300);
}

/// Rows of two stacked matrices have the bits of the same rows in one matrix.
fn outer_of_stacked_rows<E: Element>() {
    let (p, q, heights) = (19, 37, [5, 3]);
    let [a, top, bottom] = [array(1, 9, p), array(2, heights[0], q), array(3, heights[1], q)];
    let [a, top, bottom] = [&a, &top, &bottom].map(|m| Padded::<E>::new(m.view()));
    let (own, indices) = ([8, 0, 3, 3, 1], [4, 5, 0, 7, 5]);
    let result = on_every_isa(|kernels| {
        let mut c = vec![E::ONE; p * q];
        let b = Rows::stacked(top.view(), bottom.view(), &indices);
        kernels.outer(Operands::default(), MatrixMut::new(&mut c, p, q), Rows::new(a.view(), &own), b);
        c
    });
    let row = |index: u32| match index as usize {
        i if i < heights[0] => top.view().row(i),
        i => bottom.view().row(i - heights[0]),
    };
    for (i, sums) in result.chunks(q).enumerate() {
        let left = |r: u32| a.view().row(r as usize)[i].to_f64();
        let expected: Vec<E> = (0..q)
            .map(|j| {
                let pairs = own.iter().zip(&indices).map(|(&r, &index)| (left(r), row(index)[j].to_f64()));
                E::ONE + chain(E::ZERO, pairs)
            })
            .collect();
        assert_eq!(bits(sums), bits(&expected), "row {i}");
    }
}

fn outer_of_no_rows_changes_nothing<E: Element>() {
    check_outer::<E>(5, 20, &[], 3);
    check_outer::<E>(0, 20, &[1], 3);
    check_outer::<E>(5, 0, &[1], 3);
}

for_both! {
    product_for_every_width;
    product_for_every_height;
    product_of_several_blocks_of_k;
    product_of_nothing;
    a_pack_can_be_repeated;
    outer_for_every_width;
    outer_of_many_rows;
    outer_of_stacked_rows;
    outer_of_no_rows_changes_nothing;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn product_of_any_shape(m in 0_usize..20, n in 0_usize..140, k in 0_usize..150, start in 0_usize..3) {
        check_product::<f32>(m, n, k, start);
        check_product::<f64>(m, n, k, start);
    }

    #[test]
    fn outer_of_any_shape(p in 0_usize..70, q in 0_usize..70, rows in prop::collection::vec(0_u32..30, 0..40)) {
        check_outer::<f32>(p, q, &rows, 30);
        check_outer::<f64>(p, q, &rows, 30);
    }
}
