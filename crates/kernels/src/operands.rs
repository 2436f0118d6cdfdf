//! The operands of products: their precision, and the format that an instruction set takes them in.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::isa::{Isa, Kernels, has_avx512_bf16};
use crate::number::Number;

/// The precision of the operands of a product. Sums, and all other arithmetic, have the precision of the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// The precision of the element.
    #[default]
    Full,
    /// bf16: rounded to nearest, to even at a tie; an infinity from beyond its range, NaN from NaN.
    Bf16,
}

/// The format of the operands of products on an element, and so the instruction that multiplies them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operands<E> {
    pub(crate) format: Format,
    element: PhantomData<E>,
}

/// A value with `Pairs` or `Tiles` is the proof that the element is `f32` and the CPU has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Elements, for fused multiply-adds.
    Full,
    /// Elements with the values of bf16, for fused multiply-adds.
    Rounded,
    /// Pairs of bf16 along k, for the dot product of AVX-512-BF16.
    Pairs,
    /// The same pairs, 16 to a row of a tile, for AMX; a CPU with AMX has AVX-512-BF16 as well.
    Tiles,
}

impl<E> Operands<E> {
    /// # Safety
    /// - For `Pairs` and `Tiles`: the element is `f32`, and the CPU has their instructions.
    pub(crate) unsafe fn new(format: Format) -> Self {
        Self { format, element: PhantomData }
    }

    /// The name of the instruction set that multiplies numbers of bf16: "amx", "avx512_bf16"; none if they are multiplied
    /// as any others.
    pub fn pairing(&self) -> Option<&'static str> {
        match self.format {
            Format::Full | Format::Rounded => None,
            Format::Pairs => Some("avx512_bf16"),
            Format::Tiles => Some("amx"),
        }
    }

    /// True if two steps of k are a pair.
    pub(crate) fn in_pairs(&self) -> bool {
        matches!(self.format, Format::Pairs | Format::Tiles)
    }

    /// Lines that a panel has per gate for `k` steps.
    pub(crate) fn depth(&self, k: usize) -> usize {
        match self.format {
            Format::Full | Format::Rounded => k,
            Format::Pairs => k.div_ceil(2),
            Format::Tiles => k.div_ceil(32) * 16,
        }
    }
}

impl<E> Default for Operands<E> {
    /// Operands in full precision.
    fn default() -> Self {
        Self { format: Format::Full, element: PhantomData }
    }
}

impl<E: Number> Kernels<E> {
    /// The format of operands of some precision for these kernels. For bf16: pairs, if the instruction set has an
    /// instruction that multiplies them (AMX, AVX-512-BF16), and otherwise rounded elements, multiplied as any others.
    ///
    /// Rounded elements give equal bits on every instruction set. The two instructions have their own bits: each adds in an
    /// order of its own and takes subnormal operands and results for zeros.
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
        // SAFETY: an element with pairs is `f32`; the kernels are the proof of their instruction set, and the match looked
        // for AVX-512-BF16.
        unsafe { Operands::new(format) }
    }
}

/// True for `f32`: an instruction multiplies pairs into sums of this element.
pub(crate) fn has_pairs<E: 'static>() -> bool {
    TypeId::of::<E>() == TypeId::of::<f32>()
}
