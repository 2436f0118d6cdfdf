//! Calls one kernel a number of times, for `scripts/instructions.mjs`, which counts instructions:
//! `calls KERNEL COUNT` prints the floating-point operations of one call. The layers are an LSTM, a GRU and a plain layer of
//! 128 units on 32 rows. A fused multiply-add counts as two operations, an exponential or division as none.
#![allow(clippy::allow_attributes, clippy::print_stdout, reason = "a program")]

use unrolled_kernels::{
    Activation, AdamStep, GruRecurrent, Kernels, MOST_SUMMED, Matrix, MatrixMut, Operands, Packed, Recurrent,
    Rows, Start, Team,
};

const ROWS: usize = 32;
const UNITS: usize = 128;
/// Rows of one sum of a weight gradient.
const SUMMED: usize = MOST_SUMMED;

/// Numbers in (-1, 1).
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7919 % 1009) as f32 / 505.0 - 1.0).collect()
}

struct Weights {
    packed: Packed<f32>,
    bias: Vec<f32>,
    state: Vec<f32>,
}

impl Weights {
    fn new(gates: usize, interleaved: usize) -> Self {
        let source = numbers(gates * UNITS * UNITS);
        let mut packed = Packed::transposed(gates * UNITS, UNITS, interleaved);
        packed.pack(Matrix::new(&source, gates * UNITS, UNITS));
        Self { packed, bias: numbers(gates * UNITS), state: numbers(ROWS * UNITS) }
    }

    fn recurrent(&self) -> Recurrent<'_, f32> {
        Recurrent {
            state: Matrix::new(&self.state, ROWS, UNITS),
            weight: &self.packed,
            bias: Some(&self.bias),
            reversed: false,
        }
    }
}

/// Calls the kernel and returns the operations of one call, or `None` for an unknown kernel.
fn run(kernels: Kernels<f32>, kernel: &str, count: usize) -> Option<usize> {
    let team = Team::new(1);
    let (state, gradient) = (numbers(ROWS * UNITS), numbers(ROWS * UNITS));
    let (mut h, mut c, mut gates) = (numbers(ROWS * UNITS), numbers(ROWS * UNITS), numbers(ROWS * 4 * UNITS));
    let product = |gates: usize| 2 * ROWS * UNITS * gates * UNITS;
    let elements = ROWS * UNITS;
    match kernel {
        "product" => {
            let weights = Weights::new(4, 1);
            for _ in 0..count {
                let c = MatrixMut::new(&mut gates, ROWS, 4 * UNITS);
                let a = Matrix::new(&state, ROWS, UNITS);
                kernels.product(&team, c, Start::Bias(&weights.bias), a, &weights.packed);
            }
            Some(product(4))
        }
        "lstm_step" => {
            let weights = Weights::new(4, 4);
            for _ in 0..count {
                kernels.lstm_step(
                    &team,
                    MatrixMut::new(&mut gates, ROWS, 4 * UNITS),
                    Some(weights.recurrent()),
                    Matrix::new(&state, ROWS, UNITS),
                    MatrixMut::new(&mut c, ROWS, UNITS),
                    MatrixMut::new(&mut h, ROWS, UNITS),
                );
            }
            Some(product(4) + 4 * elements)
        }
        "lstm_backward" => {
            let now = numbers(ROWS * UNITS);
            for _ in 0..count {
                kernels.lstm_backward(
                    MatrixMut::new(&mut gates, ROWS, 4 * UNITS),
                    Matrix::new(&state, ROWS, UNITS),
                    Matrix::new(&now, ROWS, UNITS),
                    Matrix::new(&gradient, ROWS, UNITS),
                    MatrixMut::new(&mut c, ROWS, UNITS),
                );
            }
            Some(24 * elements)
        }
        "gru_step" => {
            let weights = Weights::new(3, 3);
            for _ in 0..count {
                kernels.gru_step(
                    &team,
                    MatrixMut::new(&mut gates[..ROWS * 3 * UNITS], ROWS, 3 * UNITS),
                    MatrixMut::new(&mut c, ROWS, UNITS),
                    Matrix::new(&state, ROWS, UNITS),
                    GruRecurrent::Product(weights.recurrent()),
                    MatrixMut::new(&mut h, ROWS, UNITS),
                );
            }
            Some(product(3) + 6 * elements)
        }
        "gru_backward" => {
            for _ in 0..count {
                kernels.gru_backward(
                    MatrixMut::new(&mut gates[..ROWS * 3 * UNITS], ROWS, 3 * UNITS),
                    MatrixMut::new(&mut c, ROWS, UNITS),
                    Matrix::new(&state, ROWS, UNITS),
                    Matrix::new(&gradient, ROWS, UNITS),
                    MatrixMut::new(&mut h, ROWS, UNITS),
                );
            }
            Some(20 * elements)
        }
        "activation_step" => {
            let weights = Weights::new(1, 1);
            for _ in 0..count {
                let buffer = MatrixMut::new(&mut h, ROWS, UNITS);
                kernels.activation_step(&team, Activation::Tanh, buffer, Some(weights.recurrent()));
            }
            Some(product(1))
        }
        "outer" => {
            let (a, b) = (numbers(SUMMED * 4 * UNITS), numbers(SUMMED * UNITS));
            let indices: Vec<u32> = (0..SUMMED as u32).collect();
            let mut sums = numbers(4 * UNITS * UNITS);
            for _ in 0..count {
                kernels.outer(
                    Operands::default(),
                    MatrixMut::new(&mut sums, 4 * UNITS, UNITS),
                    Rows::new(Matrix::new(&a, SUMMED, 4 * UNITS), &indices),
                    Rows::new(Matrix::new(&b, SUMMED, UNITS), &indices),
                );
            }
            Some(2 * SUMMED * 4 * UNITS * UNITS)
        }
        "adam" => {
            let length = 1 << 14;
            let (g, mut p) = (numbers(length), numbers(length));
            let (mut m, mut v) = (vec![0.0; length], vec![0.0; length]);
            let mut step = AdamStep {
                rate: 1e-3,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay: 0.0,
                decoupled: false,
                step: 1,
            };
            for _ in 0..count {
                kernels.adam(&mut p, &g, &mut m, &mut v, step);
                step.step += 1;
            }
            Some(12 * length)
        }
        _ => None,
    }
}

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let kernel = arguments.next().ok_or("expected the name of a kernel")?;
    let count = arguments.next().and_then(|text| text.parse().ok()).ok_or("expected a number of calls")?;
    let kernels = Kernels::detect().map_err(|error| error.to_string())?;
    let operations = run(kernels, &kernel, count).ok_or_else(|| format!("no kernel '{kernel}'"))?;
    println!("{operations}");
    Ok(())
}
