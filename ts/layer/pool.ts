import { type Layer, layer, type Mapping } from '../graph/layer.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkWord } from '../options.js'

/** The operation of {@link pool}. */
export type Pooling = 'last' | 'mean' | 'max'

/** A sequence becomes a vector of its size. */
export interface PoolMapping extends Mapping {
  readonly output: Vector<SizeOf<this['input']>>
}

/**
 * Makes one vector of all valid steps of a row: sequence `[F]` → vector `[F]`. Padding is ignored; a
 * row of length 0 gives zeros.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown operation, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function pool(how: Pooling): Layer<Sequence, PoolMapping> {
  const known = checkWord('pool', how, ['last', 'mean', 'max'])
  return layer({
    kind: known,
    accepts: ['sequence'],
    build: ({ scope, label }, x) =>
      scope.value<Vector>({ kind: 'vector', size: x.size }, scope.node(label, known, [x])),
  })
}

/** The last valid step: `pool('last')`. */
export function last(): Layer<Sequence, PoolMapping> {
  return pool('last')
}

/** The mean over the valid steps: `pool('mean')`. */
export function mean(): Layer<Sequence, PoolMapping> {
  return pool('mean')
}

/** The largest of each number over the valid steps: `pool('max')`. */
export function max(): Layer<Sequence, PoolMapping> {
  return pool('max')
}
