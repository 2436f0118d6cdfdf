/** Operators that only move numbers and axes, and those that ask for shapes. */
import { concat, type Token, type Tokens } from '../../index.js'
import { spread } from './broadcast.js'
import type { Build } from './build.js'
import { inputAt, intOf, intsFrom, intsOf, type Operator, tensorAt } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  arranged,
  axesOf,
  axisAt,
  type Constant,
  constantOf,
  describe,
  featureDims,
  finalStep,
  flow,
  type Held,
  hasRole,
  type Ids,
  isFeature,
  isTime,
  moved,
  productOf,
  reshaped,
  sizeOf,
} from './held.js'
import { expanded, joined, transposed } from './move.js'
import { reshape } from './reshape.js'
import { shifted } from './shift.js'
import { countOf } from './tensor.js'

const through: Operator = (call) => inputAt(call, 0)

const transpose: Operator = (call) => {
  const held = inputAt(call, 0)
  const axes = axesOf(held)
  const order = intsOf(call, 'perm') ?? axes.map((_, i) => axes.length - 1 - i)
  const known = order.map((axis) => axisAt(axes.length, axis))
  if (new Set(known).size !== axes.length) {
    throw new NodeFault(`each of ${axes.length} axes once`, `[${order.join(', ')}]`)
  }
  const next = known.map((axis) => axes[axis] as Axis)
  return moved(held, transposed(featureDims(axes), known), next)
}

/** Tells if an axis has one place: a feature of size 1, or a batch or time that the file fixes to 1. */
const isSingle = (axis: Axis | undefined): boolean => axis !== undefined && sizeOf(axis) === 1

const squeeze: Operator = (call) => {
  const held = inputAt(call, 0)
  const axes = axesOf(held)
  const given = intsFrom(call, 'axes', 1)?.map((axis) => axisAt(axes.length, axis))
  const cut = given ?? axes.flatMap((axis, i) => (isSingle(axis) ? [i] : []))
  for (const at of cut) {
    if (!isSingle(axes[at])) throw new NodeFault(`1 place on axis ${at}`, describe(held))
  }
  const rest = axes.filter((_, i) => !cut.includes(i))
  const timed = cut.some((at) => hasRole(axes[at], 'time'))
  if (timed && held.kind === 'flow') return flow(rest, finalStep(held.value))
  return reshaped(held, rest)
}

const unsqueeze: Operator = (call) => {
  const held = inputAt(call, 0)
  const given = intsFrom(call, 'axes', 1) ?? []
  const rank = axesOf(held).length + given.length
  const places = new Set(given.map((axis) => axisAt(rank, axis)))
  const rest = [...axesOf(held)]
  if (rank > 32) throw new NodeFault('at most 32 axes', String(rank))
  return reshaped(
    held,
    Array.from({ length: rank }, (_, i): Axis => (places.has(i) ? 1 : (rest.shift() ?? 1))),
  )
}

const toShape: Operator = (call) => {
  const shape = tensorAt(call, 1)?.data ?? intsOf(call, 'shape') ?? []
  return reshape(inputAt(call, 0), Array.from(shape), intOf(call, 'allowzero', 0) === 1)
}

const flatten: Operator = (call) => {
  const held = inputAt(call, 0)
  const axes = axesOf(held)
  const at = intOf(call, 'axis', 1)
  const cut = at < 0 ? at + axes.length : at
  const sides = [axes.slice(0, cut), axes.slice(cut)].map(productOf)
  return reshape(held, sides, false)
}

