//! Products of operands rounded to bf16: the upper half of an `f32`, 8 bits of exponent and 8 of precision.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::element::Element;
use crate::isa::{Isa, Kernels};

/// What the operands of a product are rounded to. Its sums, and all else, have the precision of the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Nothing: they are multiplied as they are.
    #[default]
    Full,
    /// The nearest bf16, to even at a tie; an infinity from beyond its range, NaN from NaN.
    Bf16,
}

/// How the operands of the products of an element lie, and what multiplies them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operands<E> {
    pub(crate) format: Format,
    element: PhantomData<E>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As they are.
    Full,
    /// Elements with the values of bf16, for fused multiply-adds.
    Rounded,
    /// Pairs of bf16 along k, for the dot product of AVX-512-BF16. That a value has this format is the proof that
    /// the element is `f32` and the CPU has the instructions; the same for `Tiles`.
    Pairs,
    /// The same in tiles of 16 pairs, for AMX, whose CPUs have AVX-512-BF16 as well.
    Tiles,
}

impl<E> Operands<E> {
    /// # Safety
    /// - For `Pairs` and `Tiles`: the element is `f32`, and the CPU has their instructions.
    pub(crate) unsafe fn new(format: Format) -> Self {
        Self { format, element: PhantomData }
    }

    /// Whether two steps of k are a pair.
    pub(crate) fn in_pairs(&self) -> bool {
        matches!(self.format, Format::Pairs | Format::Tiles)
    }

    /// Lines of a panel and gate for a depth of `k`.
    pub(crate) fn steps(&self, k: usize) -> usize {
        match self.format {
            Format::Full | Format::Rounded => k,
            Format::Pairs => k.div_ceil(2),
            Format::Tiles => k.div_ceil(32) * 16,
        }
    }
}

impl<E> Default for Operands<E> {
    /// Operands as they are.
    fn default() -> Self {
        Self { format: Format::Full, element: PhantomData }
    }
}

impl<E: Element> Kernels<E> {
    /// The operands of products in a precision, as these kernels want them: in bf16 for the instruction that
    /// multiplies pairs where the CPU has one and the kernels may use it (AMX, AVX-512-BF16), otherwise rounded
    /// elements, which are multiplied as any others are.
    ///
    /// Rounded elements give equal bits on every instruction set, the two instructions each their own: they add
    /// in another order and take subnormal operands and results for zeros.
    pub fn operands(self, precision: Precision) -> Operands<E> {
        let format = match precision {
            Precision::Full => Format::Full,
            Precision::Bf16 if !has_pairs::<E>() => Format::Rounded,
            Precision::Bf16 => match self.isa() {
                Isa::Amx => Format::Tiles,
                Isa::Avx512 if has_avx512_bf16() => Format::Pairs,
                _ => Format::Rounded,
            },
        };
        // SAFETY: the element has pairs, so it is `f32`; the kernels exist, so the CPU has their instruction set, and
        // AVX-512-BF16 was just looked for.
        unsafe { Operands::new(format) }
    }
}

/// Whether an instruction multiplies pairs into sums of this element.
pub(crate) fn has_pairs<E: 'static>() -> bool {
    TypeId::of::<E>() == TypeId::of::<f32>()
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512_bf16() -> bool {
    Isa::Avx512.present() && is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512_bf16() -> bool {
    false
}

/// The nearest bf16 in the upper half; the lower one is to be ignored.
#[inline(always)]
fn nearest(x: f32) -> u32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    // A quiet NaN, whatever the lower half was.
    if bits & 0x7fff_ffff > 0x7f80_0000 { bits | 0x0040_0000 } else { rounded }
}

/// Two of them as an instruction takes them: `first`, of the lower k, in the lower half.
#[inline(always)]
pub(crate) fn pair(first: f32, second: f32) -> u32 {
    nearest(first) >> 16 | nearest(second) & 0xffff_0000
}

/// `x` with the value of the bf16 nearest to its f32.
#[inline(always)]
pub(crate) fn rounded<E: Element>(x: E) -> E {
    E::from_f64(f32::from_bits(nearest(x.to_f64() as f32) & 0xffff_0000).into())
}
