//! Cache lines of 16 words: one step of k of one panel and gate, in packs and in gathered operands.

use crate::panel::PANEL;

/// 16 words on a cache line of their own.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<T>(pub(crate) [T; PANEL]);

/// The words of some lines.
#[inline(always)]
pub(crate) fn words<T>(lines: &[Line<T>]) -> &[T] {
    const { assert!(size_of::<Line<T>>() == PANEL * size_of::<T>()) };
    // SAFETY: a line is exactly an array of 16 words, as the assertion says.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * PANEL) }
}

/// The words of some lines, to write.
#[inline(always)]
pub(crate) fn words_mut<T>(lines: &mut [Line<T>]) -> &mut [T] {
    const { assert!(size_of::<Line<T>>() == PANEL * size_of::<T>()) };
    // SAFETY: as in `words`.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * PANEL) }
}
