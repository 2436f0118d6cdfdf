//! The register tile of every product outside of AMX, and the walk of the tile over a matrix.
//!
//! A tile holds R rows x U vectors of units x G gates of sums in registers and runs down k once: per k, U·G loads of the
//! packed operand and R broadcasts feed R·U·G fused multiply-adds, or dot products of pairs. So each sum is one chain along
//! k, whatever the shape of its tile. Then the epilogue gets all gates of a unit at once.

use super::operand::{Left, Right};
use crate::tuning::{NEAR, TALLEST};
use crate::vector::{Outlined, Vector};

/// The two ends of the chains of a product: their starts, and the use of their sums.
pub(crate) trait Epilogue<V: Vector, const G: usize> {
    /// The code of the epilogue is large: inlined beside a chain, it would push the sums of the chain out of the registers.
    const LARGE: bool = false;
    /// The starts of the chains of `active` units from `unit` on of one row.
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; G];
    /// Uses the sums of these units.
    fn finish(&mut self, row: usize, unit: usize, active: usize, sums: [V; G]);
    /// Ends the work on these units. Called once all units of a tile are finished, so that long chains of operations of
    /// several units overlap.
    #[inline(always)]
    fn complete(&mut self, _row: usize, _unit: usize, _active: usize) {}
}

/// start + a·b for every row of `a` and unit of `b`, each given to `epilogue`; from the last units to the first if
/// `reversed`.
#[inline(always)]
pub(crate) fn multiply<V, L, B, P, const G: usize>(a: L, b: B, reversed: bool, epilogue: &mut P)
where
    V: Vector,
    L: Left<V::Element>,
    B: Right<V::Element, G>,
    P: Epilogue<V, G>,
{
    assert_eq!(a.depth(), b.depth());
    let vectors = b.units().div_ceil(V::LANES);
    let single = V::REGISTERS >= 16 && a.rows() == 1;
    let near = vectors * V::LANES * b.depth() * G * size_of::<V::Element>() <= NEAR;
    let mut left = vectors;
    while left > 0 {
        let walk = Walk { reversed, vectors, left };
        // A single row needs several vectors in flight to hide the latency of its chains. Several gates of one vector do as
        // well, and better if the weights are not near: far weights come faster in one stream than in two.
        left -= if G == 1 && single && near && left >= 8 {
            rows::<V, L, B, P, 8, G>(a, b, walk, epilogue)
        } else if G > 1 && single && near && left >= 2 {
            rows::<V, L, B, P, 2, G>(a, b, walk, epilogue)
        } else if G == 1 && V::REGISTERS >= 32 && left >= 4 {
            rows::<V, L, B, P, 4, G>(a, b, walk, epilogue)
        } else if G == 1 && V::REGISTERS >= 16 && left >= 2 {
            rows::<V, L, B, P, 2, G>(a, b, walk, epilogue)
        } else {
            rows::<V, L, B, P, 1, G>(a, b, walk, epilogue)
        };
    }
}

/// A walk over vectors of units.
#[derive(Clone, Copy)]
struct Walk {
    reversed: bool,
    vectors: usize,
    /// Vectors not yet visited.
    left: usize,
}

impl Walk {
    /// The first of the next `count` vectors.
    #[inline(always)]
    fn next(self, count: usize) -> usize {
        if self.reversed { self.left - count } else { self.vectors - self.left }
    }
}

/// Rows of the next tile with `columns` vectors and gates if `left` rows are left: three quarters of the registers hold
/// sums. Tiles are of nearly equal height: a low one at the end would wait for the latency of its few sums, or for B to pass
/// once more.
#[inline(always)]
fn height<V: Vector>(columns: usize, left: usize) -> usize {
    let most = match columns {
        5.. => 1,
        3.. if V::REGISTERS < 32 => (V::REGISTERS * 3 / 4 / columns).min(3),
        _ => (V::REGISTERS * 3 / 4 / columns).min(TALLEST),
    };
    left.div_ceil(left.div_ceil(most.max(1)))
}

