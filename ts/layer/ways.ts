import { type NamedVectors, type Unrolled, unroll } from '../cell/unroll.js'
import type { Site } from '../graph/scope.js'
import type { Sequence, Vector } from '../graph/value.js'
import { declare, type RecurrentKind } from './kind.js'
import { bothWays, type Layer } from './merge.js'
import type { Settings } from './recurrent.js'

/** One layer of a stack, in one direction. */
export interface Direction {
  readonly kind: RecurrentKind
  readonly settings: Settings
  readonly site: Site
  readonly x: Sequence
  /** The layer's place in the stack, from 0 at the bottom. */
  readonly index: number
  readonly initial: Partial<NamedVectors>
  /** A vector that every step reads. */
  readonly context: Vector | undefined
  readonly reverse: boolean
}

/** Adds a layer in one direction. */
function oneWay(direction: Direction): Unrolled {
  const { kind, settings, site, x, index, initial, reverse, context } = direction
  const suffix = settings.bidirectional && reverse ? `l${index}_reverse` : `l${index}`
  const parameters = declare(kind, settings, site, x.size, `_${suffix}`, context)
  return unroll<NamedVectors, Vector>({
    site,
    label: `${site.label}.${suffix}`,
    axis: x.axis,
    enter: (body) => body.bind(x, 'x'),
    sizes: kind.sizes,
    reverse,
    initial: settings.initialState === 'learned' ? learned(direction, suffix) : initial,
    step: (state, step, body) => kind.step(body, parameters, step, state),
  })
}

/** Adds a parameter for each initial state that the call does not give. */
function learned({ kind, site, initial }: Direction, suffix: string): Partial<NamedVectors> {
  const { scope, label } = site
  const made = Object.entries(kind.sizes).map(([name, size]) => {
    const given = initial[name]
    if (given !== undefined) return [name, given]
    const weight = site.parameter(`initial_${name}_${suffix}`, [size], 'zeros')
    const wire = scope.node(`${label}.initial_${name}_${suffix}`, { parameter: { weight } }, [])
    return [name, scope.value<Vector>({ kind: 'vector', size }, wire)]
  })
  return Object.fromEntries(made)
}

/** Adds a layer in its direction, or in both. */
export function everyWay(direction: Direction): Layer {
  const { kind, settings, site, index, initial } = direction
  if (!settings.bidirectional) return oneWay(direction)
  return bothWays({
    where: settings.where,
    site,
    label: `${site.label}.l${index}`,
    merge: settings.merge,
    sizes: kind.sizes,
    initial,
    run: (reverse, initial) => oneWay({ ...direction, reverse, initial }),
  })
}
