//! The values of parameters before training.

use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut, Packed, Start, Team};

use crate::memory::zeros;
use crate::params::{Entry, Init, Layout};
use crate::random::{Draws, Stream};
use crate::{Error, Result};

/// The flat arena of `layout`, drawn with `seed`. Each parameter has its own random numbers, found by its name: another
/// layer more or less changes none of them. In `f32` the values are those of `f64`, rounded.
///
/// # Errors
/// `Size` when there is no memory for it, `Argument` when `UNROLLED_ISA` names an instruction set that the CPU lacks.
pub fn parameters<E: Element>(layout: &Layout, seed: u64) -> Result<Vec<E>> {
    let total = layout.total();
    let mut values = zeros(total, "the parameters")?;
    for entry in layout.entries() {
        fill(entry, seed, &mut values[entry.range()])?;
    }
    Ok(values)
}

fn no_memory(elements: usize) -> Error {
    Error::size(format!("no memory for {elements} parameter elements"))
}

fn fill<E: Element>(entry: &Entry, seed: u64, values: &mut [E]) -> Result<()> {
    // A node's name has no NUL, so none shares a parameter's numbers.
    let stream = Stream::new(seed, &format!("parameter\0{}", entry.name), 0);
    match &entry.init {
        Init::Zeros => values.fill(E::ZERO),
        Init::Constant { value } => values.fill(E::from_f64(*value)),
        Init::Blocks { values: constants } => {
            let block = values.len() / constants.len();
            for (block, constant) in values.chunks_exact_mut(block).zip(constants) {
                block.fill(E::from_f64(*constant));
            }
        }
        Init::Uniform { bound } => uniform(&mut stream.at(0, 0), *bound, values),
        Init::GlorotUniform => {
            let fans: usize = entry.shape.iter().sum();
            uniform(&mut stream.at(0, 0), (6.0 / fans as f64).sqrt(), values);
        }
        Init::Normal { std } => {
            normal(&mut stream.at(0, 0), values.len(), |i, x| values[i] = E::from_f64(std * x));
        }
        Init::Orthogonal { blocks } => {
            let (rows, columns) = (entry.shape[0] / blocks, entry.shape[1]);
            for (block, values) in values.chunks_exact_mut(rows * columns).enumerate() {
                orthogonal(&mut stream.at(block as u64, 0), rows, columns, values)?;
            }
        }
    }
    Ok(())
}

fn uniform<E: Element>(draws: &mut Draws, bound: f64, values: &mut [E]) {
    values.fill_with(|| E::from_f64(bound * (2.0 * draws.uniform() - 1.0)));
}

/// Calls `put(i, x)` with a standard normal `x` for each `i` below `count`.
fn normal(draws: &mut Draws, count: usize, mut put: impl FnMut(usize, f64)) {
    for i in (0..count).step_by(2) {
        let [first, second] = draws.normal_pair();
        put(i, first);
        if i + 1 < count {
            put(i + 1, second);
        }
    }
}

/// A random `rows` x `columns` matrix with orthonormal rows, or columns if there are more rows: the orthogonal factor
/// of a Gaussian matrix whose triangular factor has a positive diagonal, which is distributed by Haar's measure
/// (Stewart, 1980). Gram and Schmidt's method gives that sign by itself.
fn orthogonal<E: Element>(draws: &mut Draws, rows: usize, columns: usize, values: &mut [E]) -> Result<()> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors = Vec::new();
    vectors.try_reserve_exact(count * length).map_err(|_| no_memory(count * length))?;
    vectors.resize(count * length, 0.0);
    normal(draws, count * length, |i, x| vectors[i] = x);
    let kernels = Kernels::detect().map_err(|error| Error::argument(error.to_string()))?;
    orthonormalize(kernels, &mut vectors, length);
    for (i, vector) in vectors.chunks_exact(length).enumerate() {
        for (j, &x) in vector.iter().enumerate() {
            values[if rows <= columns { i * columns + j } else { j * columns + i }] = E::from_f64(x);
        }
    }
    Ok(())
}

/// Vectors that are made orthonormal together, so that most of the work is products of matrices. Another number changes
/// bits.
const PANEL: usize = 32;

