import { checkWord } from './options.js'

/**
 * Precision of the operands of matrix products.
 *
 * - `'f32'`: no rounding, and the same bits on every instruction set.
 * - `'bf16'`: operands are rounded to 8 significant bits. On a CPU that multiplies such numbers (AMX
 *   on Linux, AVX-512-BF16), large layers train up to 1.8 times as fast (measured in
 *   `bench/README.md`) and the weights' packed copies take half the memory; other CPUs gain nothing.
 *   Weights, activations and gradients are rounded when a matrix product reads them. Trained and saved
 *   weights, sums, states, biases, activation functions, losses and the optimizer stay `'f32'`. A
 *   number beyond about 3.39e38 becomes an infinity. The bits are the same for any number of threads
 *   and any batch, but differ between instruction sets.
 */
export type Precision = 'f32' | 'bf16'

/** Checks the precision that options ask for. */
export function checkPrecision(where: string, precision: unknown): Precision {
  return checkWord(`${where} precision`, precision === undefined ? 'f32' : precision, [
    'f32',
    'bf16',
  ])
}