/// All rows of `a` with the next `U` vectors of units of `b`. Returns `U`.
#[inline(always)]
fn rows<V, L, B, P, const U: usize, const G: usize>(a: L, b: B, walk: Walk, epilogue: &mut P) -> usize
where
    V: Vector,
    L: Left<V::Element>,
    B: Right<V::Element, G>,
    P: Epilogue<V, G>,
{
    let first = walk.next(U) * V::LANES;
    let mut sums = [[[V::zero(); G]; U]; TALLEST];
    let mut row = 0;
    while row < a.rows() {
        let height = height::<V>(U * G, a.rows() - row);
        for (r, sums) in sums.iter_mut().enumerate().take(height) {
            let mut unit = first;
            for sums in sums {
                *sums = epilogue.start(row + r, unit, V::LANES.min(b.units() - unit));
                unit += V::LANES;
            }
        }
        // SAFETY: `row + height <= a.rows()`, and the first of each of the `U` vectors is a unit of `b`.
        unsafe {
            match height {
                6 => chain::<V, L, B, P, 6, U, G>(a, row, b, first, &mut sums),
                5 => chain::<V, L, B, P, 5, U, G>(a, row, b, first, &mut sums),
                4 => chain::<V, L, B, P, 4, U, G>(a, row, b, first, &mut sums),
                3 => chain::<V, L, B, P, 3, U, G>(a, row, b, first, &mut sums),
                2 => chain::<V, L, B, P, 2, U, G>(a, row, b, first, &mut sums),
                _ => chain::<V, L, B, P, 1, U, G>(a, row, b, first, &mut sums),
            }
        }
        for (r, sums) in sums.iter().enumerate().take(height) {
            let mut unit = first;
            for &sums in sums {
                epilogue.finish(row + r, unit, V::LANES.min(b.units() - unit), sums);
                unit += V::LANES;
            }
        }
        for r in 0..height {
            for u in 0..U {
                let unit = first + u * V::LANES;
                epilogue.complete(row + r, unit, V::LANES.min(b.units() - unit));
            }
        }
        row += height;
    }
    U
}

/// The first `R` of `sums` += `R` rows of `a` from `row` on · `U` vectors of `b` from `unit` on.
///
/// # Safety
/// - `row + R <= a.rows()`, and `unit + u·LANES < b.units()` for u < U.
#[inline(always)]
unsafe fn chain<V, L, B, P, const R: usize, const U: usize, const G: usize>(
    a: L,
    row: usize,
    b: B,
    unit: usize,
    sums: &mut [[[V; G]; U]; TALLEST],
) where
    V: Vector,
    L: Left<V::Element>,
    B: Right<V::Element, G>,
    P: Epilogue<V, G>,
{
    let chain = Chain::<V, L, B, R, U, G> { a, row, b, unit, sums };
    // Inlined beside a large epilogue, the sums of the chain are spilled.
    if P::LARGE { V::outlined(chain) } else { chain.run() }
}

/// The arguments of a [`chain`]; the caller says that its rows and units exist.
struct Chain<'a, V, L, B, const R: usize, const U: usize, const G: usize> {
    a: L,
    row: usize,
    b: B,
    unit: usize,
    sums: &'a mut [[[V; G]; U]; TALLEST],
}

impl<V, L, B, const R: usize, const U: usize, const G: usize> Outlined for Chain<'_, V, L, B, R, U, G>
where
    V: Vector,
    L: Left<V::Element>,
    B: Right<V::Element, G>,
{
    #[inline(always)]
    fn run(self) {
        let Self { a, row, b, unit, sums } = self;
        // All indices of this copy are known after unrolling, so the copy stays in registers.
        let mut registers = [[[V::zero(); G]; U]; R];
        for (registers, sums) in registers.iter_mut().zip(sums.iter()) {
            *registers = *sums;
        }
        let add = |x: V, y: V, sum: V| {
            if B::IN_PAIRS {
                // SAFETY: operands in pairs are the proof that the CPU has the instruction.
                unsafe { x.dot(y, sum) }
            } else {
                x.mul_add(y, sum)
            }
        };
        for k in 0..a.depth() {
            // Registers hold the sums and, of columns and rows, the fewer.
            if U * G <= R {
                let mut columns = [[V::zero(); G]; U];
                for (u, columns) in columns.iter_mut().enumerate() {
                    for (g, column) in columns.iter_mut().enumerate() {
                        // SAFETY: the rows and units exist, so the operands give a readable address.
                        *column = unsafe { V::load(b.at(unit + u * V::LANES, k, g)) };
                    }
                }
                for (r, registers) in registers.iter_mut().enumerate() {
                    // SAFETY: the rows and units exist, so the operands give a readable address.
                    let x = V::splat(unsafe { *a.at(row + r, k) });
                    for (registers, columns) in registers.iter_mut().zip(columns) {
                        for (sum, column) in registers.iter_mut().zip(columns) {
                            *sum = add(x, column, *sum);
                        }
                    }
                }
            } else {
                for u in 0..U {
                    for g in 0..G {
                        // SAFETY: the rows and units exist, so the operands give a readable address.
                        let column = unsafe { V::load(b.at(unit + u * V::LANES, k, g)) };
                        for (r, registers) in registers.iter_mut().enumerate() {
                            // SAFETY: the rows and units exist, so the operands give a readable address.
                            let x = V::splat(unsafe { *a.at(row + r, k) });
                            registers[u][g] = add(x, column, registers[u][g]);
                        }
                    }
                }
            }
        }
        for (registers, sums) in registers.iter().zip(sums) {
            *sums = *registers;
        }
    }
}
