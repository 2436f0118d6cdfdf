//! The number format bf16: the upper half of an `f32`, 8 bits of exponent and 8 of precision.

use crate::line::Line;
use crate::number::Number;

/// Rounds to the nearest bf16, in the upper half of the result; the lower half is noise.
#[inline(always)]
fn nearest(x: f32) -> u32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    // A quiet NaN, even if all bits of the fraction are in the lower half.
    if bits & 0x7fff_ffff > 0x7f80_0000 { bits | 0x0040_0000 } else { rounded }
}

/// Rounds two numbers to the pair that an instruction takes: `first`, of the lower k, in the lower half.
#[inline(always)]
pub(crate) fn pair(first: f32, second: f32) -> u32 {
    nearest(first) >> 16 | nearest(second) & 0xffff_0000
}

/// Rounds `x` to `f32`, then to bf16; the type stays.
#[inline(always)]
pub(crate) fn rounded<E: Number>(x: E) -> E {
    E::from_f64(f32::from_bits(nearest(x.to_f64() as f32) & 0xffff_0000).into())
}

/// A way to form the pairs of two rows.
pub(crate) trait Interleave {
    /// Forms the pairs of up to 16 columns; `second` is as long as `first`, or empty in place of zeros.
    fn interleave(line: &mut Line<u32>, first: &[f32], second: &[f32]);
}
