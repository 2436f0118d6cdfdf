import { type Layer, layer, type Mapping } from '../graph/layer.js'
import type { Sequence, Tokens, Vector } from '../graph/value.js'
import { type NamedVectors, unroll } from './unroll.js'

/** A sequence of one number. */
export interface StepIndexMapping extends Mapping {
  readonly output: Sequence<1>
}

/**
 * Counts the steps of a row: 0, 1, 2, … The next number is a state of the model, `stepIndex:n`, so that pieces and
 * streams go on counting. Exact up to 16,777,216 steps.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value without steps.
 */
export const stepIndex: Layer<Sequence | Tokens, StepIndexMapping> = layer({
  kind: 'stepIndex',
  accepts: ['sequence', 'tokens'],
  build(site, x) {
    const { output } = unroll<NamedVectors, unknown>({
      site,
      label: site.label,
      axis: x.axis,
      enter: (body) => body.bind(x, 'x'),
      sizes: { n: 1 },
      reverse: false,
      initial: {},
      step({ n }, _, body) {
        const now = n as Vector
        const wire = body.node('next', { affine: { scale: 1, shift: 1 } }, [now])
        return { next: { n: body.value(now, wire) }, output: now }
      },
    })
    return output as Sequence<1>
  },
})
