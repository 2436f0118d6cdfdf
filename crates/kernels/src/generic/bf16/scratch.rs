//! Cache lines, and the thread's buffers of them.

use std::cell::Cell;

use crate::PANEL;
use crate::element::Element;
use crate::operands::has_pairs;
use crate::view::Rows;

/// 16 words on a cache line of their own.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<T>(pub(crate) [T; PANEL]);

thread_local! {
    static PAIRS: Cell<Vec<Line<u32>>> = const { Cell::new(Vec::new()) };
}

/// The thread's buffer, made at least `lines` lines long, with anything in them; to be given back.
#[inline(always)]
pub(crate) fn take_lines(lines: usize) -> Vec<Line<u32>> {
    let mut buffer = PAIRS.take();
    if buffer.len() < lines {
        buffer.resize(lines, Line([0; PANEL]));
    }
    buffer
}

pub(crate) fn return_lines(buffer: Vec<Line<u32>>) {
    PAIRS.set(buffer);
}

/// The words of some lines.
#[inline(always)]
pub(crate) fn words<T>(lines: &[Line<T>]) -> &[T] {
    const { assert!(size_of::<Line<T>>() == PANEL * size_of::<T>()) };
    // SAFETY: a line is exactly an array of 16 words, as was just asserted.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * PANEL) }
}

/// The words of some lines, to write.
#[inline(always)]
pub(crate) fn words_mut<T>(lines: &mut [Line<T>]) -> &mut [T] {
    const { assert!(size_of::<Line<T>>() == PANEL * size_of::<T>()) };
    // SAFETY: as in `words`.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * PANEL) }
}

/// The same numbers; only `f32` has pairs.
#[inline(always)]
pub(crate) fn singles<E: Element>(x: &[E]) -> &[f32] {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len()) }
}

/// The same rows.
#[inline(always)]
pub(crate) fn single_rows<'a, E: Element>(x: Rows<'a, E>) -> Rows<'a, f32> {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32, so both are one type.
    unsafe { std::mem::transmute_copy::<Rows<'a, E>, Rows<'a, f32>>(&x) }
}

/// The other way.
#[inline(always)]
pub(crate) fn elements_mut<E: Element>(x: &mut [f32]) -> &mut [E] {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
}

/// Pairs as elements, by their bits.
#[inline(always)]
pub(crate) fn by_bits<E: Element>(pairs: &[u32]) -> &[E] {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32, and any bits are one.
    unsafe { std::slice::from_raw_parts(pairs.as_ptr().cast(), pairs.len()) }
}

/// The bits of some elements, to write.
#[inline(always)]
pub(crate) fn bits_mut<E: Element>(x: &mut [E]) -> &mut [u32] {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32, and any bits are one.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
}

/// The pairs that lines of elements hold, by their bits, to write.
#[inline(always)]
pub(crate) fn pairs_mut<E: Element>(lines: &mut [Line<E>]) -> &mut [Line<u32>] {
    assert!(has_pairs::<E>(), "only f32 has pairs");
    // SAFETY: E is f32, and any bits are one.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len()) }
}
