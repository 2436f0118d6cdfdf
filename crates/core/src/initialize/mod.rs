//! The values of parameters before training.

mod orthogonal;

use unrolled_kernels::{Element, Kernels};

use crate::memory::zeros;
use crate::parallel::Pool;
use crate::params::{Entry, Init, Layout};
use crate::random::{Draws, Stream};
use crate::{Result, settings};

/// The flat arena of `layout`, drawn with `seed`. Each parameter has its own random numbers, found by its name: another
/// layer more or less changes none of them. In `f32` the values are those of `f64`, rounded. The threads of `pool` draw
/// parameters, and orthogonal blocks of one parameter, side by side.
///
/// # Errors
/// `Size` when there is no memory for it, `Argument` when `UNROLLED_ISA` names an instruction set that the CPU lacks.
pub fn parameters<E: Element>(layout: &Layout, seed: u64, pool: &'static Pool) -> Result<Vec<E>> {
    let kernels = settings::kernels()?;
    let total = layout.total();
    let mut values = zeros(total, "the parameters")?;
    let mut parts = parts(layout, &mut values);
    let count = parts.len();
    pool.suited(cost(layout)).for_each_part(&mut parts[..], count, 1, |parts: &mut [Part<'_, E>]| {
        for part in parts {
            part.drawn = part.draw(kernels, seed);
        }
    });
    parts.into_iter().try_for_each(|part| part.drawn)?;
    Ok(values)
}

/// Values that one thread draws: a parameter, or an orthogonal block of one.
struct Part<'a, E> {
    entry: &'a Entry,
    block: u64,
    values: &'a mut [E],
    drawn: Result<()>,
}

/// Cuts the arena, whose parameters lie one after the other.
fn parts<'a, E>(layout: &'a Layout, mut values: &'a mut [E]) -> Vec<Part<'a, E>> {
    let mut parts = Vec::new();
    for entry in layout.entries() {
        let (own, rest) = values.split_at_mut(entry.range().len());
        values = rest;
        let blocks = if let Init::Orthogonal { blocks } = entry.init { blocks } else { 1 };
        let size = own.len() / blocks;
        for (block, values) in own.chunks_exact_mut(size.max(1)).enumerate() {
            parts.push(Part { entry, block: block as u64, values, drawn: Ok(()) });
        }
    }
    parts
}

/// Operations that drawing all parameters takes, roughly: 0.1 ns each on one thread.
pub(crate) fn cost(layout: &Layout) -> f64 {
    let cost = |entry: &Entry| {
        let count = entry.range().len() as f64;
        match entry.init {
            Init::Zeros | Init::Constant { .. } | Init::Blocks { .. } => 10.0 * count,
            Init::Uniform { .. } | Init::GlorotUniform | Init::Normal { .. } => 100.0 * count,
            Init::Orthogonal { blocks } => {
                let (rows, columns) = block_shape(entry, blocks);
                100.0 * count + blocks as f64 * orthogonal::cost(rows, columns)
            }
        }
    };
    layout.entries().iter().map(cost).sum()
}

fn block_shape(entry: &Entry, blocks: usize) -> (usize, usize) {
    (entry.shape[0] / blocks, entry.shape[1])
}

impl<E: Element> Part<'_, E> {
    fn draw(&mut self, kernels: Kernels<f64>, seed: u64) -> Result<()> {
        let (entry, values) = (self.entry, &mut *self.values);
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
                stream.at(0, 0).normals(values.len(), |i, x| values[i] = E::from_f64(std * x));
            }
            Init::Orthogonal { blocks } => {
                let shape = block_shape(entry, *blocks);
                orthogonal::orthogonal(kernels, (&stream, self.block), shape, self.values)?;
            }
        }
        Ok(())
    }
}

fn uniform<E: Element>(draws: &mut Draws, bound: f64, values: &mut [E]) {
    values.fill_with(|| E::from_f64(bound * (2.0 * draws.uniform() - 1.0)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Parameter;

    fn draw<E: Element>(name: &str, shape: &[usize], init: Init, seed: u64) -> Vec<E> {
        let parameter = Parameter { name: name.into(), shape: shape.into(), init };
        parameters(&Layout::new(vec![parameter]).unwrap(), seed, Pool::caller()).unwrap()
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
    fn bits_are_the_same_with_any_number_of_threads() {
        let inits = [
            (vec![4 * 70, 70], Init::Orthogonal { blocks: 4 }),
            (vec![300, 70], Init::GlorotUniform),
            (vec![99], Init::Zeros),
            (vec![33, 91], Init::Normal { std: 1.0 }),
        ];
        let named = |(i, (shape, init))| Parameter { name: format!("p{i}"), shape, init };
        let layout = Layout::new(inits.into_iter().enumerate().map(named).collect()).unwrap();
        let alone = parameters::<f32>(&layout, 7, Pool::caller()).unwrap();
        for threads in [2, 3, 7] {
            let pool = Box::leak(Box::new(Pool::with_threads(threads).unwrap()));
            assert_eq!(parameters::<f32>(&layout, 7, pool).unwrap(), alone, "{threads}");
        }
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
        let values = parameters::<f32>(&both, 7, Pool::caller()).unwrap();
        assert_eq!(values[15..], parameters::<f32>(&alone, 7, Pool::caller()).unwrap());
        assert_ne!(values[..15], values[15..]);
        assert_ne!(values, parameters::<f32>(&both, 8, Pool::caller()).unwrap());
        let rounded: Vec<f32> =
            parameters::<f64>(&both, 7, Pool::caller()).unwrap().iter().map(|&x| x as f32).collect();
        assert_eq!(values, rounded);
    }

    #[test]
    fn bits_never_change() {
        // From a separate ChaCha8 in Python. For orthogonal matrices NumPy multiplies whole matrices H = I - 2 u uᵀ / uᵀu,
        // with u = x + sign(x₁) |x| e₁ of the Gaussian x of each length, then D = -diag(sign(x₁)).
        let drawn = |shape: &[usize], init| {
            draw::<f32>("w", shape, init, 7).iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let bits = |init| drawn(&[2, 2], init);
        assert_eq!(bits(Init::GlorotUniform), [1_059_155_119, 3_212_554_324, 1_053_142_105, 1_059_251_583]);
        assert_eq!(
            bits(Init::Normal { std: 1.0 }),
            [1_047_581_655, 3_199_975_153, 1_060_859_887, 1_067_087_383]
        );
        assert_eq!(
            bits(Init::Orthogonal { blocks: 1 }),
            [1_057_633_498, 3_210_181_854, 1_062_698_206, 1_057_633_498]
        );
        assert_eq!(
            drawn(&[2, 3], Init::Orthogonal { blocks: 1 }),
            [1_049_449_945, 3_202_112_963, 1_062_994_182, 1_058_384_550, 1_061_744_282, 1_045_576_262]
        );
    }
}
