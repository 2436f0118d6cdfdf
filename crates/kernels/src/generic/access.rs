//! Vectors from slices and back.

use crate::number::Number;
use crate::vector::Vector;

/// Reads `active` elements from `at` on.
#[inline(always)]
pub(crate) fn read<V: Vector>(x: &[V::Element], at: usize, active: usize) -> V {
    V::read(&x[at..at + active])
}

/// Writes `active` lanes from `at` on.
#[inline(always)]
pub(crate) fn write<V: Vector>(v: V, y: &mut [V::Element], at: usize, active: usize) {
    v.write(&mut y[at..at + active]);
}

/// Fetches the cache line of an element ahead of its use.
#[inline(always)]
pub(crate) fn prefetch<E>(x: &[E], at: usize) {
    let element = &raw const x[at];
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64, and a prefetch reads nothing.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(element.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = element;
}

/// The bias of `G` gates of `units` units each, or zero. Never -0: adding products of zeros leaves all other numbers as
/// they are.
#[inline(always)]
pub(crate) fn bias<V: Vector, const G: usize>(
    bias: Option<&[V::Element]>,
    units: usize,
    unit: usize,
    active: usize,
) -> [V; G] {
    let mut start = [V::splat(V::Element::ZERO); G];
    if let Some(bias) = bias {
        for (g, start) in start.iter_mut().enumerate() {
            *start = read::<V>(bias, g * units + unit, active) + V::zero();
        }
    }
    start
}
