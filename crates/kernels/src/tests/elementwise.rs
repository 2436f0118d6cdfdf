//! Functions of slices.

use super::recurrent::{ACTIVATIONS, apply};
use super::support::{assert_close, cast, for_both, on_every_isa, values};
use crate::{Element, Kernels};

/// Checks `kernel(y, a, b)` on every length; `expected` gives the new element of y from the old elements.
fn check<E: Element>(
    kernel: impl Fn(Kernels<E>, &mut [E], &[E], &[E]),
    expected: impl Fn(f64, f64, f64) -> f64,
) {
    for n in (0..=67).chain([129]) {
        let (y, a, b) = (values(n, n), values(n + 100, n), values(n + 200, n));
        let result = on_every_isa(|kernels| {
            let mut y = cast(&y);
            kernel(kernels, &mut y, &cast(&a), &cast(&b));
            y
        });
        let expected: Vec<f64> = (0..n).map(|i| expected(y[i], a[i], b[i])).collect();
        assert_close(&result, &expected, 4.0);
    }
}

fn activate<E: Element>() {
    for f in ACTIVATIONS {
        check::<E>(|kernels, y, a, _| kernels.activate(f, y, a), |_, a, _| apply(f, a));
    }
}

fn activate_backward<E: Element>() {
    for f in ACTIVATIONS {
        // The derivative by central differences of the input; the kernel receives the output.
        let slope = |x: f64| (apply(f, x + 1e-6) - apply(f, x - 1e-6)) / 2e-6;
        for n in [1, 5, 16, 37] {
            let (dx, x, dy) = (values(n, n), values(n + 100, n), values(n + 200, n));
            let y: Vec<f64> = x.iter().map(|&x| apply(f, x)).collect();
            let result = on_every_isa(|kernels| {
                let mut dx = cast(&dx);
                kernels.activate_backward(f, &mut dx, &cast::<E>(&y), &cast(&dy));
                dx
            });
            let expected: Vec<f64> = (0..n).map(|i| dx[i] + slope(x[i]) * dy[i]).collect();
            assert_close(&result, &expected, (1e-8 / E::EPSILON.to_f64()).max(8.0));
        }
    }
}

fn add<E: Element>() {
    check::<E>(|kernels, y, a, b| kernels.add(y, a, b), |_, a, b| a + b);
}

fn multiply<E: Element>() {
    check::<E>(|kernels, y, a, b| kernels.multiply(y, a, b), |_, a, b| a * b);
}

fn add_assign<E: Element>() {
    check::<E>(|kernels, y, a, _| kernels.add_assign(y, a), |y, a, _| y + a);
}

fn add_scaled<E: Element>() {
    check::<E>(|kernels, y, a, _| kernels.add_scaled(y, E::from_f64(0.375), a), |y, a, _| y + 0.375 * a);
}

fn add_product<E: Element>() {
    check::<E>(|kernels, y, a, b| kernels.add_product(y, a, b), |y, a, b| y + a * b);
}

fn affine<E: Element>() {
    let (s, t) = (E::from_f64(-2.5), E::from_f64(0.75));
    check::<E>(|kernels, y, a, _| kernels.affine(y, s, a, t), |_, a, _| -2.5 * a + 0.75);
}

for_both! {
    activate;
    activate_backward;
    add;
    multiply;
    add_assign;
    add_scaled;
    add_product;
    affine;
}

#[test]
#[should_panic(expected = "left == right")]
fn slices_of_unequal_length_are_a_bug() {
    let kernels = Kernels::<f32>::detect().unwrap();
    kernels.add_assign(&mut [0.0; 3], &[0.0; 4]);
}
