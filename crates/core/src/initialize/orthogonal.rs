//! Random orthogonal matrices.

use std::array;

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Packed, Precision, Start, Team};

use crate::memory::zeros;
use crate::random::Stream;
use crate::{Error, Result};

/// Reflections that are applied together, so that nearly all work is products of matrices. Another number changes bits.
const PANEL: usize = 64;

/// Rows that a panel is applied to at a time: with the panel they stay in the cache.
const ROWS: usize = 128;

const WHAT: &str = "the drawing of orthogonal weights";

/// Multiplications that drawing a matrix takes, to within its lower orders.
pub(super) fn cost(rows: usize, columns: usize) -> f64 {
    let (count, length) = (rows.min(columns) as f64, rows.max(columns) as f64);
    2.0 * count * count * (length - count / 3.0)
}

/// Draws matrix `index` of `stream`: `rows` x `columns`, with orthonormal rows, or columns if there are more rows.
pub(super) fn orthogonal<E: Element>(
    kernels: Kernels<f64>,
    (stream, index): (&Stream, u64),
    (rows, columns): (usize, usize),
    values: &mut [E],
) -> Result<()> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let vectors = frame(kernels, (stream, index), count, length)?;
    for (i, vector) in vectors.chunks_exact(length).enumerate() {
        for (j, &x) in vector.iter().enumerate() {
            values[if rows <= columns { i * columns + j } else { j * columns + i }] = E::from_f64(x);
        }
    }
    Ok(())
}

/// `count` orthonormal vectors of `length` numbers, one after the other: the first columns of H₁ H₂ … D, with the
/// reflections and signs by which Householder's method would factor a Gaussian matrix such that R has a positive
/// diagonal. So the vectors are distributed by Haar's measure without a factorization, since each reflection depends on
/// one Gaussian vector alone (Stewart, 1980).
fn frame(kernels: Kernels<f64>, draws: (&Stream, u64), count: usize, length: usize) -> Result<Vec<f64>> {
    let mut vectors = zeros(count * length, WHAT)?;
    let mut panel = Panel::new(kernels, PANEL.min(count), length)?;
    // The last reflections come first: vector i is still the unit vector i when reflection i is applied to it.
    for start in (0..count).step_by(PANEL).rev() {
        let (height, width) = (PANEL.min(count - start), length - start);
        for i in 0..height {
            vectors[(start + i) * (length + 1)] = panel.draw(draws, start + i, i, width);
        }
        panel.join(height, width)?;
        panel.apply((&mut vectors[start * length..], length), height, width)?;
    }
    Ok(vectors)
}

/// The product of some reflections I - v vᵀ of the last coordinates: I - Σ xᵢ vᵢᵀ = I - Xᵀ V (Bischof and Van Loan,
/// 1987).
struct Panel {
    kernels: Kernels<f64>,
    /// The rows v.
    directions: Vec<f64>,
    /// The rows x.
    images: Vec<f64>,
    /// The products of the directions, then the numbers L of X = L V.
    mixes: Vec<f64>,
    /// The products of some vectors with the directions.
    overlaps: Vec<f64>,
}

impl Panel {
    fn new(kernels: Kernels<f64>, height: usize, width: usize) -> Result<Self> {
        Ok(Self {
            kernels,
            directions: zeros(height * width, WHAT)?,
            images: zeros(height * width, WHAT)?,
            mixes: zeros(height * height, WHAT)?,
            overlaps: zeros(ROWS * height, WHAT)?,
        })
    }

    /// Draws reflection `number` as the panel's `i`-th, and gives its sign in D.
    fn draw(&mut self, (stream, index): (&Stream, u64), number: usize, i: usize, width: usize) -> f64 {
        let direction = &mut self.directions[i * width..][..width];
        direction[..i].fill(0.0);
        reflection(stream, (index, number), &mut direction[i..])
    }

    /// Finds the images: xᵢ = (H₁ … Hᵢ₋₁) vᵢ = vᵢ - Σ (vᵢ vⱼ) xⱼ, over the j before i.
    fn join(&mut self, height: usize, width: usize) -> Result<()> {
        let directions = Matrix::new(&self.directions[..height * width], height, width);
        let mixes = &mut self.mixes[..height * height];
        let across = packed(self.kernels, directions, true)?;
        self.kernels.product(
            &Team::new(1),
            MatrixMut::new(mixes, height, height),
            Start::Zero,
            directions,
            &across,
        );
        for i in 0..height {
            let (done, rest) = mixes.split_at_mut(i * height);
            let (row, unit) = rest[..=i].split_at_mut(i);
            let overlaps: [f64; PANEL] = array::from_fn(|j| row.get(j).copied().unwrap_or_default());
            row.fill(0.0);
            unit[0] = 1.0;
            for (earlier, overlap) in done.chunks_exact(height).zip(overlaps) {
                row.iter_mut().zip(earlier).for_each(|(x, y)| *x -= overlap * y);
            }
            rest[i + 1..height].fill(0.0);
        }
        let along = packed(self.kernels, directions, false)?;
        let images = MatrixMut::new(&mut self.images[..height * width], height, width);
        self.kernels.product(&Team::new(1), images, Start::Zero, Matrix::new(mixes, height, height), &along);
        Ok(())
    }