const concatenate: Operator = (call) => {
  const all = call.node.input.map((_, i) => inputAt(call, i))
  const constants = all.filter((held): held is Constant => held.kind === 'constant')
  const at = axisAt(axesOf(inputAt(call, 0)).length, intOf(call, 'axis', 1))
  const [first = inputAt(call, 0), second] = all
  if (second?.kind === 'before' && all.length === 2) return shifted(call, first, second, at)
  const longest = all.find((held) => held.kind !== 'constant') ?? first
  const axes = axesOf(longest)
  for (const held of all) checkJoin(held, axes, at)
  const shapes = all.map((held) =>
    featureDims(axesOf(held)).map((dim, i) => (isFeature(axes[i]) ? dim : 1)),
  )
  const count = shapes.reduce((sum, dims) => sum + countOf(dims, 2 ** 30), 0)
  if (constants.length === all.length && count > call.build.room)
    throw new NodeFault('fewer fixed numbers made of those of the file', `${count}`)
  const move = joined(shapes, at)
  if (constants.length === all.length) {
    const data = constants.flatMap(({ tensor }) => Array.from(tensor.data))
    const float = constants.some(({ tensor }) => tensor.float)
    return moved(constantOf({ dims: [data.length], data, float }), move)
  }
  const size = (i: number): Axis[] =>
    axes.map((axis, k) => (k === at ? (shapes[i]?.[at] ?? 1) : axis))
  const values = all.map((held, i) => spread(call, held, size(i)))
  const [only] = values
  const whole = values.length === 1 && only !== undefined ? only : concat(...values)
  const result = axes.map((axis, i): Axis => (i === at ? (move.dims[at] ?? 1) : axis))
  return flow(result, arranged(whole, move.from))
}

function checkJoin(held: Held, axes: readonly Axis[], at: number): void {
  const own = axesOf(held)
  const fits =
    own.length === axes.length &&
    own.every((axis, i) => {
      const other = axes[i] as Axis
      if (i === at) return isFeature(axis) && isFeature(other)
      if (isFeature(axis) && isFeature(other)) return axis === other
      if (isFeature(axis) || isFeature(other)) return held.kind === 'constant'
      return axis.roles.join() === other.roles.join()
    })
  if (fits) return
  throw new NodeFault(`features to join on axis ${at}, and other axes alike`, describe(held))
}

const expand: Operator = (call) => {
  const held = inputAt(call, 0)
  const shape = Array.from(tensorAt(call, 1)?.data ?? [])
  const own = axesOf(held)
  const rank = Math.max(own.length, shape.length)
  const padded = Array.from({ length: rank }, (_, i): Axis => own[i - rank + own.length] ?? 1)
  const axes = padded.map((axis, i): Axis => {
    const item = shape[i - rank + shape.length] ?? 1
    if (!isFeature(axis) && typeof item === 'number' && ![1, axis.size ?? item].includes(item))
      throw new NodeFault(`the size of axis ${i} as it is, ${axis.size}`, String(item))
    // A constant spreads along the batch or time when it meets values.
    return !isFeature(axis) || typeof item !== 'number' ? axis : axis === 1 ? item : axis
  })
  const result = moved(
    reshaped(held, padded),
    expanded(featureDims(padded), featureDims(axes)),
    axes,
  )
  const timed = axes.map((axis, i): Axis => {
    const item = shape[i - rank + shape.length] ?? 1
    const role = axis === 1 && typeof item !== 'number' && item.factor === 1
    return role && item.roles.length === 1 ? { roles: item.roles, axis: item.axis } : axis
  })
  const steps = timed.some((axis, i) => axis !== axes[i] && isTime(axis))
  if (steps && held.kind === 'ids') return repeatedIds(call.build, held, timed)
  if (!steps || (held.kind !== 'flow' && held.kind !== 'constant')) return result
  if (held.kind === 'constant' && !held.tensor.float) return result
  const value = spread(call, result, axes)
  return value.kind === 'vector' ? call.build.stepped(flow(timed, value)) : result
}

/** The id of a row at each step. */
function repeatedIds(build: Build, ids: Ids, axes: readonly Axis[]): Ids {
  let made: Token | Tokens | undefined
  return {
    ...ids,
    axes,
    declare(vocabularySize) {
      made ??= build.repeated(ids.declare(vocabularySize) as Token, axes)
      return made
    },
  }
}

export const LAYOUT: readonly (readonly [string, Operator])[] = [
  ['Identity', through],
  ['Dropout', through],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Reshape', toShape],
  ['Flatten', flatten],
  ['Concat', concatenate],
  ['Expand', expand],
]
