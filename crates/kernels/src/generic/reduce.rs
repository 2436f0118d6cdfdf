//! Reductions in 16 virtual lanes and one fixed tree.

use super::access::read;
use super::exponential::exp;
use crate::number::Number;
use crate::panel::{PANEL, tree};
use crate::vector::{FOUR, Vector};

/// Accumulators of a reduction. The first PANEL / LANES are in use: together they have one lane for each virtual lane.
pub(crate) type Lanes<V> = [V; 4];

/// Updates the accumulator of every vector of `0..length`: vector `at / LANES` belongs to accumulator
/// `at / LANES % (PANEL / LANES)`.
macro_rules! fold_vectors {
    ($vector:ty, $length:expr, $lanes:ident, |$sum:ident, $at:ident, $active:ident| $body:expr) => {{
        let length: usize = $length;
        let per_panel = PANEL / <$vector>::LANES;
        let mut panel = 0;
        while panel + PANEL <= length {
            for (j, lane) in $lanes[..per_panel].iter_mut().enumerate() {
                let ($sum, $at, $active) = (*lane, panel + j * <$vector>::LANES, <$vector>::LANES);
                *lane = $body;
            }
            panel += PANEL;
        }
        for (j, lane) in $lanes[..per_panel].iter_mut().enumerate() {
            let ($sum, $at) = (*lane, panel + j * <$vector>::LANES);
            if $at < length {
                let $active = <$vector>::LANES.min(length - $at);
                *lane = $body;
            }
        }
    }};
}
pub(crate) use fold_vectors;

#[inline(always)]
fn spread<V: Vector>(lanes: Lanes<V>) -> [V::Element; PANEL] {
    let mut all = [V::Element::ZERO; PANEL];
    for (target, lane) in all.chunks_exact_mut(V::LANES).zip(lanes) {
        lane.write(target);
    }
    all
}

#[inline(always)]
pub(crate) fn total<V: Vector>(lanes: Lanes<V>) -> V::Element {
    tree(&mut spread(lanes), |a, b| a + b)
}

/// The totals of `FOUR` sums, each with the bits of [`total`]: the additions of all of them go side by side.
#[inline(always)]
pub(crate) fn totals<V: Vector>(sums: [Lanes<V>; FOUR]) -> [V::Element; FOUR] {
    let mut joined = [V::zero(); FOUR];
    for (joined, lanes) in joined.iter_mut().zip(sums) {
        // Lanes that are far apart are in other accumulators.
        *joined = match PANEL / V::LANES {
            1 => lanes[0],
            2 => lanes[0] + lanes[1],
            _ => (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]),
        };
    }
    V::totals(joined)
}

#[inline(always)]
pub(crate) fn sum<V: Vector>(x: &[V::Element]) -> V::Element {
    let mut lanes = [V::zero(); 4];
    fold_vectors!(V, x.len(), lanes, |sum, at, active| sum + read(x, at, active));
    total(lanes)
}

#[inline(always)]
pub(crate) fn exponential_sum<V: Vector>(x: &[V::Element], shift: V::Element) -> V::Element {
    let (mut sum, shift) = (V::Element::ZERO, V::splat(shift));
    for_each_vector!(V, x.len(), |at, active| {
        let mut lanes = [V::Element::ZERO; PANEL];
        exp(read::<V>(x, at, active) - shift).write(&mut lanes[..V::LANES]);
        lanes[..active].iter().for_each(|&lane| sum += lane);
    });
    sum
}

#[inline(always)]
pub(crate) fn max<V: Vector>(x: &[V::Element]) -> V::Element {
    let lowest = V::Element::NEG_INFINITY;
    let mut lanes = [V::splat(lowest); 4];
    fold_vectors!(V, x.len(), lanes, |most, at, active| most
        .max(read::<V>(x, at, active).keep(active, lowest)));
    tree(&mut spread(lanes), Number::max)
}

/// Σ (s·xᵢ)² in f64 and 16 lanes. Not fused: the square of an `f32` is exact in f64, so fusing would gain nothing.
#[inline(always)]
fn squares<E: Number>(x: &[E], s: f64) -> f64 {
    let mut lanes = [0.0; PANEL];
    let mut panels = x.chunks_exact(PANEL);
    for panel in &mut panels {
        for (lane, x) in lanes.iter_mut().zip(panel) {
            let x = s * x.to_f64();
            *lane += x * x;
        }
    }
    for (lane, x) in lanes.iter_mut().zip(panels.remainder()) {
        let x = s * x.to_f64();
        *lane += x * x;
    }
    tree(&mut lanes, |a, b| a + b)
}

#[inline(always)]
pub(crate) fn norm<V: Vector>(x: &[V::Element]) -> f64 {
    let plain = squares(x, 1.0);
    if plain.is_nan() || (1e-200..=1e300).contains(&plain) {
        return plain.sqrt();
    }
    let largest = x.iter().fold(0.0, |most: f64, x| most.max(x.to_f64().abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    // s is a power of two, so scaling is exact: 2^-823 or 2^817.
    let s = if largest > 1.0 { f64::from_bits(0x0C80 << 48) } else { f64::from_bits(0x7300 << 48) };
    squares(x, s).sqrt() / s
}
