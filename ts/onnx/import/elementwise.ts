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
  relu,
  sqrt,
  subtract,
} from '../../index.js'
import { commonAxes, folded, spread } from './broadcast.js'
import { type Call, floatOf, flowAt, inputAt, numbersAt, type Operator, wordOf } from './call.js'
import { ofErf } from './erf.js'
import { NodeFault } from './fault.js'
import { clipped, FUNCTIONS, type FunctionKind, geluByTanh, MORE_FUNCTIONS } from './functions.js'
import { axesOf, constantOf, flow, type Held } from './held.js'
import { ofLengths } from './lengths.js'
import { plain } from './tensor.js'

/** Makes an operator of a function of ours, and of one of plain numbers where constants may have it. */
function unary(apply: (x: Numeric, call: Call) => Numeric, fold?: (x: number) => number): Operator {
  return (call) => {
    const x = inputAt(call, 0)
    if (x.kind === 'constant' && fold !== undefined) {
      return constantOf({ ...x.tensor, data: Array.from(plain(x.tensor), fold) })
    }
    const { axes, value } = flowAt(call, 0)
    return flow(axes, apply(value, call))
  }
}

function named({ apply, alpha = 0, beta = 0 }: FunctionKind, second = 'beta'): Operator {
  return unary((x, call) => apply(x, floatOf(call, 'alpha', alpha), floatOf(call, second, beta)))
}

/** `PRelu`: a slope below 0 of each feature, which learns. */
const prelu: Operator = (call) => {
  const [x, slope] = [flowAt(call, 0), inputAt(call, 1)]
  const axes = commonAxes(x.axes, axesOf(slope))
  const below = relu(affine(x.value, { scale: -1 }))
  return flow(axes, subtract(relu(x.value), multiply(below, spread(call, slope, axes))))
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

function pair(call: Call, how: Pairing, a: Held, b: Held): Held {
  if (a.kind === 'constant' && b.kind === 'constant')
    return folded(how, call.op, a.tensor, b.tensor)
  const known = ofLengths(call.op, a, b) ?? ofErf(call.op, a, b)
  if (known !== undefined) return known
  const axes = commonAxes(axesOf(a), axesOf(b))
  const swapped = a.kind === 'constant'
  const [x, other] = swapped ? [b, a] : [a, b]
  if (x.kind === 'flow' && other.kind === 'constant' && other.tensor.data.length === 1 && how.one) {
    const [number] = plain(other.tensor) as readonly number[]
    const simple = how.one(spread(call, x, axes), number as number, swapped)
    if (simple !== undefined) {
      const by = swapped || call.op !== 'Div' ? number : 1 / (number as number)
      const scales = call.op === 'Mul' || (call.op === 'Div' && !swapped)
      return { ...flow(axes, simple), ...(scales && { scaled: { x: x.value, by: by as number } }) }
    }
  }
  return flow(axes, how.apply(spread(call, a, axes), spread(call, b, axes)))
}

function several(name: string): Operator {
  const how = PAIRS[name] as Pairing
  return (call) => {
    const inputs = call.node.input.map((_, i) => inputAt(call, i))
    const [first = inputAt(call, 0), ...rest] = inputs
    return rest.reduce((sum, next) => pair(call, how, sum, next), first)
  }
}

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
  ].map((name) => [name, named(FUNCTIONS.get(name.toLowerCase()) as FunctionKind)] as const),
  ...[...MORE_FUNCTIONS].map(([name, kind]) => [name, named(kind, 'gamma')] as const),
  ['PRelu', prelu],
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
    'Gelu',
    unary((x, call) => (wordOf(call, 'approximate', 'none') === 'tanh' ? geluByTanh(x) : gelu(x))),
  ],
  ['Clip', unary(clip)],
  ...Object.keys(PAIRS).map((name) => [name, several(name)] as const),
  ['Sum', several('Add')],
]