/// Makes the vectors, each `length` long, orthonormal in their order: panel by panel, each first made
/// orthogonal to the panels before and then orthonormal within, both twice, which is enough (Giraud, Langou and
/// Rozložník, 2005).
fn orthonormalize(kernels: Kernels<f64>, vectors: &mut [f64], length: usize) {
    let (count, alone) = (vectors.len() / length, Team::new(1));
    for start in (0..count).step_by(PANEL) {
        let (done, rest) = vectors.split_at_mut(start * length);
        let rows = PANEL.min(count - start);
        let panel = &mut rest[..rows * length];
        let done = Matrix::new(done, start, length);
        let (mut across, mut along) = (Packed::transposed(start, length, 1), Packed::plain(start, length));
        across.pack(done);
        along.pack(done);
        let mut overlaps = vec![0.0; rows * start];
        for _ in 0..2 {
            // P -= (P Dᵀ) D
            let source = Matrix::new(panel, rows, length);
            kernels.product(&alone, MatrixMut::new(&mut overlaps, rows, start), Start::Zero, source, &across);
            overlaps.iter_mut().for_each(|overlap| *overlap = -*overlap);
            let target = MatrixMut::new(panel, rows, length);
            kernels.product(&alone, target, Start::Accumulate, Matrix::new(&overlaps, rows, start), &along);
            gram_schmidt(panel, length);
        }
    }
}

