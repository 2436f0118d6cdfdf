//! The register tile that every product is made of, and its walk over a matrix.
//!
//! A tile holds R rows x U unit vectors x G gates of sums in registers and runs down k once: per k, U·G loads of the
//! packed operand and R broadcasts feed R·U·G fused multiply-adds. So each sum is one chain along k whatever the
//! tile. Then the epilogue gets all gates of a unit at once.

use super::operand::{Left, Panels};
use crate::PANEL;
use crate::vector::Vector;

/// What happens to the sums of `active` units from `unit` on of one row.
pub(crate) trait Epilogue<V: Vector, const G: usize> {
    /// Where the chains begin.
    fn start(&self, row: usize, unit: usize, active: usize) -> [V; G];
    fn finish(&mut self, row: usize, unit: usize, active: usize, sums: [V; G]);
}

/// start + a·b for every row of `a` and unit of `b`, each given to `epilogue`.
#[inline(always)]
pub(crate) fn multiply<V: Vector, L: Left<V::Element>, P: Epilogue<V, G>, const G: usize>(
    a: L,
    b: Panels<'_, V::Element>,
    epilogue: &mut P,
) {
    assert_eq!(b.gates, G);
    assert_eq!(a.depth(), b.depth);
    let vectors = b.units.div_ceil(V::LANES);
    let single = V::REGISTERS >= 16 && a.rows() == 1;
    let mut vector = 0;
    while vector < vectors {
        let left = vectors - vector;
        // One row alone needs several vectors in flight to hide the latency of its chains.
        vector += if G == 1 && single && left >= 8 {
            rows::<V, L, P, 8, G>(a, b, vector, epilogue)
        } else if G > 1 && single && left >= 2 {
            rows::<V, L, P, 2, G>(a, b, vector, epilogue)
        } else if G == 1 && V::REGISTERS >= 32 && left >= 4 {
            rows::<V, L, P, 4, G>(a, b, vector, epilogue)
        } else if G == 1 && V::REGISTERS >= 16 && left >= 2 {
            rows::<V, L, P, 2, G>(a, b, vector, epilogue)
        } else {
            rows::<V, L, P, 1, G>(a, b, vector, epilogue)
        };
    }
}

/// Most rows of a tile.
const TALLEST: usize = 6;

/// Rows of the next tile with `columns` columns if `left` rows are left: three quarters of the registers hold sums.
#[inline(always)]
fn height<V: Vector>(columns: usize, left: usize) -> usize {
    let most = if columns > 4 { 1 } else { V::REGISTERS * 3 / 4 / columns };
    if most >= 6 && left >= 6 {
        6
    } else if V::REGISTERS >= 32 && most >= 4 && left >= 4 {
        4
    } else if V::REGISTERS < 32 && most >= 3 && left >= 3 {
        3
    } else if most >= 2 && left >= 2 {
        2
    } else {
        1
    }
}

/// All rows of `a` with the `U` unit vectors of `b` from `vector` on. Returns `U`.
#[inline(always)]
fn rows<V: Vector, L: Left<V::Element>, P: Epilogue<V, G>, const U: usize, const G: usize>(
    a: L,
    b: Panels<'_, V::Element>,
    vector: usize,
    epilogue: &mut P,
) -> usize {
    let first = vector * V::LANES;
    let mut right = [std::ptr::null::<V::Element>(); U];
    for (u, start) in right.iter_mut().enumerate() {
        *start = b.start_of(first + u * V::LANES);
    }
    let mut left = [std::ptr::null::<V::Element>(); TALLEST];
    let mut sums = [[[V::zero(); G]; U]; TALLEST];
    let mut row = 0;
    while row < a.rows() {
        let height = height::<V>(U * G, a.rows() - row);
        for (r, (start, sums)) in left.iter_mut().zip(&mut sums).enumerate().take(height) {
            *start = a.start(row + r);
            let mut unit = first;
            for sums in sums {
                *sums = epilogue.start(row + r, unit, V::LANES.min(b.units - unit));
                unit += V::LANES;
            }
        }
        // SAFETY: the first `height` of `left` are rows of `a`, readable as its trait says; `right` starts unit
        // vectors of panels, as LANES divides PANEL, and a panel holds `depth` steps of G·PANEL elements from there.
        unsafe {
            match height {
                6 => chain::<V, L, 6, U, G>(&left, &right, b.depth, &mut sums),
                4 => chain::<V, L, 4, U, G>(&left, &right, b.depth, &mut sums),
                3 => chain::<V, L, 3, U, G>(&left, &right, b.depth, &mut sums),
                2 => chain::<V, L, 2, U, G>(&left, &right, b.depth, &mut sums),
                _ => chain::<V, L, 1, U, G>(&left, &right, b.depth, &mut sums),
            }
        }
        for (r, sums) in sums.iter().enumerate().take(height) {
            let mut unit = first;
            for &sums in sums {
                epilogue.finish(row + r, unit, V::LANES.min(b.units - unit), sums);
                unit += V::LANES;
            }
        }
        row += height;
    }
    U
}

/// The first `R` of `sums` += left·right along `depth` steps. A copy of them is worked on, whose indices are all known
/// after unrolling: it stays in registers, which an array that is also indexed by the loops around would not.
///
/// # Safety
/// - Each of the first `R` of `left` is readable at k·STEP for k < depth.
/// - Each of `right` is readable for `LANES` elements at (k·G + g)·PANEL for k < depth, g < G.
#[inline(always)]
unsafe fn chain<V: Vector, L: Left<V::Element>, const R: usize, const U: usize, const G: usize>(
    left: &[*const V::Element; TALLEST],
    right: &[*const V::Element; U],
    depth: usize,
    sums: &mut [[[V; G]; U]; TALLEST],
) {
    let mut registers = [[[V::zero(); G]; U]; R];
    for (registers, sums) in registers.iter_mut().zip(sums.iter()) {
        *registers = *sums;
    }
    for k in 0..depth {
        // What there are fewer of, columns or rows, is held in registers beside the sums.
        if U * G <= R {
            let mut columns = [[V::zero(); G]; U];
            for (columns, &start) in columns.iter_mut().zip(right) {
                for (g, column) in columns.iter_mut().enumerate() {
                    // SAFETY: as the caller says.
                    *column = unsafe { V::load(start.add((k * G + g) * PANEL)) };
                }
            }
            for (registers, &start) in registers.iter_mut().zip(left) {
                // SAFETY: as the caller says.
                let x = V::splat(unsafe { *start.add(k * L::STEP) });
                for (registers, columns) in registers.iter_mut().zip(columns) {
                    for (sum, column) in registers.iter_mut().zip(columns) {
                        *sum = x.mul_add(column, *sum);
                    }
                }
            }
        } else {
            for (u, &start) in right.iter().enumerate() {
                for g in 0..G {
                    // SAFETY: as the caller says.
                    let column = unsafe { V::load(start.add((k * G + g) * PANEL)) };
                    for (&start, registers) in left.iter().zip(&mut registers) {
                        // SAFETY: as the caller says.
                        let x = V::splat(unsafe { *start.add(k * L::STEP) });
                        registers[u][g] = x.mul_add(column, registers[u][g]);
                    }
                }
            }
        }
    }
    for (registers, sums) in registers.iter().zip(sums) {
        *sums = *registers;
    }
}
