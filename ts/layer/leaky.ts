import { initialOf, type Recurrence, type Start } from '../cell/scan.js'
import { type NamedVectors, stateOf, unroll } from '../cell/unroll.js'
import { mismatch } from '../errors.js'
import { layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkBoolean, checkNumber, checkOptions } from '../options.js'
import { sigmoid } from './activation.js'
import { mix } from './affine.js'

/** Options of {@link leaky}. */
export interface LeakyOptions {
  /** Learns a rate for each number, `α = σ(rate)`, with `alpha` at first; `false` by default. */
  readonly learned?: boolean
  /** Runs from each row's last valid step to its first; outputs keep the original order. */
  readonly reverse?: boolean
  /** Names the layer and its parameter; `leaky` by default. */
  readonly name?: string
}

export const LEAKY_OPTIONS = [
  'learned',
  'reverse',
  'name',
] as const satisfies readonly (keyof LeakyOptions)[]

/** A sequence becomes its running mean. */
export interface LeakyMapping extends Mapping {
  readonly output: Leaked<SizeOf<this['input']>>
}

/** Result of {@link leaky}. */
export type Leaked<F extends number> = Recurrence<
  F,
  { readonly h: Vector<F> },
  { readonly h: Sequence<F> }
>

/** The layer that {@link leaky} makes. */
export interface Leaky extends Signed<Signature<Sequence, LeakyMapping, never>> {
  <X extends Sequence>(x: X, options?: Start<{ readonly h: Vector<SizeOf<X>> }>): Leaked<SizeOf<X>>
}

/**
 * Leaky units, the running mean of each number (Mozer 1992; Jaeger et al. 2007): `h[t] = α h[t - 1] + (1 - α) x[t]`. An
 * impulse fades as `α^k`.
 *
 * sequence `[F]` → `{ output: sequence [F], state: { h }, trace: { h } }`. With `learned` the parameter `rate` `[F]`
 * holds the logits of α.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an `alpha` outside of 0 to 1 (a learned one lies between), or a bad
 * option; `ERR_UNROLLED_KIND` for a value that is no sequence.
 */
export function leaky(alpha: number, options: LeakyOptions = {}): Leaky {
  checkOptions('leaky', options, LEAKY_OPTIONS)
  const where = nameOf('leaky', options.name)
  const fixed = checkNumber(`${where} alpha`, alpha, 0, 1)
  const learned = checkBoolean(`${where} learned`, options.learned ?? false)
  const reverse = checkBoolean(`${where} reverse`, options.reverse ?? false)
  if (learned && (fixed === 0 || fixed === 1)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} alpha`, 'a number between 0 and 1', alpha)
  }
  return layer<Leaky>({
    kind: 'leaky',
    name: options.name,
    accepts: ['sequence'],
    build(site, x, call) {
      const { size } = x
      const initial = initialOf(where, call, ['h'])
      const value = Math.log(fixed / (1 - fixed))
      const rate = learned ? site.parameter('rate', [size], { constant: { value } }) : undefined
      const { output, state, trace } = unroll<NamedVectors, Vector>({
        site,
        label: site.label,
        axis: x.axis,
        enter: (body) => body.bind(x, 'x'),
        sizes: { h: size },
        reverse,
        initial,
        step(states, step, body) {
          const h = stateOf(states, 'h')
          const alpha = rate === undefined ? fixed : learnedAlpha(body, rate, size)
          const next = mix(step, h, alpha)
          return { next: { h: next }, output: next }
        },
      })
      return { output, state, trace }
    },
  })
}

function learnedAlpha(body: Scope, rate: string, size: number): Vector {
  const wire = body.node('rate', { parameter: { weight: rate } }, [])
  return sigmoid(body.value<Vector>({ kind: 'vector', size }, wire))
}
