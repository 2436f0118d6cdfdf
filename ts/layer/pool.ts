import { type Layer, layer, type Mapping } from '../graph/layer.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkWord } from '../options.js'

/** How {@link pool} makes one vector of many steps. */
export type Pooling = 'last' | 'mean' | 'max'

/** A sequence becomes a vector of its size. */
export interface PoolMapping extends Mapping {
  readonly output: Vector<SizeOf<this['input']>>
}

/**
 * One vector from all valid steps of a row: sequence `[F]` → vector `[F]`. Padding has no part in
 * it; a row of length 0 gives zeros.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown way, `ERR_UNROLLED_KIND` for a value
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
