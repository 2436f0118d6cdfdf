//! Packs of weights: the door.

use crate::generic::pack;
use crate::packed::Packed;
use crate::view::Matrix;

impl<E: Packing<E>> Packed<E> {
    /// Packs `source`: n x k for a pack made by `transposed`, k x n for one made by `plain`. Allocates nothing.
    pub fn pack(&mut self, source: Matrix<'_, E>) {
        E::pack(self, source);
    }
}

/// Carries the pack to `f32` and `f64`, so that each is compiled once, in this crate.
pub trait Packing<E> {
    fn pack(packed: &mut Packed<E>, source: Matrix<'_, E>);
}

impl Packing<f32> for f32 {
    fn pack(packed: &mut Packed<f32>, source: Matrix<'_, f32>) {
        pack::pack(packed, source);
    }
}

impl Packing<f64> for f64 {
    fn pack(packed: &mut Packed<f64>, source: Matrix<'_, f64>) {
        pack::pack(packed, source);
    }
}
