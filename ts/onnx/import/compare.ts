/** Comparisons, and choices by them. */
import {
  affine,
  constant,
  type Numeric,
  oneHot,
  relu,
  slice,
  type Tokens,
  where,
} from '../../index.js'
import { commonAxes, folded, spread } from './broadcast.js'
import { type Call, inputAt, type Operator } from './call.js'
import { taught } from './choose.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axesOf,
  type Constant,
  constantOf,
  describe,
  type Flow,
  flow,
  type Held,
  type Same,
} from './held.js'
import { numberOf, ofLengths, unpadded } from './lengths.js'
import { expanded } from './move.js'
import type { Item } from './tensor.js'

interface Comparison {
  /** For plain numbers. */
  fold(a: number, b: number): boolean
  /** For a value and one number: 1 where they compare, else 0. */
  one?(x: Numeric, number: number): Numeric
}

const not = (x: Numeric): Numeric => where(x, constant([0]), constant([1]))
const truth = (axes: readonly Axis[], value: Numeric): Flow => ({
  ...flow(axes, value),
  truth: true,
})

/** Gives 1 for each number that is not 0. */
export const truthOf = (x: Flow): Flow => (x.truth ? x : truth(x.axes, not(not(x.value))))

const above = (x: Numeric, n: number): Numeric => relu(affine(x, { shift: -n }))
const below = (x: Numeric, n: number): Numeric => relu(affine(x, { scale: -1, shift: n }))

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  Equal: { fold: (a, b) => a === b, one: (x, n) => not(affine(x, { shift: -n })) },
  Less: { fold: (a, b) => a < b, one: (x, n) => not(not(below(x, n))) },
  Greater: { fold: (a, b) => a > b, one: (x, n) => not(not(above(x, n))) },
  LessOrEqual: { fold: (a, b) => a <= b, one: (x, n) => not(above(x, n)) },
  GreaterOrEqual: { fold: (a, b) => a >= b, one: (x, n) => not(below(x, n)) },
  And: { fold: (a, b) => a !== 0 && b !== 0 },
  Or: { fold: (a, b) => a !== 0 || b !== 0 },
}

function comparison(name: string): Operator {
  const { fold, one } = COMPARISONS[name] as Comparison
  return (call) => {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)]
    if (a.kind === 'constant' && b.kind === 'constant') {
      return folded({ fold: (x, y) => Number(fold(x, y)) }, name, a.tensor, b.tensor)
    }
    const known = ofLengths(name, a, b) ?? same(name, a, b)
    if (known !== undefined) return known
    const number = numberOf(b)
    if (a.kind === 'flow' && number !== undefined && one !== undefined) {
      const axes = commonAxes(a.axes, axesOf(b))
      return truth(axes, one(spread(call, a, axes), number))
    }
    throw new NodeFault('constants, or a value and one number', `${describe(a)} and ${describe(b)}`)
  }
}

function same(op: string, ids: Held, other: Held): Held | undefined {
  const id = numberOf(other)
  if (op !== 'Equal' || ids.kind !== 'ids' || id === undefined) return undefined
  return { kind: 'same', axes: ids.axes, ids, id }
}

/** Numbers that are not 0 where ids are a fixed one of a table that has been read. */
function sameness(call: Call, { ids, id, axes }: Same): Held {
  const count = call.build.vocabularies.get(ids.name)
  if (count === undefined || id < 0 || id >= count)
    throw new NodeFault('an id of a table', String(id))
  const places = oneHot(ids.declare(count) as Tokens)
  return flow(axes, slice({ start: id, size: 1 })(places))
}

/** Gives 1 for each 0, and 0 for other numbers. */
export function notOf(x: Held): Held {
  if (x.kind === 'flow') return truth(x.axes, not(x.value))
  if (x.kind !== 'constant') throw new NodeFault('truth of values', describe(x))
  const data = Array.from(x.tensor.data, (item) => Number(item === 0))
  return constantOf({ dims: x.tensor.dims, data, float: false })
}

/** `Where`: the first value where the condition holds, else the second. */
const choice: Operator = (call) => {
  const [given, a, b] = [inputAt(call, 0), inputAt(call, 1), inputAt(call, 2)]
  const condition = given.kind === 'same' ? sameness(call, given) : given
  if (a.kind === 'ids' && b.kind === 'ids' && condition.kind === 'flow')
    return taught(condition.value, a, b)
  if (condition.kind === 'lengths') return unpadded(condition, a, b)
  const all = [condition, a, b]
  if (all.every((held): held is Constant => held.kind === 'constant')) return chosen(all)
  const axes = all.map(axesOf).reduce(commonAxes)
  const [c, x, y] = all.map((held) => spread(call, held, axes)) as [Numeric, Numeric, Numeric]
  return flow(axes, where(c, x, y))
}

/** Chooses among the numbers of constants. */
function chosen(all: readonly Constant[]): Held {
  const dims = all.map(({ tensor }) => tensor.dims).reduce(commonAxes as never) as number[]
  const lists = all.map(({ tensor }) => {
    const { from } = expanded(tensor.dims, dims)
    return Array.from(from, (at): Item => tensor.data[at] ?? 0)
  })
  const [condition = [], a = [], b = []] = lists
  const data = condition.map((item, i): Item => (item === 0 ? b[i] : a[i]) ?? 0)
  return constantOf({ dims, data, float: all[1]?.tensor.float === true })
}

export const COMPARED: readonly (readonly [string, Operator])[] = [
  ...Object.keys(COMPARISONS).map((name) => [name, comparison(name)] as const),
  ['Not', (call) => notOf(inputAt(call, 0))],
  ['Where', choice],
]
