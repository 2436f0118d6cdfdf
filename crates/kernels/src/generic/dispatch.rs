//! From the format of the operands to the code that multiplies them.

use super::bf16::tile_dots::TileDots;
use crate::operands::{Format, Operands};
use crate::panel::PANEL;
use crate::tiles::Tiles;
use crate::vector::Vector;

/// A product that can be computed in every format.
pub(crate) trait Multiplication<V: Vector> {
    /// Multiplies numbers, or pairs of bf16 if `PAIRS`, a vector at a time.
    fn in_vectors<const PAIRS: bool>(self);
    /// Multiplies pairs of bf16, a tile at a time.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "only x86-64 has tile registers"))]
    fn in_tiles<T: Tiles>(self, dots: &mut TileDots<T>);
}

impl<E> Operands<E> {
    /// Computes `product` in the format of these operands. The only place that chooses.
    ///
    /// Pairs need vectors of a whole panel: [`Kernels::operands`](crate::Kernels::operands) makes pairs for no others, and
    /// the arms for them are compiled for no others.
    #[inline(always)]
    pub(crate) fn dispatch<V: Vector<Element = E>, M: Multiplication<V>>(self, product: M) {
        match self.format {
            Format::Full | Format::Rounded => product.in_vectors::<false>(),
            Format::Pairs if V::LANES == PANEL => product.in_vectors::<true>(),
            #[cfg(target_arch = "x86_64")]
            Format::Tiles if V::LANES == PANEL => {
                // SAFETY: operands in tiles are the proof that the process may use AMX.
                let tiles = unsafe { crate::arch::Amx::new() };
                product.in_tiles(&mut TileDots::new(tiles));
            }
            Format::Pairs | Format::Tiles => {
                unreachable!(
                    "operands: expected those of these kernels, received those of another instruction set"
                )
            }
        }
    }
}
