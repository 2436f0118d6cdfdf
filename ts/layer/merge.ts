import { checkState } from '../cell/state.js'
import { lazily, type NamedSequences } from '../cell/trace.js'
import type { NamedVectors, Unrolled } from '../cell/unroll.js'
import { Described, mismatch } from '../errors.js'
import { isValue, type Scope, type Site } from '../graph/scope.js'
import type { Sum } from '../graph/sizes.js'
import { checkKind, checkSize, type Numeric, type Sequence, type Vector } from '../graph/value.js'
import { checkWord } from '../options.js'
import { noteBothWays } from './directions.js'

/** Joins the outputs of two directions: side by side, or number by number. */
export type Merge = 'concat' | 'sum' | 'multiply' | 'average'

const MERGES = ['concat', 'sum', 'multiply', 'average'] as const satisfies readonly Merge[]

/** The size of two outputs of `F` numbers merged by `M`. */
export type Merged<F extends number, M extends Merge> = [M] extends ['concat']
  ? Sum<F, F>
  : 'concat' extends M
    ? number
    : F

/** Checks a merge; `'concat'` by default. */
export function checkMerge(where: string, merge: unknown): Merge {
  return checkWord(`${where} merge`, merge ?? 'concat', MERGES)
}

/** One built layer; a bidirectional layer's state costs nodes, so a getter adds them on demand. */
export interface Layer {
  readonly output: Sequence
  readonly state: NamedVectors
  readonly trace: NamedSequences
}

/** Two directions of a layer to add. */
export interface Ways {
  /** The layer in messages. */
  readonly where: string
  readonly site: Site
  /** The name of the node of the output. */
  readonly label: string
  readonly merge: Merge
  readonly sizes: Readonly<Record<string, number>>
  /** The initial states of both directions, side by side. */
  readonly initial: Partial<NamedVectors>
  /** Adds one direction. */
  run(reverse: boolean, initial: Partial<NamedVectors>): Unrolled
}

/** Adds a layer in both directions; states stand side by side, whatever the merge. */
export function bothWays(ways: Ways): Layer {
  const { site, label, merge } = ways
  const { scope } = site
  const [first, second] = halves(ways)
  const forward = ways.run(false, first)
  const backward = ways.run(true, second)
  checkSize(`${ways.where} backward output`, backward.output, forward.output.size)
  const output = merged(scope, label, merge, forward.output, backward.output)
  const states = remade(() =>
    mapStates(forward.state, (value, name) =>
      merged(scope, `${label}.${name}`, 'concat', value, backward.state[name] ?? value),
    ),
  )
  const trace = lazily(Object.keys(forward.trace), (name) => {
    const [ahead, back] = [sequenceOf(forward, name), sequenceOf(backward, name)]
    return merged(scope, `${label}.trace.${name}`, 'concat', ahead, back)
  })
  const ends = remade(() => {
    const { state, shown } = forward
    const { [shown ?? '']: ahead } = state
    const { [shown ?? '']: back } = backward.state
    if (ahead === undefined || back === undefined) throw notShown(site.name)
    return { last: merged(scope, `${label}.last`, merge, ahead, back) }
  })
  noteBothWays(scope, scope.wire(output), {
    layer: site.name,
    last: () => (merge === 'concat' ? states()[forward.shown ?? ''] : ends().last) ?? ends().last,
  })
  return {
    output,
    trace,
    get state() {
      return states()
    },
  }
}

function sequenceOf({ trace }: Unrolled, name: string): Sequence {
  const { [name]: sequence } = trace
  if (sequence === undefined) {
    throw mismatch('ERR_UNROLLED_SHAPE', 'bidirectional backward trace', name, sequence)
  }
  // The weights of two attentions have no common place.
  checkKind(`bidirectional trace ${name}`, sequence, ['sequence'])
  return sequence
}

/** Adds the nodes that merge the results of two directions. */
function merged<X extends Numeric>(
  scope: Scope,
  label: string,
  merge: Merge,
  forward: X,
  backward: X,
): X {
  const both = [forward, backward]
  if (merge === 'concat') {
    return scope.value({ ...forward, size: 2 * forward.size }, scope.node(label, 'concat', both))
  }
  if (merge === 'multiply') return scope.value(forward, scope.node(label, 'multiply', both))
  if (merge === 'sum') return scope.value(forward, scope.node(label, 'add', both))
  const sum = scope.value(forward, scope.node(`${label}.sum`, 'add', both))
  return scope.value(forward, scope.node(label, { affine: { scale: 0.5, shift: 0 } }, [sum]))
}

/** Cuts the initial states of both directions apart. */
function halves({
  where,
  site,
  sizes,
  initial,
}: Ways): [Partial<NamedVectors>, Partial<NamedVectors>] {
  const { scope } = site
  const half = (at: number): NamedVectors =>
    mapStates(initial, (value, name) => {
      const { [name]: size = 0 } = sizes
      const op = { slice: { start: at * size, size } }
      checkState(`${where} initial ${name}`, value, 2 * size)
      return scope.value<Vector>({ kind: 'vector', size }, scope.node('slice', op, [value]))
    })
  return [half(0), half(1)]
}

/** Makes values once; those that a step made and then threw are taken back, and are made anew. */
function remade<V extends NamedVectors>(make: () => V): () => V {
  let made: V | undefined
  return () => {
    if (made === undefined || !Object.values(made).every(isValue)) made = make()
    return made
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

/** The error for a last step that no state is. */
function notShown(layer: string): Error {
  const expected = `'${layer}' with a state for its output`
  const received = new Described('an output of its own, whose first step backwards is no state')
  const advice = 'take the states of the layer, or lastStep()'
  return mismatch('ERR_UNROLLED_GRAPH', 'last', expected, received, advice)
}
