import type { Cell, Shape } from './shape.js'
import { lengthsOf } from './shape.js'

/** Rows of a cell's weights for each hidden unit. */
export const GATES: Readonly<Record<Cell, number>> = { lstm: 4, gru: 3, rnn: 1 }

/**
 * Floating-point operations of one call: `2 m n k` of every product of the forward pass and nothing
 * else, so a layer of `G` gates takes `2 G H (I + H)` a step of a row. Training counts three times
 * the forward pass (each product has one for its input and one for its weights), for everyone alike,
 * although the gradient of the first input is not formed.
 */
export function flopsOf(shape: Shape): number {
  const { cell, input, hidden, layers, task } = shape
  const steps = task === 'step' ? 1 : lengthsOf(shape).reduce((sum, length) => sum + length, 0)
  const sizes = Array.from({ length: layers }, (_, layer) => (layer === 0 ? input : hidden))
  const forward = sizes.reduce((sum, size) => sum + 2 * GATES[cell] * hidden * (size + hidden), 0)
  return steps * forward * (task === 'train' ? 3 : 1)
}
