//! Updates against the reference, several steps of each.

use ndarray::Array1;

use super::support::{assert_close, cast, for_both, on_every_isa, values};
use crate::argument::{AdagradStep, AdamStep, RmspropStep, SgdStep};
use crate::reference::{self, Updated};
use crate::{Element, Kernels};

const STEPS: usize = 4;

/// Runs `STEPS` steps of a kernel and of the reference on parameters and two slots; compares all three.
fn check<E: Element>(
    kernel: impl Fn(Kernels<E>, usize, &mut [E], &[E], &mut [E], &mut [E]),
    reference: impl Fn(usize, &Array1<f64>, &Array1<f64>, &Array1<f64>, &Array1<f64>) -> Updated,
) {
    for n in (1..=35).chain([67]) {
        let gradient = |step: usize| values(100 * step + n, n);
        let result = on_every_isa(|kernels| {
            let (mut p, mut first, mut second) = (cast(&values(n, n)), vec![E::ZERO; n], vec![E::ZERO; n]);
            for step in 1..=STEPS {
                kernel(kernels, step, &mut p, &cast(&gradient(step)), &mut first, &mut second);
            }
            [p, first, second].concat()
        });
        let mut p = Array1::from(values(n, n));
        let mut slots = [Array1::zeros(n), Array1::zeros(n)];
        for step in 1..=STEPS {
            let (updated, changed) = reference(step, &p, &Array1::from(gradient(step)), &slots[0], &slots[1]);
            p = updated;
            for (slot, changed) in slots.iter_mut().zip(changed) {
                *slot = changed;
            }
        }
        assert_close(&result, p.iter().chain(&slots[0]).chain(&slots[1]), 64.0);
    }
}

fn sgd<E: Element>() {
    for (weight_decay, dampening, nesterov) in [(0.0, 0.0, false), (0.1, 0.3, false), (0.1, 0.0, true)] {
        let step =
            |n: usize| SgdStep { rate: 0.1, momentum: 0.9, dampening, nesterov, weight_decay, first: n == 1 };
        check::<E>(
            |kernels, n, p, g, _, _| kernels.sgd(p, g, None, step(n)),
            |n, p, g, _, _| reference::sgd(p, g, None, step(n)),
        );
        check::<E>(
            |kernels, n, p, g, b, _| kernels.sgd(p, g, Some(b), step(n)),
            |n, p, g, b, _| reference::sgd(p, g, Some(b), step(n)),
        );
    }
}

fn rmsprop<E: Element>() {
    let step = RmspropStep { rate: 0.01, alpha: 0.99, epsilon: 1e-8, weight_decay: 0.1, momentum: 0.9 };
    check::<E>(
        |kernels, _, p, g, v, _| kernels.rmsprop(p, g, v, None, step),
        |_, p, g, v, _| reference::rmsprop(p, g, v, None, step),
    );
    check::<E>(
        |kernels, _, p, g, v, b| kernels.rmsprop(p, g, v, Some(b), step),
        |_, p, g, v, b| reference::rmsprop(p, g, v, Some(b), step),
    );
}

fn adagrad<E: Element>() {
    let step = AdagradStep { rate: 0.01, epsilon: 1e-10, weight_decay: 0.1 };
    check::<E>(
        |kernels, _, p, g, sum, _| kernels.adagrad(p, g, sum, step),
        |_, p, g, sum, _| reference::adagrad(p, g, sum, step),
    );
}

fn adam<E: Element>() {
    for decoupled in [false, true] {
        let step = |n: usize| AdamStep {
            rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.1,
            decoupled,
            step: n as u64,
        };
        check::<E>(
            |kernels, n, p, g, m, v| kernels.adam(p, g, m, v, step(n)),
            |n, p, g, m, v| reference::adam(p, g, m, v, step(n)),
        );
    }
}

fn adam_moves_by_the_rate_at_first<E: Element>() {
    // The corrected means make the first step ±rate for a gradient of any size.
    let step = AdamStep {
        rate: 0.5,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 0.0,
        weight_decay: 0.0,
        decoupled: false,
        step: 1,
    };
    let result = on_every_isa(|kernels| {
        let mut p = vec![E::ZERO; 3];
        let (mut m, mut v) = (p.clone(), p.clone());
        kernels.adam(&mut p, &[1e-3, -2.0, 1e3].map(E::from_f64), &mut m, &mut v, step);
        p
    });
    assert_close(&result, &[-0.5, 0.5, -0.5], 8.0);
}

for_both! {
    sgd;
    rmsprop;
    adagrad;
    adam;
    adam_moves_by_the_rate_at_first;
}
