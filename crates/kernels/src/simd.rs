//! What the kernels need to know about a number type beyond its arithmetic.

use std::cell::Cell;

use crate::arch;
use crate::element::Element;
use crate::generic::exponential::{self, Exponential};
use crate::vector::Vector;

/// The vectors of an element on every instruction set, and what else differs between number types.
pub(crate) trait Simd: Element {
    /// How its eˣ is computed.
    const EXPONENTIAL: Exponential<Self>;

    /// Without vector instructions.
    type Scalar: Vector<Element = Self>;
    #[cfg(target_arch = "x86_64")]
    type Avx2: Vector<Element = Self>;
    #[cfg(target_arch = "x86_64")]
    type Avx512: Vector<Element = Self>;
    #[cfg(target_arch = "aarch64")]
    type Neon: Vector<Element = Self>;

    /// The thread's buffer for packed operands, to be given back.
    fn take_scratch() -> Vec<Self>;
    fn return_scratch(scratch: Vec<Self>);
}

thread_local! {
    static SCRATCH_F32: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static SCRATCH_F64: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
}

impl Simd for f32 {
    const EXPONENTIAL: Exponential<Self> = exponential::F32;

    type Scalar = arch::portable::Portable<f32, 4>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = arch::Avx2F32;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = arch::Avx512F32;
    #[cfg(target_arch = "aarch64")]
    type Neon = arch::NeonF32;

    fn take_scratch() -> Vec<Self> {
        SCRATCH_F32.take()
    }

    fn return_scratch(scratch: Vec<Self>) {
        SCRATCH_F32.set(scratch);
    }
}

impl Simd for f64 {
    const EXPONENTIAL: Exponential<Self> = exponential::F64;

    type Scalar = arch::portable::Portable<f64, 4>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = arch::Avx2F64;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = arch::Avx512F64;
    #[cfg(target_arch = "aarch64")]
    type Neon = arch::portable::Portable<f64, 4>;

    fn take_scratch() -> Vec<Self> {
        SCRATCH_F64.take()
    }

    fn return_scratch(scratch: Vec<Self>) {
        SCRATCH_F64.set(scratch);
    }
}
