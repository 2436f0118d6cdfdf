import { Described, mismatch } from '../errors.js'
import { type Layer, layer } from '../graph/layer.js'
import { describe, type Numeric } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'
import type { SizeMapping } from './dense.js'

/** Options of {@link slice}. */
export interface SliceOptions<S extends number> {
  /** The index of the first value taken, from 0. */
  readonly start: number
  /** The number of values taken. */
  readonly size: S
}

export const SLICE_OPTIONS = [
  'start',
  'size',
] as const satisfies readonly (keyof SliceOptions<number>)[]

/**
 * Takes `size` numbers of each step from `start` on: `y = x[start .. start + size]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` when the value has fewer numbers.
 */
export function slice<S extends number>(options: SliceOptions<S>): Layer<Numeric, SizeMapping<S>> {
  checkOptions('slice', options, SLICE_OPTIONS)
  const start = checkCount('slice start', options.start, 0)
  const size = checkCount('slice size', options.size)
  return layer({
    kind: 'slice',
    accepts: ['vector', 'sequence'],
    build({ scope, label }, x) {
      if (start + size > x.size) {
        const expected = `at least ${start + size} numbers`
        throw mismatch('ERR_UNROLLED_SHAPE', 'slice', expected, new Described(describe(x)))
      }
      return scope.value({ ...x, size }, scope.node(label, { slice: { start, size } }, [x]))
    },
  })
}
