import { isList } from '../brand.js'
import { START_OPTIONS } from '../cell/scan.js'
import { checkState, type NamedVectors, type Unrolled, unroll } from '../cell/unroll.js'
import { mismatch } from '../errors.js'
import type { InitJson } from '../graph/json.js'
import { callOptions } from '../graph/layer.js'
import { isValue, type Scope, type Site } from '../graph/scope.js'
import type { Sequence, Vector } from '../graph/value.js'
import { checkOptions } from '../options.js'
import { noteBothWays } from './directions.js'
import { pytorchUniform } from './initializer.js'
import type { CellSettings, Settings, Stacked } from './recurrent.js'

/** The parameters of one layer in one direction, under PyTorch's names. */
export interface CellParameters {
  readonly weightIh: string
  readonly weightHh: string
  readonly biasIh: string | null
  readonly biasHh: string | null
}

/** A kind of recurrent layer. */
export interface RecurrentKind {
  readonly kind: 'rnn' | 'lstm' | 'gru'
  readonly gates: number
  readonly states: readonly string[]
  /** Initial `bias_ih`, unless the initializer is PyTorch's; zeros by default. */
  readonly biasInit?: InitJson
  /** Builds one step in a scan's body. */
  step(
    body: Scope,
    parameters: CellParameters,
    x: Vector,
    state: NamedVectors,
  ): { next: NamedVectors; output: Vector }
}

/** Adds a stack of scans: layer by layer, in one direction or both. */
export function stack(
  kind: RecurrentKind,
  settings: Settings,
  site: Site,
  x: Sequence,
  call: unknown,
): Stacked<number, NamedVectors> {
  callOptions(settings.where, call, START_OPTIONS)
  const layers: Layer[] = []
  let input = x
  for (const [index, initial] of initialStates(kind, settings, call).entries()) {
    if (index > 0) input = droppedOut(settings, site, input, index)
    const direction = { kind, settings, site, x: input, index, initial, reverse: settings.reverse }
    const built = settings.bidirectional ? bothWays(direction) : oneWay(direction)
    layers.push(built)
    input = built.output
  }
  return {
    output: input,
    get state() {
      return layers.at(-1)?.state ?? {}
    },
    get layers() {
      return layers.map((layer) => layer.state)
    },
  }
}

/** One built layer; a bidirectional layer's state costs nodes, so a getter adds them on demand. */
interface Layer {
  readonly output: Sequence
  readonly state: NamedVectors
}

/** One layer of a stack, in one direction. */
interface Direction {
  readonly kind: RecurrentKind
  readonly settings: Settings
  readonly site: Site
  readonly x: Sequence
  /** The layer's place in the stack, from 0 at the bottom. */
  readonly index: number
  readonly initial: Partial<NamedVectors>
  readonly reverse: boolean
}

/** Adds the dropout between two layers, if there is any. */
function droppedOut({ dropout }: Settings, site: Site, x: Sequence, index: number): Sequence {
  if (dropout === 0) return x
  const op = { dropout: { rate: dropout, fixed: false } }
  return site.scope.value(x, site.scope.node(`${site.label}.dropout_l${index}`, op, [x]))
}

function oneWay(direction: Direction): Unrolled {
  const { kind, settings, site, x, index, initial, reverse } = direction
  const suffix = settings.bidirectional && reverse ? `l${index}_reverse` : `l${index}`
  const parameters = declare(kind, settings, site, x.size, `_${suffix}`)
  return unroll({
    site,
    label: `${site.label}.${suffix}`,
    x,
    sizes: Object.fromEntries(kind.states.map((name) => [name, settings.hiddenSize])),
    reverse,
    initial,
    step: (state, step, body) => kind.step(body, parameters, step, state),
  })
}

function bothWays(direction: Direction): Layer {
  const { settings, site, index, initial } = direction
  const { scope, label } = site
  const half = settings.hiddenSize
  const size = 2 * half
  const [first, second] = [0, half].map((start) =>
    mapStates(initial, (value, name) => {
      const op = { slice: { start, size: half } }
      checkState(`${settings.where} initial ${name}`, value, size)
      return scope.value<Vector>({ kind: 'vector', size: half }, scope.node('slice', op, [value]))
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
      return scope.value<Vector>({ kind: 'vector', size }, node)
    })
    return joined
  }
  noteBothWays(scope, wire, { layer: site.name, states })
  return {
    output: scope.value({ ...forward.output, size }, wire),
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

/** Declares the parameters of a cell, or of one layer in one direction. */
export function declare(
  kind: RecurrentKind,
  settings: CellSettings,
  site: Site,
  inputSize: number,
  suffix = '',
): CellParameters {
  const { hiddenSize, bias } = settings
  const rows = kind.gates * hiddenSize
  const uniform = settings.initializer === 'pytorch' ? pytorchUniform(hiddenSize) : undefined
  const orthogonal = { orthogonal: { blocks: kind.gates } }
  const parameter = (name: string, shape: readonly number[], init: InitJson) =>
    site.parameter(`${name}${suffix}`, shape, uniform ?? init)
  return {
    weightIh: parameter('weight_ih', [rows, inputSize], 'glorotUniform'),
    weightHh: parameter('weight_hh', [rows, hiddenSize], orthogonal),
    biasIh: bias ? parameter('bias_ih', [rows], kind.biasInit ?? 'zeros') : null,
    biasHh: bias ? parameter('bias_hh', [rows], 'zeros') : null,
  }
}

function initialStates(
  kind: RecurrentKind,
  settings: Settings,
  call: unknown,
): readonly Partial<NamedVectors>[] {
  const { where, numLayers } = settings
  const initial = (call as { initial?: unknown } | undefined)?.initial
  if (initial === undefined) return Array.from({ length: numLayers }, () => ({}))
  const list: readonly unknown[] = isList(initial) ? initial : [initial]
  if (list.length !== numLayers) {
    const expected = `a state for each of ${numLayers} layers`
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} initial`, expected, list.length)
  }
  return list.map((state) => {
    checkOptions(`${where} initial`, state ?? {}, kind.states, 'state')
    return (state ?? {}) as Partial<NamedVectors>
  })
}
