//! AVX-512 F, VL, BW and DQ: 32 registers of 512 bits, masks for every lane.

use std::arch::asm;
use std::arch::x86_64::*;

use super::x86::x86_vector;

x86_vector! {
    /// 16 lanes of `f32`.
    F32x16: f32, 16 lanes of __m512, 32 registers, "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq" {
        splat: _mm512_set1_ps, load: _mm512_loadu_ps, read: read_f32, write: write_f32,
        add: _mm512_add_ps, sub: _mm512_sub_ps, mul: _mm512_mul_ps, div: _mm512_div_ps, mul_add: _mm512_fmadd_ps,
        sqrt: _mm512_sqrt_ps, and: _mm512_and_ps, and_not: _mm512_andnot_ps, or: _mm512_or_ps,
        xor: _mm512_xor_ps,
        select_greater: select_greater_f32, max: _mm512_max_ps, scale: _mm512_scalef_ps,
        totals: totals, dot: dot
    }
}

x86_vector! {
    /// 8 lanes of `f64`.
    F64x8: f64, 8 lanes of __m512d, 32 registers, "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq" {
        splat: _mm512_set1_pd, load: _mm512_loadu_pd, read: read_f64, write: write_f64,
        add: _mm512_add_pd, sub: _mm512_sub_pd, mul: _mm512_mul_pd, div: _mm512_div_pd, mul_add: _mm512_fmadd_pd,
        sqrt: _mm512_sqrt_pd, and: _mm512_and_pd, and_not: _mm512_andnot_pd, or: _mm512_or_pd,
        xor: _mm512_xor_pd,
        select_greater: select_greater_f64, max: _mm512_max_pd, scale: _mm512_scalef_pd
    }
}

/// `vdpbf16ps`, in assembly: the compiler does not inline the intrinsic into functions for AVX-512 alone.
///
/// # Safety
/// - The CPU has AVX-512 and AVX-512-BF16.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn dot(x: __m512, y: __m512, mut sum: __m512) -> __m512 {
    // SAFETY: the instruction works on registers alone; the caller says that the CPU has it.
    unsafe {
        asm!("vdpbf16ps {}, {}, {}", inout(zmm_reg) sum, in(zmm_reg) x, in(zmm_reg) y,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

/// The lanes of each vector added up, half to half.
///
/// # Safety
/// - The CPU has AVX-512.
#[inline(always)]
unsafe fn totals(a: __m512, b: __m512, c: __m512, d: __m512) -> [f32; 4] {
    let mut totals = [0.0; 4];
    // SAFETY: the caller says that the CPU has AVX-512; the array has four elements.
    unsafe {
        // Halves of a, then of b; likewise of c and d.
        let ab = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b));
        let cd = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(c, d), _mm512_shuffle_f32x4::<0xEE>(c, d));
        // A quarter of each.
        let x = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(ab, cd), _mm512_shuffle_f32x4::<0xDD>(ab, cd));
        let x = _mm512_add_ps(x, _mm512_permute_ps::<0b01_00_11_10>(x));
        let x = _mm512_add_ps(x, _mm512_permute_ps::<0b10_11_00_01>(x));
        let firsts = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        let x = _mm512_castps512_ps128(_mm512_permutexvar_ps(firsts, x));
        _mm_storeu_ps(totals.as_mut_ptr(), x);
    }
    totals
}

/// # Safety
/// - The CPU has AVX-512; `source` is readable for `count <= 16` elements.
#[inline(always)]
unsafe fn read_f32(source: *const f32, count: usize) -> __m512 {
    // SAFETY: a masked load touches only the lanes in its mask, the first `count`.
    unsafe { _mm512_maskz_loadu_ps(((1_u32 << count) - 1) as __mmask16, source) }
}

/// # Safety
/// - The CPU has AVX-512; `source` is readable for `count <= 8` elements.
#[inline(always)]
unsafe fn read_f64(source: *const f64, count: usize) -> __m512d {
    // SAFETY: as in `read_f32`.
    unsafe { _mm512_maskz_loadu_pd(((1_u32 << count) - 1) as __mmask8, source) }
}

/// # Safety
/// - The CPU has AVX-512; `target` is writable for `count <= 16` elements.
#[inline(always)]
unsafe fn write_f32(x: __m512, target: *mut f32, count: usize) {
    // SAFETY: a masked store touches only the lanes in its mask, the first `count`.
    unsafe { _mm512_mask_storeu_ps(target, ((1_u32 << count) - 1) as __mmask16, x) }
}

/// # Safety
/// - The CPU has AVX-512; `target` is writable for `count <= 8` elements.
#[inline(always)]
unsafe fn write_f64(x: __m512d, target: *mut f64, count: usize) {
    // SAFETY: as in `write_f32`.
    unsafe { _mm512_mask_storeu_pd(target, ((1_u32 << count) - 1) as __mmask8, x) }
}

/// # Safety
/// - The CPU has AVX-512.
#[inline(always)]
unsafe fn select_greater_f32(a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
    // SAFETY: the caller says that the CPU has AVX-512.
    unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes) }
}

/// # Safety
/// - The CPU has AVX-512.
#[inline(always)]
unsafe fn select_greater_f64(a: __m512d, b: __m512d, yes: __m512d, no: __m512d) -> __m512d {
    // SAFETY: the caller says that the CPU has AVX-512.
    unsafe { _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(a, b), no, yes) }
}
