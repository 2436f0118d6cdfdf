/** Operators of each number by itself, and of pairs of numbers. */
import {
  abs,
  add,
  affine,
  constant,
  divide,
  exp,
  gelu,
  log,
  maximum,
  minimum,
  multiply,
  type Numeric,
  sqrt,
  subtract,
} from '../../index.js'
import { shared } from './build.js'
import { type Call, floatOf, inputAt, numbersAt, type Operator, wordOf } from './call.js'
import { NodeFault } from './fault.js'
import { clipped, FUNCTIONS, geluByTanh } from './functions.js'
import {
  type Axis,
  arranged,
  axesOf,
  constantOf,
  describe,
  featureDims,
  flow,
  type Held,
  isFeature,
} from './held.js'
import { expanded } from './move.js'
import { countOf, type Item, plain, type Tensor } from './tensor.js'

/** Makes an operator of a function of ours, and of one of plain numbers where constants may have it. */
function unary(apply: (x: Numeric, call: Call) => Numeric, fold?: (x: number) => number): Operator {
  return (call) => {
    const x = inputAt(call, 0)
    if (x.kind === 'flow') return flow(x.axes, apply(x.value, call))
    if (x.kind !== 'constant' || fold === undefined) {
      throw new NodeFault('numbers that a run computes', describe(x))
    }
    const { tensor } = x
    return constantOf({ ...tensor, data: Array.from(plain(tensor), fold) })
  }
}

function named(name: string): Operator {
  const {
    apply,
    alpha = 0,
    beta = 0,
  } = FUNCTIONS.get(name) as NonNullable<ReturnType<typeof FUNCTIONS.get>>
  return unary((x, call) => apply(x, floatOf(call, 'alpha', alpha), floatOf(call, 'beta', beta)))
}

function clip(x: Numeric, call: Call): Numeric {
  const old = call.opset < 11
  const low = old ? floatOf(call, 'min', -Infinity) : (numbersAt(call, 1)?.[0] ?? -Infinity)
  const high = old ? floatOf(call, 'max', Infinity) : (numbersAt(call, 2)?.[0] ?? Infinity)
  return clipped(x, low, high)
}

interface Pairing {
  /** For two values of ours. */
  apply(a: Numeric, b: Numeric): Numeric
  /** For plain numbers. */
  fold(a: number, b: number): number
  /** For a value and one number, where that is simpler; `swapped`: the number comes first. */
  one?(x: Numeric, number: number, swapped: boolean): Numeric | undefined
}

const PAIRS: Readonly<Record<string, Pairing>> = {
  Add: {
    apply: (a, b) => add(a, b),
    fold: (a, b) => a + b,
    one: (x, shift) => affine(x, { shift }),
  },
  Sub: {
    apply: (a, b) => subtract(a, b),
    fold: (a, b) => a - b,
    one: (x, n, swapped) => affine(x, swapped ? { scale: -1, shift: n } : { shift: -n }),
  },
  Mul: {
    apply: (a, b) => multiply(a, b),
    fold: (a, b) => a * b,
    one: (x, scale) => affine(x, { scale }),
  },
  Div: {
    apply: (a, b) => divide(a, b),
    fold: (a, b) => a / b,
    one: (x, n, swapped) => (swapped || n === 0 ? undefined : affine(x, { scale: 1 / n })),
  },
  Min: { apply: (a, b) => minimum(a, b), fold: Math.min },
  Max: { apply: (a, b) => maximum(a, b), fold: Math.max },
  Pow: { apply: refusePower, fold: Math.pow, one: power },
}

function refusePower(): never {
  throw new NodeFault('one fixed number as the power', 'others')
}

function power(x: Numeric, n: number, swapped: boolean): Numeric {
  if (!swapped && n === 0.5) return sqrt(x)
  if (swapped || !Number.isInteger(n) || n < 1 || n > 16) {
    throw new NodeFault(
      'a power of 0.5, or a whole one from 1 to 16',
      swapped ? 'a power that a run computes' : String(n),
    )
  }
  return n === 1 ? x : Array.from({ length: n - 1 }).reduce<Numeric>((y) => multiply(y, x), x)
}

/** Pairs the axes of two values from the last one on; axes of size 1 spread. */
export function commonAxes(a: readonly Axis[], b: readonly Axis[]): Axis[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i): Axis => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1]
    if (x === 1) return y
    if (y === 1 || x === y) return x
    const same = !isFeature(x) && !isFeature(y) && x.roles.join() === y.roles.join()
    // A constant that repeats its numbers along the batch or time has a fixed size there.
    const fixed = isFeature(x) !== isFeature(y)
    if (same || fixed) return isFeature(x) ? y : x
    throw new NodeFault('values whose axes agree', `${describeAxes(a)} and ${describeAxes(b)}`)
  })
}

