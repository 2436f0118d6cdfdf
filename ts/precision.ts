import { checkWord } from './options.js'

/**
 * What the operands of matrix products are rounded to.
 *
 * - `'f32'`: nothing. The same bits on every instruction set.
 * - `'bf16'`: the nearest number of 8 significant bits, for up to 1.8 times the speed of training in
 *   large layers (AVX-512-BF16, measured in `bench/README.md`) and half the room of the weights'
 *   packed copies where the CPU multiplies such numbers itself (AMX on Linux, AVX-512-BF16), for no
 *   gain elsewhere. Rounded are weights, activations and their gradients where a
 *   matrix product reads them. The weights that are trained and saved, sums, states, biases, activation
 *   functions, losses and the optimizer stay `'f32'`. A number beyond
 *   about 3.39e38 becomes an infinity. The same bits for any number of threads and any batch, not from one
 *   instruction set to another.
 */
export type Precision = 'f32' | 'bf16'

/** The precision that options ask for. */
export function checkPrecision(where: string, precision: unknown): Precision {
  return checkWord(`${where} precision`, precision === undefined ? 'f32' : precision, [
    'f32',
    'bf16',
  ])
}
