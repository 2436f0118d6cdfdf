/** The inputs of a file: which of their axes are the batch and the time. */
import type { Inputs, Numeric } from '../../index.js'
import { DataType, type GraphProto, type NodeProto, type ValueInfoProto } from '../messages.js'
import { type Build, nameFor } from './build.js'
import { quoted, refused } from './fault.js'
import { type Axis, type Held, hasRole, isFeature } from './held.js'
import type { Role } from './tensor.js'

/** The axes of an input: the batch, the time, or so many features. */
export type InputShape = readonly (Role | number)[]

/** A guess at the axes of inputs, by their rank: numbers of 2 and of 3 axes or more, ids of 1 and of 2. */
export interface Guess {
  readonly two: readonly (Role | undefined)[]
  readonly three: readonly (Role | undefined)[]
  readonly oneOfIds: readonly Role[]
  readonly twoOfIds: readonly Role[]
}

const BATCH_FIRST: Guess = {
  two: ['batch', undefined],
  three: ['batch', 'time', undefined],
  oneOfIds: ['batch'],
  twoOfIds: ['batch', 'time'],
}
const TIME_FIRST: Guess = {
  ...BATCH_FIRST,
  three: ['time', 'batch', undefined],
  twoOfIds: ['time', 'batch'],
}
const ONE_ROW: Guess = {
  two: ['time', undefined],
  three: ['time', undefined, undefined],
  oneOfIds: ['time'],
  twoOfIds: ['batch', 'time'],
}

/** Readings of the inputs, the likeliest first. */
export const GUESSES: readonly Guess[] = [
  BATCH_FIRST,
  TIME_FIRST,
  ONE_ROW,
  { ...BATCH_FIRST, two: ['batch', 'time'] },
  { ...TIME_FIRST, two: ['time', 'batch'] },
]

/** The most features of an input; a shape in a file must not ask for all memory. */
const MOST_FEATURES = 2 ** 20

const IDS: readonly number[] = [DataType.INT32, DataType.INT64]

/** Gives the axes of an input as the caller says, or as a guess and the file say. */
export function axesFor(
  name: string,
  info: ValueInfoProto | undefined,
  {
    shape,
    guess,
    state,
    apart = false,
  }: {
    shape?: InputShape | undefined
    guess: Guess
    state?: 'rows' | 'ways' | undefined
    /** Each name of a time is an axis of its own. */
    apart?: boolean
  },
): readonly Axis[] {
  if (shape !== undefined) {
    return shape.map((axis) => (typeof axis === 'number' ? axis : { roles: [axis] }))
  }
  const dims = info?.type?.tensorType?.shape?.dim
  if (dims === undefined) {
    throw refused(
      `input ${quoted(name)}`,
      "a shape in the file, or in the option `inputs`: { name: ['batch', 'time', 3] }",
      'none',
    )
  }
  const roles = rolesFor(dims.length, isIds(info), guess, state)
  return dims.map(({ dimValue = 0, dimParam }, i): Axis => {
    const role = roles[i]
    if (role !== undefined) {
      const axis = apart && role === 'time' ? dimParam : undefined
      return { roles: [role], size: dimValue > 0 ? dimValue : undefined, axis }
    }
    if (dimValue > 0 && dimValue <= MOST_FEATURES) return dimValue
    const advice = "say it in the option `inputs`: { name: ['batch', 'time', 3] }"
    throw refused(
      `input ${quoted(name)}`,
      `a number of features on axis ${i}; ${advice}`,
      String(dims[i]?.dimParam ?? dimValue),
    )
  })
}

export function isIds(info: ValueInfoProto | undefined): boolean {
  return IDS.includes(info?.type?.tensorType?.elemType ?? DataType.FLOAT)
}

function rolesFor(
  rank: number,
  ids: boolean,
  guess: Guess,
  state: 'rows' | 'ways' | undefined,
): readonly (Role | undefined)[] {
  if (state !== undefined) return rank < 3 || state === 'rows' ? ['batch'] : [undefined, 'batch']
  if (ids) return rank === 1 ? guess.oneOfIds : rank === 2 ? guess.twoOfIds : guess.three
  return rank < 2 ? [] : rank === 2 ? guess.two : guess.three
}

/** Tells if a file has times of several names, by a guess. */
export function hasTimes({ input }: GraphProto, guess: Guess): boolean {
  const names = input.flatMap((info) => {
    const dims = info.type?.tensorType?.shape?.dim ?? []
    const at = rolesFor(dims.length, isIds(info), guess, undefined).indexOf('time')
    return dims[at]?.dimParam ?? []
  })
  return new Set(names).size > 1
}

/** Declares an input of a model. */
export function declare(
  build: Build,
  input: Inputs,
  name: string,
  axes: readonly Axis[],
  ids: boolean,
): Held {
  const own = nameFor(name)
  const time = axes.find((axis) => hasRole(axis, 'time'))
  const axis = time === undefined || isFeature(time) ? undefined : time.axis
  const named = axis === undefined ? {} : { axis }
  if (ids) {
    let made: ReturnType<Inputs['tokens']> | ReturnType<Inputs['token']> | undefined
    return {
      kind: 'ids',
      name,
      axes,
      declare(vocabularySize) {
        made ??= time
          ? build.timed(input.tokens(own, { vocabularySize, ...named }), axis)
          : input.token(own, { vocabularySize })
        return made
      },
    }
  }
  const size = axes.reduce<number>(
    (product, axis) => (isFeature(axis) ? product * axis : product),
    1,
  )
  const value: Numeric = time
    ? build.timed(input.sequence(own, { size, ...named }), axis)
    : input.vector(own, { size })
  return { kind: 'flow', axes, value }
}

const STATE_OPS = new Set(['LSTM', 'GRU', 'RNN'])
const STILL = new Set([
  'Slice',
  'Gather',
  'Split',
  'Squeeze',
  'Unsqueeze',
  'Identity',
  'Transpose',
  'Reshape',
  'Cast',
])

/** Finds the names that are moved into the initial states of recurrent nodes, and where these have the batch. */
export function initialStates(root: GraphProto): ReadonlyMap<string, 'rows' | 'ways'> {
  const makers = new Map<string, NodeProto[]>()
  const pending: [string, 'rows' | 'ways'][] = []
  const graphs = [root]
  for (let graph = graphs.pop(); graph !== undefined; graph = graphs.pop()) {
    for (const node of graph.node) {
      for (const { g } of node.attribute) if (g !== undefined) graphs.push(g)
      for (const name of node.output)
        makers.set(name, [...(makers.get(name) ?? []), node].slice(0, 8))
      if (!STATE_OPS.has(node.opType ?? '')) continue
      const layout = node.attribute.find(({ name }) => name === 'layout')?.i === 1 ? 'rows' : 'ways'
      for (const name of node.input.slice(5, 7)) if (name !== '') pending.push([name, layout])
    }
  }
  const found = new Map<string, 'rows' | 'ways'>()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [name, layout] = next
    if (found.has(name)) continue
    found.set(name, layout)
    for (const node of makers.get(name) ?? []) pending.push(...sources(node, layout))
  }
  return found
}

/** The names that a node only moves, or hands on from its branches. */
function sources(node: NodeProto, layout: 'rows' | 'ways'): [string, 'rows' | 'ways'][] {
  if (STILL.has(node.opType ?? '')) return node.input.slice(0, 1).map((name) => [name, layout])
  if (node.opType !== 'If') return []
  return node.attribute.flatMap(({ g }) =>
    (g?.output ?? []).map(({ name = '' }) => [name, layout] as [string, 'rows' | 'ways']),
  )
}