const describeAxes = (axes: readonly Axis[]): string =>
  describe({ kind: 'absent', name: '', axes }).replace(/^[^[]*/, '')

/** Makes what is held a value with the features of the given axes, or with one number. */
export function spread(call: Call, held: Held, axes: readonly Axis[]): Numeric {
  if (held.kind !== 'constant' && held.kind !== 'flow') {
    throw new NodeFault('numbers that a run computes', describe(held))
  }
  const own = axesOf(held)
  const ahead = axes.slice(axes.length - own.length)
  const whole = held.kind === 'constant' ? { ...held, tensor: shared(held.tensor, ahead) } : held
  const value = whole.kind === 'flow' ? whole.value : call.build.vector(call.node.name ?? '', whole)
  const dims = whole.kind === 'flow' ? featureDims(whole.axes) : whole.tensor.dims
  const wanted = featureDims(axes)
  const count = countOf(dims, 2 ** 30)
  if (count === 1 || count === countOf(wanted, 2 ** 30)) return value
  return arranged(value, expanded(dims, wanted).from)
}

function pair(call: Call, how: Pairing, a: Held, b: Held): Held {
  if (a.kind === 'constant' && b.kind === 'constant')
    return folded(how, call.op, a.tensor, b.tensor)
  const axes = commonAxes(axesOf(a), axesOf(b))
  const swapped = a.kind === 'constant'
  const [x, other] = swapped ? [b, a] : [a, b]
  if (x.kind === 'flow' && other.kind === 'constant' && other.tensor.data.length === 1 && how.one) {
    const [number] = plain(other.tensor) as readonly number[]
    const simple = how.one(spread(call, x, axes), number as number, swapped)
    if (simple !== undefined) return flow(axes, simple)
  }
  return flow(axes, how.apply(spread(call, a, axes), spread(call, b, axes)))
}

/** Applies a function of two numbers to constants. */
function folded({ fold }: { fold: Pairing['fold'] }, op: string, a: Tensor, b: Tensor): Held {
  const dims = commonAxes(a.dims, b.dims) as number[]
  const [left, right] = [expanded(a.dims, dims).from, expanded(b.dims, dims).from]
  const whole = !a.float && !b.float
  const data = Array.from(left, (at, i): Item => {
    const [x, y] = [a.data[at] ?? 0, b.data[right[i] ?? 0] ?? 0]
    if (typeof x === 'number' && typeof y === 'number')
      return whole ? Math.trunc(fold(x, y)) : fold(x, y)
    if (op !== 'Mul') throw new NodeFault('fixed numbers', 'sizes that a run decides')
    const [p, q] = [x, y].map((it) => (typeof it === 'number' ? { factor: it, roles: [] } : it))
    return {
      factor: (p?.factor ?? 1) * (q?.factor ?? 1),
      roles: [...(p?.roles ?? []), ...(q?.roles ?? [])],
    }
  })
  return constantOf({ dims, data, float: a.float || b.float })
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  Less: (a, b) => a < b,
  Greater: (a, b) => a > b,
  LessOrEqual: (a, b) => a <= b,
  GreaterOrEqual: (a, b) => a >= b,
  And: (a, b) => a !== 0 && b !== 0,
  Or: (a, b) => a !== 0 || b !== 0,
}

function comparison(name: string): Operator {
  const compare = COMPARISONS[name] as (a: number, b: number) => boolean
  return (call) => {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)]
    if (a.kind !== 'constant' || b.kind !== 'constant') {
      throw new NodeFault('constants', `${describe(a)} and ${describe(b)}`)
    }
    return folded({ fold: (x, y) => Number(compare(x, y)) }, name, a.tensor, b.tensor)
  }
}

function several(name: string): Operator {
  const how = PAIRS[name] as Pairing
  return (call) => {
    const inputs = call.node.input.map((_, i) => inputAt(call, i))
    const [first = inputAt(call, 0), ...rest] = inputs
    return rest.reduce((sum, next) => pair(call, how, sum, next), first)
  }
}

const truth = (value: boolean): number => Number(value)

export const ELEMENTWISE: readonly (readonly [string, Operator])[] = [
  ...[
    'Tanh',
    'Sigmoid',
    'Relu',
    'Softplus',
    'Softsign',
    'LeakyRelu',
    'Elu',
    'ThresholdedRelu',
    'HardSigmoid',
  ].map((name) => [name, named(name.toLowerCase())] as const),
  ['Abs', unary(abs, Math.abs)],
  ['Exp', unary(exp, Math.exp)],
  ['Log', unary(log, Math.log)],
  ['Sqrt', unary(sqrt, Math.sqrt)],
  [
    'Neg',
    unary(
      (x) => affine(x, { scale: -1 }),
      (x) => -x,
    ),
  ],
  [
    'Reciprocal',
    unary(
      (x) => divide(constant([1]), x),
      (x) => 1 / x,
    ),
  ],
  [
    'Not',
    unary(
      () => {
        throw new NodeFault('a constant', 'numbers that a run computes')
      },
      (x) => truth(x === 0),
    ),
  ],
  [
    'Gelu',
    unary((x, call) => (wordOf(call, 'approximate', 'none') === 'tanh' ? geluByTanh(x) : gelu(x))),
  ],
  ['Clip', unary(clip)],
  ...Object.keys(PAIRS).map((name) => [name, several(name)] as const),
  ['Sum', several('Add')],
  ...Object.keys(COMPARISONS).map((name) => [name, comparison(name)] as const),
]
