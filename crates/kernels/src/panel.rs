//! The two numbers of the contract on bits: both decide in which order elements are added up.

/// Outputs in one packed panel, and virtual lanes of every reduction.
pub const PANEL: usize = 16;

/// The most rows that one sum over rows adds up from zero; a longer sum is a sum of such sums.
pub const MOST_SUMMED: usize = 256;

/// Combines lane j of a power of two of lanes with lane j + half of them, and so on down to one.
#[inline(always)]
pub(crate) fn tree<E: Copy>(lanes: &mut [E], combine: impl Fn(E, E) -> E) -> E {
    let mut half = lanes.len() / 2;
    while half > 0 {
        for j in 0..half {
            lanes[j] = combine(lanes[j], lanes[j + half]);
        }
        half /= 2;
    }
    lanes[0]
}
