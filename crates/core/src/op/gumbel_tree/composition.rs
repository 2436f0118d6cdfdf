//! A composition of two states, element by element, and its slopes.

use unrolled_kernels::{Activation, Element, Kernels};

use super::parts::GATES;

/// The gates of a candidate.
pub(super) struct Gates<'a, E> {
    i: &'a [E],
    o: &'a [E],
    u: &'a [E],
    /// The forget gates of the left and the right state.
    pub(super) forget: [&'a [E]; 2],
}

impl<'a, E: Element> Gates<'a, E> {
    pub(super) fn of(all: &'a [E]) -> Self {
        let size = all.len() / GATES;
        let gate = |index: usize| &all[index * size..][..size];
        Self { i: gate(0), forget: [gate(1), gate(2)], o: gate(3), u: gate(4) }
    }

    /// Turns products into gates.
    pub(super) fn open(kernels: Kernels<E>, gates: &'a mut [E], products: &[E]) -> Self {
        let sigmoids = gates.len() / GATES * (GATES - 1);
        kernels.activate(Activation::Sigmoid, &mut gates[..sigmoids], &products[..sigmoids]);
        kernels.activate(Activation::Tanh, &mut gates[sigmoids..], &products[sigmoids..]);
        Self::of(gates)
    }

    /// h and c from the c of two states.
    pub(super) fn compose(&self, kernels: Kernels<E>, [left, right]: [&[E]; 2], h: &mut [E], c: &mut [E]) {
        let [f_left, f_right] = self.forget;
        for (k, c) in c.iter_mut().enumerate() {
            *c = self.i[k] * self.u[k] + (f_left[k] * left[k] + f_right[k] * right[k]);
        }
        kernels.activate(Activation::Tanh, h, c);
        h.iter_mut().zip(self.o).for_each(|(h, &o)| *h = *h * o);
    }
}

/// A composition to send gradients through.
pub(super) struct Composition<'a, E> {
    pub(super) gates: Gates<'a, E>,
    /// c of the result and of the two states.
    pub(super) c: &'a [E],
    pub(super) children: [&'a [E]; 2],
}

impl<E: Element> Composition<'_, E> {
    /// From the gradients of h and c: those of the five products, and in the place of that of c, the gradient of c by all
    /// ways. Leaves tanh c in the third line.
    pub(super) fn send(&self, kernels: Kernels<E>, [dh, dc, tanh]: [&mut [E]; 3], products: &mut [E]) {
        let Gates { i, o, u, forget: [left, right] } = self.gates;
        let [c_left, c_right] = self.children;
        kernels.activate(Activation::Tanh, tanh, self.c);
        let size = dh.len();
        let mut products = products.chunks_exact_mut(size);
        let [d_i, d_left, d_right, d_o, d_u] = [(); GATES].map(|()| products.next().unwrap_or_default());
        let sigmoid = |y: E| y * (E::ONE - y);
        for k in 0..size {
            let own = dc[k] + dh[k] * o[k] * (E::ONE - tanh[k] * tanh[k]);
            dc[k] = own;
            d_i[k] = own * u[k] * sigmoid(i[k]);
            d_left[k] = own * c_left[k] * sigmoid(left[k]);
            d_right[k] = own * c_right[k] * sigmoid(right[k]);
            d_o[k] = dh[k] * tanh[k] * sigmoid(o[k]);
            d_u[k] = own * i[k] * (E::ONE - u[k] * u[k]);
        }
    }
}
