import { type Layer, layer, type Same } from '../graph/layer.js'
import type { Numeric, Sequence } from '../graph/value.js'
import type { SizeMapping } from './dense.js'

/** A function of each number. */
export type Elementwise = Layer<Numeric, Same>

/** `y = |x|`; the slope at 0 is 0. */
export const abs: Elementwise = elementwise('abs')

/** `y = exp x`. */
export const exp: Elementwise = elementwise('exp')

/** `y = ln x`, the natural logarithm: -∞ at 0, NaN below. */
export const log: Elementwise = elementwise('log')

/** `y = √x`; NaN below 0. */
export const sqrt: Elementwise = elementwise('sqrt')

/** `y = x`, but gradients end here: what comes before learns nothing from what comes after. */
export const detach: Elementwise = elementwise('detach')

/**
 * `y = Σ x` over the numbers of a step, or of a vector: `[size]` → `[1]`. A dot product of two values is
 * `sum(multiply(a, b))`.
 */
export const sum: Layer<Numeric, SizeMapping<1>> = layer({
  kind: 'sum',
  accepts: ['vector', 'sequence'],
  build: ({ scope }, x) => scope.value({ ...x, size: 1 }, scope.node('sum', 'sum', [x])),
})

/**
 * `y[t] = exp(x[t]) / Σ exp(x[s])` over the valid steps `s` of a row, for each number of a step by itself: weights of
 * the steps, whose sum is 1. A row of length 0 has none. Attention pooling is
 * `sumOverTime()(multiply(softmaxOverTime(linear(1)(x)), x))`.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value that is no sequence, and in the step of a cell, which sees
 * one step alone.
 */
export const softmaxOverTime: Layer<Sequence, Same> = layer({
  kind: 'softmaxOverTime',
  accepts: ['sequence'],
  build: ({ scope }, x) => scope.value(x, scope.node('softmaxOverTime', 'softmaxOverTime', [x])),
})

function elementwise(op: 'abs' | 'exp' | 'log' | 'sqrt' | 'detach'): Elementwise {
  return layer({
    kind: op,
    accepts: ['vector', 'sequence'],
    build: ({ scope }, x) => scope.value(x, scope.node(op, op, [x])),
  })
}
