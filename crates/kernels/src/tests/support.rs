//! Inputs, views with padding, and comparisons.

use ndarray::{Array2, ArrayView2};

use crate::{Element, Kernels, Matrix, MatrixMut};

/// Numbers in -1..1 that `f32` holds exactly.
pub(super) fn values(seed: usize, count: usize) -> Vec<f64> {
    let mut state = seed as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 44) as f64 / f64::from(1 << 19) - 1.0
    };
    next();
    (0..count).map(|_| next()).collect()
}

pub(super) fn cast<E: Element>(x: &[f64]) -> Vec<E> {
    x.iter().map(|&x| E::from_f64(x)).collect()
}

pub(super) fn array(seed: usize, rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows, columns), values(seed, rows * columns)).unwrap()
}

/// A matrix with padding behind each row, filled with a mark.
#[derive(Clone)]
pub(super) struct Padded<E> {
    data: Vec<E>,
    rows: usize,
    columns: usize,
    stride: usize,
}

const PADDING: usize = 3;
/// A number that no kernel computes, so that a read or write of the padding shows.
const MARK: f64 = -1_048_576.5;

impl<E: Element> Padded<E> {
    pub(super) fn new(values: ArrayView2<'_, f64>) -> Self {
        let (rows, columns) = values.dim();
        let stride = columns + PADDING;
        let mut data = vec![E::from_f64(MARK); rows * stride];
        for ((i, j), &x) in values.indexed_iter() {
            data[i * stride + j] = E::from_f64(x);
        }
        Self { data, rows, columns, stride }
    }

    pub(super) fn zeros(rows: usize, columns: usize) -> Self {
        Self::new(Array2::zeros((rows, columns)).view())
    }

    pub(super) fn view(&self) -> Matrix<'_, E> {
        Matrix::strided(&self.data, self.rows, self.columns, self.stride)
    }

    pub(super) fn view_mut(&mut self) -> MatrixMut<'_, E> {
        MatrixMut::strided(&mut self.data, self.rows, self.columns, self.stride)
    }

    /// The elements without the padding. Panics if the padding was written.
    pub(super) fn elements(&self) -> Vec<E> {
        let mut elements = Vec::new();
        for row in self.data.chunks(self.stride) {
            let (row, padding) = row.split_at(self.columns);
            assert!(padding.iter().all(|&x| x == E::from_f64(MARK)), "padding was written");
            elements.extend_from_slice(row);
        }
        elements
    }
}

/// Bits of each number, with the same bits for every NaN.
pub(super) fn bits<E: Element>(x: &[E]) -> Vec<u64> {
    x.iter().map(|x| if x.to_f64().is_nan() { u64::MAX } else { x.to_f64().to_bits() }).collect()
}

/// Runs `f` on every instruction set, checks that all return the same bits, and returns the result.
pub(super) fn on_every_isa<E: Element>(f: impl Fn(Kernels<E>) -> Vec<E>) -> Vec<E> {
    let mut results = Kernels::<E>::available().into_iter().map(|isa| (isa, f(Kernels::with(isa).unwrap())));
    let (first, expected) = results.next().unwrap();
    for (isa, result) in results {
        if let Some(at) = bits(&result).iter().zip(bits(&expected)).position(|(a, b)| *a != b) {
            panic!("element {at} is {} on {isa}, {} on {first}", result[at], expected[at]);
        }
        assert_eq!(result.len(), expected.len());
    }
    expected
}

/// Checks that every element is within `tolerance` epsilons of the expected number; relative for numbers above 1.
pub(super) fn assert_close<'a, E: Element>(
    actual: &[E],
    expected: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
) {
    let mut count = 0;
    for (at, (actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let bound = tolerance * E::EPSILON.to_f64() * expected.abs().max(1.0);
        let error = (actual.to_f64() - expected).abs();
        assert!(error <= bound, "element {at} is {actual}, expected {expected}: {error:e} > {bound:e}");
        count += 1;
    }
    assert_eq!(count, actual.len());
}

/// Distance of `actual` from `expected` in units of the last place of `E` there.
pub(super) fn ulps<E: Element>(actual: E, expected: f64, smallest: f64) -> f64 {
    let nearest = E::from_f64(expected).to_f64();
    if actual.to_f64() == nearest || (nearest.is_nan() && actual.to_f64().is_nan()) {
        return 0.0;
    }
    let exponent = expected.abs().log2().floor();
    let unit = (E::EPSILON.to_f64() * exponent.exp2()).max(smallest);
    (actual.to_f64() - expected).abs() / unit
}

/// Declares a test of a generic function for both number types.
macro_rules! for_both {
    ($($name:ident;)*) => {
        $(mod $name {
            #[test]
            fn f32() {
                super::$name::<f32>();
            }

            #[test]
            fn f64() {
                super::$name::<f64>();
            }
        })*
    };
}
pub(super) use for_both;
