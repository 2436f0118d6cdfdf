import type { Cell, Shape } from './shape.js'
import { lengthsOf } from './shape.js'

/** Rows of a cell's weights for each hidden unit. */
export const GATES: Readonly<Record<Cell, number>> = { lstm: 4, gru: 3, rnn: 1 }

/**
 * Floating-point operations of one call: `2 m n k` of every product and nothing else, so a layer of
 * `G` gates takes `2 G H (I + H)` forward for each step of a row. Training counts three times as
 * much, since each product has one for the gradient of its input and one for that of its weights,
 * but for the gradient of the first layer's input, which nobody needs.
 */
export function flopsOf(shape: Shape): number {
  const { cell, input, hidden, layers, task } = shape
  const steps = task === 'step' ? 1 : lengthsOf(shape).reduce((sum, length) => sum + length, 0)
  const sizes = Array.from({ length: layers }, (_, layer) => (layer === 0 ? input : hidden))
  const columns = sizes.reduce((sum, size) => sum + size + hidden, 0)
  return steps * 2 * GATES[cell] * hidden * (task === 'train' ? 3 * columns - input : columns)
}
