import { add, affine, concat, multiply, type Sequence, type Value, type Vector } from '../index.js'
import { type LayerSpec, snakeCase } from './architecture.js'
import { type CellSpec, conventionsOf, type Runner, readCell, runnerOf, statesOf } from './cells.js'
import { fault, shown } from './fault.js'
import { Fields } from './fields.js'
import type { Version } from './functions.js'
import { type Kind, ownName, type WeightSet } from './kind.js'

/** The classes of layers that are a cell, or cells, along time. */
export const RECURRENT: readonly string[] = ['SimpleRNN', 'LSTM', 'GRU', 'RNN']

/** Cells, each on the output of the one before, in one direction. */
interface Way {
  readonly cells: readonly CellSpec[]
  /** The group of each cell's weights. */
  readonly places: readonly string[]
  readonly sequences: boolean
  readonly state: boolean
  readonly backwards: boolean
  readonly notes: readonly string[]
}

function readWay(className: string, config: Fields, version: Version, place: string): Way {
  if (config.flag('time_major')) {
    throw fault(`${config.where} time_major`, 'false', 'true', 'time comes after the rows here')
  }
  const cells =
    className === 'RNN' ? readCells(config, version) : [readCell(className, config, version)]
  const stateful = config.flag('stateful')
  return {
    cells,
    places: placesOf(className, config).map((own) => `${place}${own}`),
    sequences: config.flag('return_sequences'),
    state: config.flag('return_state'),
    backwards: config.flag('go_backwards'),
    notes: [
      ...cells.flatMap(conventionsOf),
      ...(stateful ? ['stateful: give each prediction the state of the one before'] : []),
      ...(config.flag('zero_output_for_mask') ? ['outputs end with their row'] : []),
    ],
  }
}

function readCells(config: Fields, version: Version): readonly CellSpec[] {
  return cellsOf(config).map(({ className, own }) => readCell(className, own, version))
}

interface Given {
  readonly className: string
  readonly own: Fields
}

/** The cells of an RNN: those of a stack, or the one. */
function cellsOf(config: Fields): readonly Given[] {
  const read = (value: unknown): Given => {
    const given = new Fields(`${config.where} cell`, value)
    return {
      className: given.text('class_name'),
      own: new Fields(config.where, given.get('config')),
    }
  }
  const cell = read(config.get('cell'))
  return cell.className === 'StackedRNNCells' ? cell.own.list('cells').map(read) : [cell]
}

function placesOf(className: string, config: Fields): readonly string[] {
  if (className !== 'RNN' || config.fields('cell').text('class_name') !== 'StackedRNNCells')
    return ['cell']
  const seen = new Map<string, number>()
  return cellsOf(config).map((given) => {
    const key = snakeCase(given.className)
    const number = seen.get(key) ?? 0
    seen.set(key, number + 1)
    return `cell/cells/${key}${number === 0 ? '' : `_${number}`}`
  })
}

/** The layers of a way. */
interface Made {
  readonly way: Way
  readonly runners: readonly Runner[]
}

function makeWay(way: Way, name: string, reverse: boolean): Made {
  const { cells } = way
  const own = (at: number): string => (cells.length === 1 ? name : `${name}.${at}`)
  return { way, runners: cells.map((cell, at) => runnerOf(cell, own(at), reverse)) }
}

/** The results of one way: the output at every step, the last one, and all states in the order of Keras. */
interface Ran {
  readonly output: Sequence
  readonly last: Vector
  readonly states: readonly Vector[]
}

function runWay({ way, runners }: Made, x: Sequence, initial: readonly Vector[]): Ran {
  const states: Vector[] = []
  let output = x
  let taken = 0
  for (const [at, runner] of runners.entries()) {
    const names = statesOf(way.cells[at] as CellSpec)
    const given = initial.slice(taken, taken + names.length)
    taken += names.length
    const start =
      given.length === 0
        ? undefined
        : Object.fromEntries(names.map((name, i) => [name, given[i] as Vector]))
    const made = runner.run(output, start)
    output = made.output
    for (const name of names) states.push(made.state[name] as Vector)
  }
  const { length } = statesOf(way.cells.at(-1) as CellSpec)
  return { output, last: states[states.length - length] as Vector, states }
}

function weightsOf({ way, runners }: Made): readonly WeightSet[] {
  return runners.map((runner, at) => runner.weights(way.places[at] ?? ''))
}

function countStates({ cells }: Way): number {
  return cells.reduce((sum, cell) => sum + statesOf(cell).length, 0)
}

