import { checkState, type NamedVectors, type Unrolled, unroll } from '../cell/unroll.js'
import { isValue, type Site } from '../graph/scope.js'
import type { Sequence, Vector } from '../graph/value.js'
import { noteBothWays } from './directions.js'
import { declare, outputSize, type RecurrentKind } from './kind.js'
import type { Settings } from './recurrent.js'

/** One built layer; a bidirectional layer's state costs nodes, so a getter adds them on demand. */
export interface Layer {
  readonly output: Sequence
  readonly state: NamedVectors
}

/** One layer of a stack, in one direction. */
export interface Direction {
  readonly kind: RecurrentKind
  readonly settings: Settings
  readonly site: Site
  readonly x: Sequence
  /** The layer's place in the stack, from 0 at the bottom. */
  readonly index: number
  readonly initial: Partial<NamedVectors>
  readonly reverse: boolean
}

/** Adds a layer in one direction. */
export function oneWay(direction: Direction): Unrolled {
  const { kind, settings, site, x, index, initial, reverse } = direction
  const suffix = settings.bidirectional && reverse ? `l${index}_reverse` : `l${index}`
  const parameters = declare(kind, settings, site, x.size, `_${suffix}`)
  return unroll({
    site,
    label: `${site.label}.${suffix}`,
    x,
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

/** Adds a layer in both directions. */
export function bothWays(direction: Direction): Layer {
  const { kind, settings, site, index, initial } = direction
  const { scope, label } = site
  const [first, second] = [0, 1].map((half) =>
    mapStates(initial, (value, name) => {
      const { [name]: size = 0 } = kind.sizes
      const op = { slice: { start: half * size, size } }
      checkState(`${settings.where} initial ${name}`, value, 2 * size)
      return scope.value<Vector>({ kind: 'vector', size }, scope.node('slice', op, [value]))
    }),
  )
  const forward = oneWay({ ...direction, initial: first ?? {}, reverse: false })
  const backward = oneWay({ ...direction, initial: second ?? {}, reverse: true })
  const wire = scope.node(`${label}.l${index}`, 'concat', [forward.output, backward.output])
  let joined: NamedVectors | undefined
  const states = (): NamedVectors => {
    // Those that a step made and then threw are taken back, and are made anew.
    if (joined !== undefined && Object.values(joined).every(isValue)) return joined
    joined = mapStates(forward.state, (value, name) => {
      const other = backward.state[name] ?? value
      const node = scope.node(`${label}.l${index}.${name}`, 'concat', [value, other])
      return scope.value<Vector>({ kind: 'vector', size: 2 * value.size }, node)
    })
    return joined
  }
  noteBothWays(scope, wire, { layer: site.name, states })
  return {
    output: scope.value({ ...forward.output, size: 2 * outputSize(kind) }, wire),
    get state() {
      return states()
    },
  }
}

function mapStates(
  states: Partial<NamedVectors>,
  map: (value: Vector, name: string) => Vector,
): NamedVectors {
  const given = Object.entries(states).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, map(value, name)] as const],
  )
  return Object.fromEntries(given)
}
