//! AArch64 Advanced SIMD: 32 registers of 128 bits.

use std::arch::aarch64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::vector::{Outlined, Vector};

/// 4 lanes of `f32`.
#[derive(Clone, Copy)]
pub(crate) struct F32x4(float32x4_t);

macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for F32x4 {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: vectors exist only inside an entry, so the CPU has the instruction set.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}

operator!(Add, add, vaddq_f32);
operator!(Sub, sub, vsubq_f32);
operator!(Mul, mul, vmulq_f32);
operator!(Div, div, vdivq_f32);

impl Neg for F32x4 {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vnegq_f32(self.0) })
    }
}

impl Vector for F32x4 {
    type Element = f32;
    const LANES: usize = 4;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    fn read(source: &[f32]) -> Self {
        if let [_, _, _, _] = source {
            // SAFETY: as for the operators; the slice has 4 elements.
            return Self(unsafe { vld1q_f32(source.as_ptr()) });
        }
        let mut lanes = [0.0; 4];
        lanes[..source.len()].copy_from_slice(source);
        // SAFETY: as for the operators; the array has 4 elements.
        Self(unsafe { vld1q_f32(lanes.as_ptr()) })
    }

    #[inline(always)]
    fn write(self, target: &mut [f32]) {
        if let [_, _, _, _] = target {
            // SAFETY: as for the operators; the slice has 4 elements.
            return unsafe { vst1q_f32(target.as_mut_ptr(), self.0) };
        }
        let mut lanes = [0.0; 4];
        // SAFETY: as for the operators; the array has 4 elements.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), self.0) };
        target.copy_from_slice(&lanes[..target.len()]);
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: as for the operators; the caller says that 4 elements are readable.
        Self(unsafe { vld1q_f32(source) })
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: as for the operators. The intrinsic adds to its first operand.
        Self(unsafe { vfmaq_f32(b.0, self.0, a.0) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vsqrtq_f32(self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vabsq_f32(self.0) })
    }

    #[inline(always)]
    fn copy_sign(self, sign: Self) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vbslq_f32(vdupq_n_u32(1 << 31), sign.0, self.0) })
    }

    #[inline(always)]
    fn select_greater(a: Self, b: Self, yes: Self, no: Self) -> Self {
        // SAFETY: as for the operators.
        Self(unsafe { vbslq_f32(vcgtq_f32(a.0, b.0), yes.0, no.0) })
    }

    #[inline(always)]
    fn outlined(work: impl Outlined) {
        #[target_feature(enable = "neon")]
        fn with_features(work: impl Outlined) {
            work.run();
        }
        // Rust 1.95 ignores `inline(never)` beside target features, but never inlines a function into a caller that lacks a
        // feature of the function.
        #[inline(never)]
        fn run(work: impl Outlined) {
            // SAFETY: as for the operators.
            unsafe { with_features(work) };
        }
        run(work);
    }

    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        // SAFETY: as for the operators.
        unsafe {
            let bias = vdupq_n_s32(127);
            let n = vcvtq_s32_f32(n.0);
            let half = vshrq_n_s32::<1>(n);
            let rest = vsubq_s32(n, half);
            let first = vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(half, bias)));
            let second = vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(rest, bias)));
            Self(vmulq_f32(vmulq_f32(self.0, first), second))
        }
    }
}
