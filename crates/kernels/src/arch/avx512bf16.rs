//! AVX-512-BF16: rounding to pairs. The vector of AVX-512 multiplies pairs by `dot`.

use std::arch::x86_64::*;

use crate::bf16::Interleave;
use crate::line::Line;
use crate::panel::PANEL;

/// Rounds `source` to pairs, with zeros behind them.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
pub(crate) fn round_pairs(source: &[f32], target: &mut [u32]) {
    assert!(source.len() <= 2 * target.len());
    let mut vectors = source.chunks_exact(2 * PANEL);
    let mut lines = target.chunks_exact_mut(PANEL);
    for (vector, line) in (&mut vectors).zip(&mut lines) {
        // SAFETY: `vector` has 32 elements, `line` 16 words.
        unsafe {
            let low = _mm512_loadu_ps(vector.as_ptr());
            let high = _mm512_loadu_ps(vector.as_ptr().add(PANEL));
            let pairs = _mm512_cvtne2ps_pbh(high, low);
            line.as_mut_ptr().cast::<__m512bh>().write_unaligned(pairs);
        }
    }
    let rest = vectors.remainder();
    if let Some(line) = lines.next() {
        let mut padded = [0.0; 2 * PANEL];
        padded[..rest.len()].copy_from_slice(rest);
        round_pairs(&padded, line);
    }
    for line in lines {
        line.fill(0);
    }
}

/// Pairs of two rows by `vcvtne2ps2bf16` and a permutation. Named only inside functions with these features.
pub(crate) struct Avx512Bf16;

impl Interleave for Avx512Bf16 {
    #[inline(always)]
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]) {
        assert!(first.len() <= PANEL && second.len() <= PANEL);
        let mask = |row: &[f32]| ((1_u32 << row.len()) - 1) as __mmask16;
        // SAFETY: the CPU has the instructions, as the type says; the masks cover no more than the rows.
        unsafe {
            let low = _mm512_maskz_loadu_ps(mask(first), first.as_ptr());
            let high = _mm512_maskz_loadu_ps(mask(second), second.as_ptr());
            let halves: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(high, low));
            let order = _mm512_loadu_si512(ORDER.as_ptr().cast());
            _mm512_store_si512(line.0.as_mut_ptr().cast(), _mm512_permutexvar_epi16(order, halves));
        }
    }
}

/// Lanes of the permutation: 0, 16, 1, 17, ..
const ORDER: [u16; 2 * PANEL] = {
    let mut order = [0; 2 * PANEL];
    let mut i = 0;
    while i < 2 * PANEL {
        order[i] = (i / 2 + i % 2 * PANEL) as u16;
        i += 1;
    }
    order
};
