//! The vectors of a number type, one for each instruction set.

use crate::arch;
use crate::lane::Lane;
use crate::vector::Vector;

/// A number type with its vectors on every instruction set.
pub(crate) trait Simd: Lane {
    /// A few numbers in place of a register, for CPUs without vector instructions.
    type Scalar: Vector<Element = Self>;
    #[cfg(target_arch = "x86_64")]
    type Avx2: Vector<Element = Self>;
    #[cfg(target_arch = "x86_64")]
    type Avx512: Vector<Element = Self>;
    #[cfg(target_arch = "aarch64")]
    type Neon: Vector<Element = Self>;
}

impl Simd for f32 {
    type Scalar = arch::portable::Portable<f32, 4>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = arch::Avx2F32;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = arch::Avx512F32;
    #[cfg(target_arch = "aarch64")]
    type Neon = arch::NeonF32;
}

impl Simd for f64 {
    type Scalar = arch::portable::Portable<f64, 4>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = arch::Avx2F64;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = arch::Avx512F64;
    #[cfg(target_arch = "aarch64")]
    type Neon = arch::portable::Portable<f64, 4>;
}