/** Checks what a recurrent layer is called with. */
function checkCall(
  { where }: LayerSpec,
  inputs: readonly Value[],
  given: readonly Value[],
  expected: number,
): { x: Sequence; initial: readonly Vector[] } {
  const [x, ...more] = inputs
  if (x?.kind !== 'sequence')
    throw fault(where, 'a sequence', x === undefined ? 'nothing' : `a ${x.kind}`)
  const initial = [...more, ...given].map((state) => {
    if (state.kind === 'vector') return state
    throw fault(`${where} initial state`, 'a vector', `a ${state.kind}`)
  })
  if (initial.length === 0 || initial.length === expected) return { x, initial }
  throw fault(`${where} initial state`, `${expected} states`, `${initial.length}`)
}

const layer: Kind = {
  trace: ({ config }, [input]) => (config.flag('return_sequences') ? [{ axis: input?.axis }] : []),
  make(spec) {
    const { className, config, version, where } = spec
    const way = readWay(className, config, version, '')
    if (way.backwards && way.sequences) {
      const advice =
        'its outputs begin with the last step; outputs here keep the order of the input'
      throw fault(`${where} go_backwards`, 'false with return_sequences', 'true', advice)
    }
    const made = makeWay(way, ownName(spec), way.backwards)
    return {
      conventions: way.notes,
      apply(inputs, states) {
        const { x, initial } = checkCall(spec, inputs, states, countStates(way))
        const ran = runWay(made, x, initial)
        return [way.sequences ? ran.output : ran.last, ...(way.state ? ran.states : [])]
      },
      weights: () => weightsOf(made),
    }
  },
}

type Joined = <X extends Sequence | Vector>(a: X, b: X) => readonly (Sequence | Vector)[]

const MERGES: ReadonlyMap<unknown, Joined> = new Map<unknown, Joined>([
  ['concat', (a, b) => [concat(a, b)]],
  ['sum', (a, b) => [add(a, b as typeof a)]],
  ['mul', (a, b) => [multiply(a, b as typeof a)]],
  ['ave', (a, b) => [affine(add(a, b as typeof a), { scale: 0.5 })]],
  [undefined, (a, b) => [a, b]],
])

/** Reads one of the two layers of a Bidirectional. */
function readSide({ config, version }: LayerSpec, key: string, place: string): Way | undefined {
  if (config.get(key) === undefined) return undefined
  const given = config.fields(key)
  const className = given.text('class_name')
  if (!RECURRENT.includes(className))
    throw fault(`${config.where} ${key}`, `one of ${RECURRENT.join(', ')}`, className)
  return readWay(className, new Fields(config.where, given.get('config')), version, place)
}

const bidirectional: Kind = {
  trace: ({ config }, [input]) => {
    const sequences = config.fields('layer').fields('config').flag('return_sequences')
    const outputs = config.get('merge_mode') === undefined ? 2 : 1
    return Array.from({ length: sequences ? outputs : 0 }, () => ({ axis: input?.axis }))
  },
  make(spec) {
    const { config, where } = spec
    const mode = config.get('merge_mode')
    const merge = MERGES.get(mode)
    if (merge === undefined)
      throw fault(`${where} merge_mode`, 'concat, sum, mul, ave or null', shown(mode))
    const ahead = readSide(spec, 'layer', 'forward_layer/')
    const again = readSide(spec, 'backward_layer', 'backward_layer/')
    const mirrored = again ?? {
      ...ahead,
      places: readSide(spec, 'layer', 'backward_layer/')?.places,
    }
    const back = { ...mirrored, backwards: true } as Way
    if (ahead === undefined || ahead.backwards) {
      throw fault(
        `${where} layer`,
        'a layer that runs forward',
        ahead === undefined ? 'none' : 'one with go_backwards',
      )
    }
    const name = ownName(spec)
    const ways = [
      makeWay(ahead, `${name}.forward`, false),
      makeWay(back, `${name}.backward`, true),
    ] as const
    return {
      conventions: ['both ways as two layers', ...new Set([...ahead.notes, ...back.notes])],
      apply(inputs, states) {
        const { x, initial } = checkCall(
          spec,
          inputs,
          states,
          countStates(ahead) + countStates(back),
        )
        const [first, second] = [
          runWay(ways[0], x, initial.slice(0, countStates(ahead))),
          runWay(ways[1], x, initial.slice(countStates(ahead))),
        ]
        const outputs = ahead.sequences
          ? merge(first.output, second.output)
          : merge(first.last, second.last)
        return [...outputs, ...(ahead.state ? [...first.states, ...second.states] : [])]
      },
      weights: () => ways.flatMap(weightsOf),
    }
  },
}

export const RECURRENT_KINDS: readonly (readonly [string, Kind])[] = [
  ...RECURRENT.map((name) => [name, layer] as const),
  ['Bidirectional', bidirectional],
]
