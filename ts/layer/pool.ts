import type { OpJson } from '../graph/json.js'
import { type Layer, layer, type Mapping } from '../graph/layer.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkWord } from '../options.js'
import { finalStates } from './directions.js'

/** The operation of {@link pool}. */
export type Pooling = 'last' | 'lastStep' | 'root' | 'mean' | 'sum' | 'max'

const OPERATIONS = {
  last: 'last',
  lastStep: 'last',
  root: 'root',
  mean: 'mean',
  sum: 'sumOverTime',
  max: 'max',
} as const satisfies Record<Pooling, OpJson>

/** A sequence becomes a vector of its size. */
export interface PoolMapping extends Mapping {
  readonly output: Vector<SizeOf<this['input']>>
}

/**
 * Makes one vector of all valid steps of a row: sequence `[F]` → vector `[F]`. Padding is ignored; a
 * row of length 0 gives zeros.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown operation, `ERR_UNROLLED_KIND` for a value
 * that is no sequence, `ERR_UNROLLED_GRAPH` for `'last'` where {@link last} refuses the sequence.
 */
export function pool(how: Pooling): Layer<Sequence, PoolMapping> {
  const known = checkWord('pool', how, ['last', 'lastStep', 'root', 'mean', 'sum', 'max'])
  const op = OPERATIONS[known]
  return layer({
    kind: known,
    accepts: ['sequence'],
    build({ scope, label }, x) {
      const states = known === 'last' ? finalStates(scope, x) : undefined
      return (
        states ?? scope.value<Vector>({ kind: 'vector', size: x.size }, scope.node(label, op, [x]))
      )
    },
  })
}

/**
 * The last valid step: `pool('last')`. Of a bidirectional layer's output, the final state of each
 * direction, `[h forward after the last step, h backward after the first]`, or the two merged as the
 * layer merges its outputs: every half has then read the whole row. {@link lastStep} gives the last step of both, where the backward half has read one
 * step alone.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value that is no sequence, `ERR_UNROLLED_GRAPH` for a
 * sequence that other layers made of a bidirectional layer's output step by step: its final states
 * are of two different steps.
 */
export function last(): Layer<Sequence, PoolMapping> {
  return pool('last')
}

/** The last valid step, of a bidirectional layer too: `pool('lastStep')`. */
export function lastStep(): Layer<Sequence, PoolMapping> {
  return pool('lastStep')
}

/**
 * The value of the root of each row's tree: `pool('root')`; zeros for a row without nodes.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for values that are no nodes of a forest; a run refuses a row of
 * several roots, `ERR_UNROLLED_VALUE`.
 */
export function root(): Layer<Sequence, PoolMapping> {
  return pool('root')
}

/** The mean over the valid steps: `pool('mean')`. */
export function mean(): Layer<Sequence, PoolMapping> {
  return pool('mean')
}

/** The sum over the valid steps: `pool('sum')`. */
export function sumOverTime(): Layer<Sequence, PoolMapping> {
  return pool('sum')
}

/** The largest of each number over the valid steps: `pool('max')`. */
export function max(): Layer<Sequence, PoolMapping> {
  return pool('max')
}
