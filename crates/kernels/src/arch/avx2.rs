//! AVX2 and FMA: 16 registers of 256 bits.

use std::arch::x86_64::*;

use super::x86::x86_vector;

x86_vector! {
    /// 8 lanes of `f32`.
    F32x8: f32, 8 lanes of __m256, 16 registers, "avx2,fma" {
        splat: _mm256_set1_ps, load: _mm256_loadu_ps, read: read_f32, write: write_f32,
        add: _mm256_add_ps, sub: _mm256_sub_ps, mul: _mm256_mul_ps, div: _mm256_div_ps, mul_add: _mm256_fmadd_ps,
        sqrt: _mm256_sqrt_ps, and: _mm256_and_ps, and_not: _mm256_andnot_ps, or: _mm256_or_ps,
        xor: _mm256_xor_ps,
        select_greater: select_greater_f32, max: _mm256_max_ps, scale: scale_f32,
        totals: totals_f32
    }
}

x86_vector! {
    /// 4 lanes of `f64`.
    F64x4: f64, 4 lanes of __m256d, 16 registers, "avx2,fma" {
        splat: _mm256_set1_pd, load: _mm256_loadu_pd, read: read_f64, write: write_f64,
        add: _mm256_add_pd, sub: _mm256_sub_pd, mul: _mm256_mul_pd, div: _mm256_div_pd, mul_add: _mm256_fmadd_pd,
        sqrt: _mm256_sqrt_pd, and: _mm256_and_pd, and_not: _mm256_andnot_pd, or: _mm256_or_pd,
        xor: _mm256_xor_pd,
        select_greater: select_greater_f64, max: _mm256_max_pd, scale: scale_f64
    }
}

/// The lanes of each vector added up, half to half.
///
/// # Safety
/// - The CPU has AVX2.
#[inline(always)]
unsafe fn totals_f32(a: __m256, b: __m256, c: __m256, d: __m256) -> [f32; 4] {
    let mut lanes = [0.0; 8];
    // SAFETY: the caller says that the CPU has AVX2; the array has eight elements.
    unsafe {
        // The half of a, then of c; likewise of b and d.
        let ac = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, c), _mm256_permute2f128_ps::<0x31>(a, c));
        let bd = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(b, d), _mm256_permute2f128_ps::<0x31>(b, d));
        // Pairs of a and b, then of c and d.
        let x = _mm256_add_ps(
            _mm256_shuffle_ps::<0b01_00_01_00>(ac, bd),
            _mm256_shuffle_ps::<0b11_10_11_10>(ac, bd),
        );
        let x = _mm256_add_ps(x, _mm256_permute_ps::<0b10_11_00_01>(x));
        _mm256_storeu_ps(lanes.as_mut_ptr(), x);
    }
    [lanes[0], lanes[2], lanes[4], lanes[6]]
}

/// Sets all bits in the first `count` lanes.
///
/// # Safety
/// - The CPU has AVX2; `count <= 8`.
#[inline(always)]
unsafe fn mask_f32(count: usize) -> __m256i {
    const TABLE: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: 8 - count is in 0..=8, so 8 of the 16 elements are readable from there.
    unsafe { _mm256_loadu_si256(TABLE.as_ptr().add(8 - count).cast()) }
}

/// Sets all bits in the first `count` lanes.
///
/// # Safety
/// - The CPU has AVX2; `count <= 4`.
#[inline(always)]
unsafe fn mask_f64(count: usize) -> __m256i {
    const TABLE: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
    // SAFETY: 4 - count is in 0..=4, so 4 of the 8 elements are readable from there.
    unsafe { _mm256_loadu_si256(TABLE.as_ptr().add(4 - count).cast()) }
}

/// # Safety
/// - The CPU has AVX2; `source` is readable for `count <= 8` elements.
#[inline(always)]
unsafe fn read_f32(source: *const f32, count: usize) -> __m256 {
    // SAFETY: the whole vector is readable if count is 8; a masked load touches only the lanes in its mask.
    unsafe { if count == 8 { _mm256_loadu_ps(source) } else { _mm256_maskload_ps(source, mask_f32(count)) } }
}

/// # Safety
/// - The CPU has AVX2; `source` is readable for `count <= 4` elements.
#[inline(always)]
unsafe fn read_f64(source: *const f64, count: usize) -> __m256d {
    // SAFETY: as in `read_f32`.
    unsafe { if count == 4 { _mm256_loadu_pd(source) } else { _mm256_maskload_pd(source, mask_f64(count)) } }
}

/// # Safety
/// - The CPU has AVX2; `target` is writable for `count <= 8` elements.
#[inline(always)]
unsafe fn write_f32(x: __m256, target: *mut f32, count: usize) {
    // SAFETY: the whole vector is writable if count is 8; a masked store touches only the lanes in its mask.
    unsafe {
        if count == 8 { _mm256_storeu_ps(target, x) } else { _mm256_maskstore_ps(target, mask_f32(count), x) }
    }
}

/// # Safety
/// - The CPU has AVX2; `target` is writable for `count <= 4` elements.
#[inline(always)]
unsafe fn write_f64(x: __m256d, target: *mut f64, count: usize) {
    // SAFETY: as in `write_f32`.
    unsafe {
        if count == 4 { _mm256_storeu_pd(target, x) } else { _mm256_maskstore_pd(target, mask_f64(count), x) }
    }
}

/// # Safety
/// - The CPU has AVX2.
#[inline(always)]
unsafe fn select_greater_f32(a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
    // SAFETY: the caller says that the CPU has AVX2.
    unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) }
}

/// # Safety
/// - The CPU has AVX2.
#[inline(always)]
unsafe fn select_greater_f64(a: __m256d, b: __m256d, yes: __m256d, no: __m256d) -> __m256d {
    // SAFETY: the caller says that the CPU has AVX2.
    unsafe { _mm256_blendv_pd(no, yes, _mm256_cmp_pd::<_CMP_GT_OQ>(a, b)) }
}

/// x·2ⁿ by two factors, as in `Number::scale`.
///
/// # Safety
/// - The CPU has AVX2.
#[inline(always)]
unsafe fn scale_f32(x: __m256, n: __m256) -> __m256 {
    // SAFETY: the caller says that the CPU has AVX2.
    unsafe {
        let bias = _mm256_set1_epi32(127);
        let n = _mm256_cvtps_epi32(n);
        let half = _mm256_srai_epi32::<1>(n);
        let rest = _mm256_sub_epi32(n, half);
        let first = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(half, bias)));
        let second = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(rest, bias)));
        _mm256_mul_ps(_mm256_mul_ps(x, first), second)
    }
}

/// x·2ⁿ by two factors, as in `Number::scale`.
///
/// # Safety
/// - The CPU has AVX2.
#[inline(always)]
unsafe fn scale_f64(x: __m256d, n: __m256d) -> __m256d {
    // SAFETY: the caller says that the CPU has AVX2.
    unsafe {
        let bias = _mm256_set1_epi64x(1023);
        let n = _mm256_cvtpd_epi32(n);
        let half = _mm_srai_epi32::<1>(n);
        let rest = _mm256_cvtepi32_epi64(_mm_sub_epi32(n, half));
        let half = _mm256_cvtepi32_epi64(half);
        let first = _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_add_epi64(half, bias)));
        let second = _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_add_epi64(rest, bias)));
        _mm256_mul_pd(_mm256_mul_pd(x, first), second)
    }
}
