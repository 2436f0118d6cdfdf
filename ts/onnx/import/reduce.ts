/** Operators that make one number of many: along the time, or of the features of a step. */
import {
  add,
  affine,
  argmax,
  detach,
  exp,
  log,
  max,
  mean,
  multiply,
  type Numeric,
  softmax,
  softmaxOverTime,
  sqrt,
  subtract,
  sum,
  sumOverTime,
} from '../../index.js'
import { type Call, flowAt, inputAt, intOf, intsFrom, type Operator, tensorAt } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axisAt,
  constantOf,
  describe,
  type Flow,
  flow,
  isFeature,
  isTime,
  type Pool,
  productOf,
} from './held.js'
import { along } from './linear.js'

type How = 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceL2' | 'ReduceLogSumExp'

const OVER_TIME: Partial<Record<How, readonly [Pool, typeof mean]>> = {
  ReduceMean: ['mean', mean],
  ReduceSum: ['sum', sumOverTime],
  ReduceMax: ['max', max],
}

function reduction(how: How): Operator {
  return (call) => {
    const x = flowAt(call, 0)
    const given = intsFrom(call, 'axes', 1) ?? []
    if (given.length === 0 && intOf(call, 'noop_with_empty_axes', 0) === 1) return x
    const rank = x.axes.length
    const all =
      given.length === 0 ? x.axes.map((_, i) => i) : given.map((axis) => axisAt(rank, axis))
    const kept = intOf(call, 'keepdims', 1) !== 0
    const done = all.reduce((part, at) => reduced(how, part, at), x)
    const axes = done.axes.filter((_, i) => kept || !all.includes(i))
    return { ...done, axes }
  }
}

/** Reduces one axis to size 1. */
function reduced(how: How, x: Flow, at: number): Flow {
  const axis = x.axes[at] as Axis
  if (isFeature(axis))
    return axis === 1 && how !== 'ReduceL2' ? x : along(x, at, 1, featureSum(how, axis))
  const axes = x.axes.map((it, i): Axis => (i === at ? 1 : it))
  const pool = OVER_TIME[how]
  if (!isTime(axis) || pool === undefined || x.value.kind !== 'sequence') {
    throw new NodeFault(
      'the mean, sum or maximum over the time, or a mean or sum of features',
      describe(x),
    )
  }
  const [name, pooled] = pool
  return { ...flow(axes, pooled()(x.value)), pooled: { how: name, x: x.value } }
}

function featureSum(how: How, count: number): (x: Numeric) => Numeric {
  if (how === 'ReduceSum') return sum
  if (how === 'ReduceMean') return (x) => affine(sum(x), { scale: 1 / count })
  if (how === 'ReduceL2') return (x) => sqrt(sum(multiply(x, x)))
  if (how === 'ReduceLogSumExp') return logSumExp
  throw new NodeFault('a mean or sum of features', how)
}

/** The logarithm of the sum of exponentials, each of a number below the largest one: none of them overflows. */
function logSumExp(x: Numeric): Numeric {
  const most = detach(sum(multiply(x, argmax(x))))
  return add(log(sum(exp(subtract(x, most)))), most)
}

/** The features of the axes from one on, as one axis: older operators normalize them together. */
function merged(call: Call, x: Flow): { flat: Flow; at: number } {
  const old = call.opset < 13
  const at = axisAt(x.axes.length, intOf(call, 'axis', old ? 1 : -1))
  const rest = x.axes.slice(at)
  if (!old || rest.length === 1) return { flat: x, at }
  if (!rest.every(isFeature)) {
    if (rest.slice(1).every((axis) => axis === 1)) return { flat: x, at }
    const expected = 'a softmax over features or the time, not over both together'
    throw new NodeFault(expected, describe(x))
  }
  const size = rest.reduce((product, axis) => product * axis, 1)
  return { flat: flow([...x.axes.slice(0, at), size], x.value), at }
}

function normalized(apply: (x: Numeric) => Numeric): Operator {
  return (call) => {
    const x = flowAt(call, 0)
    const { flat, at } = merged(call, x)
    const axis = flat.axes[at]
    if (call.op === 'Softmax' && isTime(axis) && x.value.kind === 'sequence')
      return flow(x.axes, softmaxOverTime(x.value))
    if (!isFeature(axis)) throw new NodeFault('a softmax over features or the time', describe(x))
    return flow(x.axes, along(flat, at, axis, apply).value)
  }
}

/** The product of a list of sizes: the items of a shape. */
const sizesTogether: Operator = (call) => {
  const sizes = tensorAt(call, 0)
  if (sizes?.dims.length !== 1)
    throw new NodeFault('the sizes of a shape', describe(inputAt(call, 0)))
  const kept = intOf(call, 'keepdims', 1) !== 0
  const axes = Array.from(
    sizes.data,
    (item): Axis => (typeof item === 'number' ? item : { ...item, size: undefined }),
  )
  return constantOf({ dims: kept ? [1] : [], data: [productOf(axes)], float: false })
}

export const REDUCTIONS: readonly (readonly [string, Operator])[] = [
  ...(['ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceL2', 'ReduceLogSumExp'] as const).map(
    (how) => [how, reduction(how)] as const,
  ),
  ['ReduceProd', sizesTogether],
  ['Softmax', normalized(softmax)],
  ['LogSoftmax', normalized((x) => subtract(x, logSumExp(x)))],
]