/// One pass of Gram and Schmidt's modified method.
fn gram_schmidt(vectors: &mut [f64], length: usize) {
    for i in 0..vectors.len() / length {
        let (done, rest) = vectors.split_at_mut(i * length);
        let vector = &mut rest[..length];
        for earlier in done.chunks_exact(length) {
            let overlap = dot(earlier, vector);
            vector.iter_mut().zip(earlier).for_each(|(x, e)| *x -= overlap * e);
        }
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
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
    use crate::params::Parameter;

    fn draw<E: Element>(name: &str, shape: &[usize], init: Init, seed: u64) -> Vec<E> {
        let parameter = Parameter { name: name.into(), shape: shape.into(), init };
        parameters(&Layout::new(vec![parameter]).unwrap(), seed).unwrap()
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    #[test]
    fn constants() {
        assert_eq!(draw::<f32>("b", &[3], Init::Zeros, 0), [0.0; 3]);
        assert_eq!(draw::<f32>("b", &[3], Init::Constant { value: 0.5 }, 0), [0.5; 3]);
        // The forget gate of an LSTM with two units.
        let forget = Init::Blocks { values: vec![0.0, 1.0, 0.0, 0.0] };
        assert_eq!(draw::<f64>("b", &[8], forget, 0), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(
            draw::<f64>("b", &[2, 3], Init::Blocks { values: vec![1.0, 2.0] }, 0),
            [1., 1., 1., 2., 2., 2.]
        );
    }

    #[test]
    fn uniform_fills_its_interval() {
        // Keras: limit = sqrt(6 / (fan_in + fan_out)).
        for (init, bound) in
            [(Init::GlorotUniform, (6.0f64 / 330.0).sqrt()), (Init::Uniform { bound: 0.25 }, 0.25)]
        {
            let values = draw::<f64>("w", &[300, 30], init, 1);
            assert!(values.iter().all(|x| (-bound..bound).contains(x)));
            let (mean, variance) = moments(&values);
            // Five standard deviations of the mean, and of the variance (4/45 bound^4 each).
            let n = 9000.0f64;
            assert!(mean.abs() < 5.0 * bound / (3.0 * n).sqrt(), "{mean}");
            assert!((variance - bound * bound / 3.0).abs() < 5.0 * bound * bound * (4.0 / 45.0 / n).sqrt());
        }
    }

    #[test]
    fn normal_has_its_deviation() {
        let values = draw::<f64>("w", &[101, 101], Init::Normal { std: 0.02 }, 1);
        let (mean, variance) = moments(&values);
        let n = 10201.0f64;
        assert!(mean.abs() < 5.0 * 0.02 / n.sqrt());
        assert!((variance - 4e-4).abs() < 5.0 * 4e-4 * (2.0 / n).sqrt());
    }

    #[test]
    fn an_odd_count_is_drawn_to_its_end() {
        for count in [1, 7] {
            let values = draw::<f64>("w", &[count], Init::Normal { std: 1.0 }, 1);
            let one_more = draw::<f64>("w", &[count + 1], Init::Normal { std: 1.0 }, 1);
            assert!(values == one_more[..count] && values[count - 1] != 0.0, "{values:?}");
        }
    }

    /// Vectors that are alike but for a ten-millionth lose half of their digits in a pass, none in two.
    #[test]
    fn nearly_equal_vectors_become_orthonormal() {
        let (count, length) = (40, 83);
        let mut vectors = vec![0.0; count * length];
        normal(&mut Stream::new(0, "alike", 0).at(0, 0), count * length, |i, x| vectors[i] = 1.0 + 1e-7 * x);
        orthonormalize(Kernels::detect().unwrap(), &mut vectors, length);
        for a in 0..count {
            for b in 0..=a {
                let pair = [a, b].map(|i| &vectors[i * length..][..length]);
                let product: f64 = pair[0].iter().zip(pair[1]).map(|(x, y)| x * y).sum();
                let expected = if a == b { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-12, "{a} {b}: {product}");
            }
        }
    }

    #[test]
    fn orthogonal_blocks_are_orthonormal() {
        for (rows, columns, blocks) in
            [(12, 3, 4), (8, 8, 1), (15, 7, 3), (70, 64, 1), (1, 5, 1), (5, 1, 1), (64, 200, 2), (200, 97, 1)]
        {
            let values = draw::<f64>("w", &[rows, columns], Init::Orthogonal { blocks }, 3);
            let height = rows / blocks;
            let mut parts = values.chunks_exact(height * columns);
            assert!(blocks == 1 || parts.next() != parts.next(), "blocks are drawn on their own");
            for block in values.chunks_exact(height * columns) {
                let at = |i: usize, j: usize| block[i * columns + j];
                let (count, length) = (height.min(columns), height.max(columns));
                for a in 0..count {
                    for b in 0..=a {
                        let product: f64 = (0..length)
                            .map(
                                |l| if height <= columns { at(a, l) * at(b, l) } else { at(l, a) * at(l, b) },
                            )
                            .sum();
                        let expected = if a == b { 1.0 } else { 0.0 };
                        assert!((product - expected).abs() < 1e-12, "{rows} x {columns}: {a} {b} {product}");
                    }
                }
            }
        }
    }

    #[test]
    fn orthogonal_bits_are_the_same_on_every_instruction_set() {
        let draw = |isa| {
            let mut vectors: Vec<f64> = vec![0.0; 70 * 83];
            normal(&mut Stream::new(0, "isa", 0).at(0, 0), vectors.len(), |i, x| vectors[i] = x);
            orthonormalize(Kernels::with(isa).unwrap(), &mut vectors, 83);
            vectors
        };
        let scalar = draw(Isa::Scalar);
        assert!(Kernels::<f64>::available().into_iter().all(|isa| draw(isa) == scalar));
    }

    #[test]
    fn orthogonal_matrices_follow_haars_measure() {
        // Of a Haar-distributed Q of size n, E Q_ij = 0 and E (trace Q)^2 = 1.
        let (mut corner, mut trace_square) = (0.0, 0.0);
        let n = 4000;
        for seed in 0..n {
            let q = draw::<f64>("w", &[3, 3], Init::Orthogonal { blocks: 1 }, seed);
            corner += q[0];
            trace_square += (q[0] + q[4] + q[8]).powi(2);
        }
        let n = n as f64;
        assert!((corner / n).abs() < 5.0 * (1.0 / 3.0 / n).sqrt(), "{}", corner / n);
        // Var (trace Q)^2 = E (trace Q)^4 - 1 is 2 at most (3 - 1 for large n).
        assert!((trace_square / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{}", trace_square / n);
    }

    #[test]
    fn a_parameter_depends_on_its_name_and_the_seed_alone() {
        let parameter =
            |name: &str| Parameter { name: name.into(), shape: vec![5, 3], init: Init::GlorotUniform };
        let both = Layout::new(vec![parameter("a"), parameter("b")]).unwrap();
        let alone = Layout::new(vec![parameter("b")]).unwrap();
        let values = parameters::<f32>(&both, 7).unwrap();
        assert_eq!(values[15..], parameters::<f32>(&alone, 7).unwrap());
        assert_ne!(values[..15], values[15..]);
        assert_ne!(values, parameters::<f32>(&both, 8).unwrap());
        let rounded: Vec<f32> = parameters::<f64>(&both, 7).unwrap().iter().map(|&x| x as f32).collect();
        assert_eq!(values, rounded);
    }

    #[test]
    fn bits_never_change() {
        // From a separate ChaCha8 and NumPy's QR in Python.
        let bits = |init| draw::<f32>("w", &[2, 2], init, 7).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(Init::GlorotUniform), [1_059_155_119, 3_212_554_324, 1_053_142_105, 1_059_251_583]);
        assert_eq!(
            bits(Init::Normal { std: 1.0 }),
            [1_047_581_655, 3_199_975_153, 1_060_859_887, 1_067_087_383]
        );
        assert_eq!(
            bits(Init::Orthogonal { blocks: 1 }),
            [1_057_633_498, 3_210_181_854, 1_062_698_206, 1_057_633_498]
        );
    }
}
