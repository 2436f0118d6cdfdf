//! Functions of slices, element by element: the doors. All slices of a call have one length.

use crate::argument::Activation;

entries! {
    trait Elementwise;

    /// y = f(x); tanh and sigmoid within 3 units of the last place over the whole range.
    pub fn activate(activation: Activation, y: &mut [E], x: &[E]) = crate::generic::elementwise::activate;

    /// dx += f'(x)∘dy, with f' from the output y = f(x).
    pub fn activate_backward(activation: Activation, dx: &mut [E], y: &[E], dy: &[E])
        = crate::generic::elementwise::activate_backward;

    /// d = f'(x)∘d, in place, with f' from the output y = f(x).
    pub fn activate_gradient(activation: Activation, d: &mut [E], y: &[E]) = crate::generic::elementwise::activate_gradient;

    /// y = a + b.
    pub fn add(y: &mut [E], a: &[E], b: &[E]) = crate::generic::elementwise::add;

    /// y = a∘b.
    pub fn multiply(y: &mut [E], a: &[E], b: &[E]) = crate::generic::elementwise::multiply;

    /// y += x.
    pub fn add_assign(y: &mut [E], x: &[E]) = crate::generic::elementwise::add_assign;

    /// y += s·x.
    pub fn add_scaled(y: &mut [E], s: E, x: &[E]) = crate::generic::elementwise::add_scaled;

    /// y += a∘b.
    pub fn add_product(y: &mut [E], a: &[E], b: &[E]) = crate::generic::elementwise::add_product;

    /// y = s·x + t.
    pub fn affine(y: &mut [E], s: E, x: &[E], t: E) = crate::generic::elementwise::affine;
}
