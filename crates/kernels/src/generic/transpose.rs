//! The transpose of a square of 16 x 16 words.

use crate::line::Line;
use crate::panel::PANEL;

/// Words of a register, on every x86-64.
#[cfg(target_arch = "x86_64")]
const SIDE: usize = 4;

/// Transposes a square, four by four words at a time: compilers leave the plain loop one word at a time.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn transpose(square: &mut [Line<u32>]) {
    assert_eq!(square.len(), PANEL);
    use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_store_si128};
    let at = |square: &mut [Line<u32>], row: usize, column: usize| -> *mut __m128i {
        square[row].0[column..column + SIDE].as_mut_ptr().cast()
    };
    for row in (0..PANEL).step_by(SIDE) {
        for column in (row..PANEL).step_by(SIDE) {
            // SAFETY: SSE2 is part of x86-64; `at` gives four words of an aligned line, at a multiple of four.
            unsafe {
                let above: [_; SIDE] = std::array::from_fn(|i| _mm_load_si128(at(square, row + i, column)));
                let below: [_; SIDE] = std::array::from_fn(|i| _mm_load_si128(at(square, column + i, row)));
                for (i, (above, below)) in transposed(above).into_iter().zip(transposed(below)).enumerate() {
                    _mm_store_si128(at(square, column + i, row), above);
                    _mm_store_si128(at(square, row + i, column), below);
                }
            }
        }
    }
}

/// Transposes four rows of four words.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn transposed(rows: [std::arch::x86_64::__m128i; SIDE]) -> [std::arch::x86_64::__m128i; SIDE] {
    use std::arch::x86_64::{_mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi32, _mm_unpacklo_epi64};
    let [a, b, c, d] = rows;
    // SAFETY: SSE2 is part of x86-64.
    unsafe {
        let (low, high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
        let (others_low, others_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
        [
            _mm_unpacklo_epi64(low, others_low),
            _mm_unpackhi_epi64(low, others_low),
            _mm_unpacklo_epi64(high, others_high),
            _mm_unpackhi_epi64(high, others_high),
        ]
    }
}

/// Transposes a square.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn transpose(square: &mut [Line<u32>]) {
    assert_eq!(square.len(), PANEL);
    for row in 0..PANEL {
        for column in row + 1..PANEL {
            let word = square[row].0[column];
            square[row].0[column] = square[column].0[row];
            square[column].0[row] = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let word = |row: usize, column: usize| (100 * row + column) as u32;
        let mut square: [_; PANEL] = std::array::from_fn(|row| Line(std::array::from_fn(|i| word(row, i))));
        transpose(&mut square);
        for (row, line) in square.iter().enumerate() {
            assert_eq!(line.0, std::array::from_fn(|column| word(column, row)));
        }
    }
}