    /// Applies the product of `height` reflections to the last `width` numbers of vectors of `length`.
    fn apply(&mut self, (vectors, length): (&mut [f64], usize), height: usize, width: usize) -> Result<()> {
        let (alone, size, from) = (Team::new(1), height * width, length - width);
        let across = packed(self.kernels, Matrix::new(&self.directions[..size], height, width), true)?;
        let along = packed(self.kernels, Matrix::new(&self.images[..size], height, width), false)?;
        for vectors in vectors.chunks_mut(ROWS * length) {
            let rows = vectors.len() / length;
            let overlaps = &mut self.overlaps[..rows * height];
            // Z -= (Z Vᵀ) X
            let source = Matrix::strided(&vectors[from..], rows, width, length);
            self.kernels.product(
                &alone,
                MatrixMut::new(overlaps, rows, height),
                Start::Zero,
                source,
                &across,
            );
            overlaps.iter_mut().for_each(|overlap| *overlap = -*overlap);
            let target = MatrixMut::strided(&mut vectors[from..], rows, width, length);
            self.kernels.product(
                &alone,
                target,
                Start::Accumulate,
                Matrix::new(overlaps, rows, height),
                &along,
            );
        }
        Ok(())
    }
}

/// A matrix, or its transpose, in the order in which products read it.
fn packed(kernels: Kernels<f64>, matrix: Matrix<'_, f64>, transposed: bool) -> Result<Packed<f64>> {
    let (rows, columns, operands) = (matrix.rows(), matrix.columns(), kernels.operands(Precision::Full));
    let empty = if transposed {
        Packed::try_transposed(rows, columns, 1, operands)
    } else {
        Packed::try_plain(rows, columns, operands)
    };
    let mut packed =
        empty.map_err(|_| Error::size(format!("no memory for a pack of {rows} x {columns}: {WHAT}")))?;
    packed.pack(matrix);
    Ok(packed)
}

/// Fills `v` such that I - v vᵀ reflects a Gaussian vector onto the first axis, and gives the sign of what comes out there.
fn reflection(stream: &Stream, (index, number): (u64, usize), v: &mut [f64]) -> f64 {
    stream.at(index, number as u64).normals(v.len(), |i, x| v[i] = x);
    let (norm, first) = (dot(v, v).sqrt(), v[0].abs());
    let sign = if v[0] < 0.0 { 1.0 } else { -1.0 };
    v[0] -= sign * norm;
    // |v|² is now 2 |x| (|x| + |x₁|), and is to be 2. A vector of zeros stays, and reflects nothing.
    let square = norm * (norm + first);
    if square > 0.0 {
        let scale = 1.0 / square.sqrt();
        v.iter_mut().for_each(|x| *x *= scale);
    }
    sign
}

/// The inner product in eight interleaved sums: one order on every machine, and not one long chain.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use unrolled_kernels::Isa;

    use super::*;

    fn frame_of(kernels: Kernels<f64>, count: usize, length: usize) -> Vec<f64> {
        frame(kernels, (&Stream::new(3, "frame", 0), 1), count, length).unwrap()
    }

    /// The same product, one reflection of one vector at a time.
    fn one_by_one(count: usize, length: usize) -> Vec<f64> {
        let stream = Stream::new(3, "frame", 0);
        let mut vectors = vec![0.0; count * length];
        for i in 0..count {
            vectors[i * length + i] = 1.0;
        }
        for number in (0..count).rev() {
            let mut v = vec![0.0; length];
            let sign = reflection(&stream, (1, number), &mut v[number..]);
            vectors[number * length..][..length].iter_mut().for_each(|x| *x *= sign);
            for vector in vectors.chunks_exact_mut(length) {
                let overlap: f64 = vector.iter().zip(&v).map(|(x, v)| x * v).sum();
                vector.iter_mut().zip(&v).for_each(|(x, v)| *x -= overlap * v);
            }
        }
        vectors
    }

    const SIZES: [(usize, usize); 9] =
        [(1, 1), (1, 5), (7, 7), (31, 40), (32, 32), (33, 33), (70, 83), (97, 200), (130, 131)];

    #[test]
    fn panels_give_the_product_of_the_reflections() {
        for (count, length) in SIZES {
            for (x, expected) in
                frame_of(Kernels::detect().unwrap(), count, length).iter().zip(one_by_one(count, length))
            {
                assert!((x - expected).abs() < 1e-13, "{count} {length}: {x} {expected}");
            }
        }
    }

    #[test]
    fn vectors_are_orthonormal() {
        for (count, length) in SIZES {
            let vectors = frame_of(Kernels::detect().unwrap(), count, length);
            let vector = |i: usize| &vectors[i * length..][..length];
            for a in 0..count {
                for b in 0..=a {
                    let product: f64 = vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum();
                    let expected = if a == b { 1.0 } else { 0.0 };
                    assert!((product - expected).abs() < 1e-12, "{count} {length}: {a} {b} {product}");
                }
            }
        }
    }

    #[test]
    fn bits_are_the_same_on_every_instruction_set() {
        let draw = |isa| frame_of(Kernels::with(isa).unwrap(), 70, 83);
        let scalar = draw(Isa::Scalar);
        assert!(Kernels::<f64>::available().into_iter().all(|isa| draw(isa) == scalar));
    }

    #[test]
    fn the_sign_and_the_first_axis_are_what_a_reflection_leaves_of_its_vector() {
        let stream = Stream::new(5, "reflection", 0);
        for (number, length) in [(0, 1), (1, 2), (2, 3), (3, 50)] {
            let mut x = vec![0.0; length];
            stream.at(0, number as u64).normals(length, |i, value| x[i] = value);
            let mut v = vec![0.0; length];
            let sign = reflection(&stream, (0, number), &mut v);
            let overlap: f64 = x.iter().zip(&v).map(|(x, v)| x * v).sum();
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (i, (x, v)) in x.iter().zip(&v).enumerate() {
                let expected = if i == 0 { sign * norm } else { 0.0 };
                assert!((x - overlap * v - expected).abs() < 1e-14 * norm.max(1.0), "{length}: {i}");
            }
        }
    }
}
