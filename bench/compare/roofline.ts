import { GATES } from './flops.js'
import type { Precision } from './protocol.js'
import { lengthsOf, type Shape } from './shape.js'

/** The ceilings of a machine, as `crates/kernels/examples/peak` measures them. */
export interface Ceilings {
  /** Multiply-adds of the run's precision, in 1e9 operations a second. */
  readonly peak: number
  /** Nanoseconds of a multiply-add that waits for the one before. */
  readonly latency: number
  /** 1e9 bytes a second at which the weights of {@link weightBytes} come, one rate a layer. */
  readonly reads: readonly number[]
}

/**
 * Bytes of the weights that every step waits for, by layer: the recurrent ones, and of a single step,
 * whose input is not there before it, the others too.
 */
export function weightBytes(shape: Shape, precision: Precision): number[] {
  const { cell, input, hidden, layers, task } = shape
  const bytes = precision === 'bf16' ? 2 : 4
  return Array.from({ length: layers }, (_, layer) => {
    const before = layer === 0 ? input : hidden
    return bytes * GATES[cell] * hidden * (hidden + (task === 'step' ? before : 0))
  })
}

/**
 * Milliseconds that a call takes at least. What does not wait for a step before, the products of the
 * inputs and those of the weights' gradients, goes at the peak. A step of the recurrence takes the
 * longest of three: its operations at the peak; its weights, read once; and one sum along the
 * states, whose additions are one chain, so that every CPU has the same bits. Training goes through
 * the steps twice.
 */
export function leastMilliseconds(shape: Shape, precision: Precision, ceilings: Ceilings): number {
  const { cell, input, hidden, layers, task } = shape
  const { peak, latency, reads } = ceilings
  const lengths = task === 'step' ? [1] : lengthsOf(shape)
  const alive = Array.from({ length: Math.max(...lengths) }, (_, t) => {
    return lengths.filter((length) => length > t).length
  })
  const rows = alive.reduce((sum, count) => sum + count, 0)
  const bytes = weightBytes(shape, precision)
  const passes = task === 'train' ? 2 : 1
  let nanoseconds = 0
  for (let layer = 0; layer < layers; layer++) {
    const own = 2 * GATES[cell] * hidden * hidden
    const before = 2 * GATES[cell] * hidden * (layer === 0 ? input : hidden)
    // Nobody needs the gradient of the first layer's input.
    const apart = task === 'train' ? (layer === 0 ? 2 : 3) * before + own : before
    const read = (bytes[layer] ?? 0) / (reads[layer] ?? Number.POSITIVE_INFINITY)
    const chain = precision === 'f32' ? hidden * latency : 0
    for (const count of alive) {
      nanoseconds += passes * Math.max((count * own) / peak, read, chain)
    }
    nanoseconds += (rows * apart) / peak
  }
  return nanoseconds / 1e6
}
