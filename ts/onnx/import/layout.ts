/** Operators that only move numbers and axes, and those that ask for shapes. */
import { concat, embedding, lastStep, type Numeric } from '../../index.js'
import {
  type Call,
  floatOf,
  floatsOf,
  hasAttribute,
  inputAt,
  intOf,
  intsFrom,
  intsOf,
  numbersAt,
  type Operator,
  tensorAt,
  tensorIn,
} from './call.js'
import { spread } from './elementwise.js'
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
  flow,
  type Held,
  hasRole,
  type Ids,
  isFeature,
  moved,
  reshaped,
  sizeOf,
} from './held.js'
import { expanded, joined, taken, transposed } from './move.js'
import { reshape } from './reshape.js'
import { countOf, type Item, listOf, plain, type Tensor } from './tensor.js'

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

function finalStep(value: Numeric): Numeric {
  return value.kind === 'sequence' ? lastStep()(value) : value
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

/** The size of several axes together. */
function productOf(axes: readonly Axis[]): Item {
  const sizes = axes.map(sizeOf)
  const factor = sizes.reduce<number>(
    (all, it) => all * (typeof it === 'number' ? it : it.factor),
    1,
  )
  const roles = sizes.flatMap((it) => (typeof it === 'number' ? [] : it.roles))
  return roles.length === 0 ? factor : { factor, roles }
}

const concatenate: Operator = (call) => {
  const all = call.node.input.map((_, i) => inputAt(call, i))
  const constants = all.filter((held): held is Constant => held.kind === 'constant')
  const rank = axesOf(inputAt(call, 0)).length
  const at = axisAt(rank, intOf(call, 'axis', 1))
  const longest = all.find((held) => held.kind !== 'constant') ?? inputAt(call, 0)
  const axes = axesOf(longest)
  for (const held of all) checkJoin(held, axes, at)
  const shapes = all.map((held) =>
    featureDims(axesOf(held)).map((dim, i) => (isFeature(axes[i]) ? dim : 1)),
  )
  const move = joined(shapes, at)
  if (constants.length === all.length) {
    const data = constants.flatMap(({ tensor }) => Array.from(tensor.data))
    const float = constants.some(({ tensor }) => tensor.float)
    return moved(constantOf({ dims: [data.length], data, float }), move)
  }
  const size = (i: number): Axis[] =>
    axes.map((axis, k) => (k === at ? (shapes[i]?.[at] ?? 1) : axis))
  const values = all.map((held, i) => spread(call, held, size(i)))
  const [first, ...rest] = values
  if (first === undefined) throw new NodeFault('at least one input', 'none')
  const whole = rest.length === 0 ? first : concat(...values)
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

/** The places that a slice takes of an axis. */
function placesOf(size: number, start: number, end: number, step: number): number[] {
  const clamp = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high)
  const [from, to] =
    step > 0
      ? [clamp(start, 0, size), clamp(end, 0, size)]
      : [clamp(start, -1, size - 1), end < -size ? -1 : clamp(end, -1, size - 1)]
  const count = Math.max(0, Math.ceil((to - from) / step))
  countOf([count], Math.max(size, 1))
  return Array.from({ length: count }, (_, i) => from + i * step)
}

const slice: Operator = (call) => {
  let held = inputAt(call, 0)
  const starts = intsFrom(call, 'starts', 1) ?? []
  const ends = intsFrom(call, 'ends', 2) ?? []
  const axes = intsFrom(call, 'axes', 3) ?? starts.map((_, i) => i)
  const steps = intsFrom(call, 'steps', 4) ?? starts.map(() => 1)
  for (const [i, axis] of axes.entries()) {
    const [start, end, step] = [starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1]
    if (step === 0) throw new NodeFault('steps that are not 0', '0')
    held = sliced(held, axisAt(axesOf(held).length, axis), start, end, step)
  }
  return held
}

/** An end that lies beyond any axis. */
const FAR = 2 ** 31 - 1

function sliced(held: Held, at: number, start: number, end: number, step: number): Held {
  const axes = axesOf(held)
  const axis = axes[at] as Axis
  if (isFeature(axis)) return takenAt(held, at, placesOf(axis, start, end, step))
  const size = axis.size
  const whole =
    step === 1 && (start === 0 || (size !== undefined && start <= -size)) && end >= (size ?? FAR)
  if (whole) return held
  const last = axis.roles.join() === 'time' && step > 0 && (end >= FAR || end === size)
  if (last && held.kind === 'flow' && (start === -1 || start + 1 === size)) {
    return flow(
      axes.map((it, i) => (i === at ? 1 : it)),
      finalStep(held.value),
    )
  }
  throw new NodeFault(
    'all of the batch or time, or its last step',
    `${start} to ${end} by ${step} of ${describe(held)}`,
  )
}

/** Takes places of a feature axis. */
function takenAt(
  held: Held,
  at: number,
  places: readonly number[],
  shape?: readonly number[],
): Held {
  const axes = axesOf(held)
  const move = taken(featureDims(axes), at, places, shape)
  const middle: readonly Axis[] = shape ?? [places.length]
  return moved(held, move, [...axes.slice(0, at), ...middle, ...axes.slice(at + 1)])
}

const split: Operator = (call) => {
  const held = inputAt(call, 0)
  const axes = axesOf(held)
  const at = axisAt(axes.length, intOf(call, 'axis', 0))
  const axis = axes[at]
  if (!isFeature(axis)) throw new NodeFault('features to split', describe(held))
  const count = call.node.output.length
  const each = Math.ceil(axis / count)
  const sizes =
    intsFrom(call, 'split', 1) ??
    Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, axis - i * each)))
  if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== axis) {
    throw new NodeFault(`${count} sizes of ${axis} together`, `[${sizes.join(', ')}]`)
  }
  let start = 0
  return sizes.map((size) => {
    const places = placesOf(axis, start, start + size, 1)
    start += size
    return takenAt(held, at, places)
  })
}

const gather: Operator = (call) => {
  const [data, indices] = [inputAt(call, 0), inputAt(call, 1)]
  const axes = axesOf(data)
  const at = axisAt(axes.length, intOf(call, 'axis', 0))
  if (indices.kind === 'ids' && data.kind === 'constant') return lookedUp(call, data, indices, at)
  if (indices.kind !== 'constant')
    throw new NodeFault('constant indices, or ids of a table', describe(indices))
  const { dims } = indices.tensor
  const places = Array.from(plain(indices.tensor))
  const axis = axes[at] as Axis
  if (isFeature(axis)) {
    return takenAt(
      data,
      at,
      places.map((place) => axisAt(axis, place)),
      dims,
    )
  }
  const [place = 0] = places
  const rest = [...axes.slice(0, at), ...dims, ...axes.slice(at + 1)]
  const single = places.length === 1 && data.kind === 'flow'
  const last = place === -1 || place + 1 === axis.size
  if (single && axis.roles.join() === 'time' && last) return flow(rest, finalStep(data.value))
  if (single && axis.roles.join() === 'batch' && axis.size === 1 && last)
    return flow(rest, data.value)
  throw new NodeFault(
    'places among features, or the last step of the time',
    `${places.slice(0, 8).join(', ')} of ${describe(data)}`,
  )
}

/** A table whose rows ids choose. */
function lookedUp(call: Call, table: Constant, ids: Ids, at: number): Held {
  const { dims } = table.tensor
  const [count = 0, ...rest] = dims
  if (at !== 0 || dims.length < 2 || !table.tensor.float) {
    throw new NodeFault('a table of numbers, looked up on axis 0', describe(table))
  }
  const size = countOf(rest, 2 ** 20)
  const name = call.build.unique(call.node.name || 'embedding')
  const value = embedding({ size, name })(ids.declare(count) as never) as Numeric
  call.build.match(call.node.name || name, { [`${name}.weight`]: plain(table.tensor) })
  return flow([...ids.axes, ...rest], value)
}

const expand: Operator = (call) => {
  const held = inputAt(call, 0)
  const shape = Array.from(tensorAt(call, 1)?.data ?? [])
  const own = axesOf(held)
  const rank = Math.max(own.length, shape.length)
  const padded = Array.from({ length: rank }, (_, i): Axis => own[i - rank + own.length] ?? 1)
  const axes = padded.map((axis, i): Axis => {
    const item = shape[i - rank + shape.length] ?? 1
    // A constant spreads along the batch or time when it meets values.
    return !isFeature(axis) || typeof item !== 'number' ? axis : axis === 1 ? item : axis
  })
  return moved(reshaped(held, padded), expanded(featureDims(padded), featureDims(axes)), axes)
}

const shapeOf: Operator = (call) => {
  const sizes = axesOf(inputAt(call, 0)).map(sizeOf)
  const end = hasAttribute(call, 'end') ? intOf(call, 'end', 0) : sizes.length
  return constantOf(listOf(sizes.slice(intOf(call, 'start', 0), end)))
}

const sizeOfAll: Operator = (call) =>
  constantOf({ dims: [], data: [productOf(axesOf(inputAt(call, 0)))], float: false })

const constant: Operator = (call) => {
  const tensor = tensorIn(call, 'value') ?? numbersIn(call)
  const [name = ''] = call.node.output
  return { kind: 'constant', tensor, name }
}

function numbersIn(call: Call): Tensor {
  const floats = floatsOf(call, 'value_floats')
  const ints = intsOf(call, 'value_ints')
  if (floats !== undefined) return { ...listOf(floats), float: true }
  if (ints !== undefined) return listOf(ints)
  const float = hasAttribute(call, 'value_float')
  if (!float && !hasAttribute(call, 'value_int'))
    throw new NodeFault('numbers', 'a constant of another kind')
  return {
    dims: [],
    data: [float ? floatOf(call, 'value_float', 0) : intOf(call, 'value_int', 0)],
    float,
  }
}

const constantOfShape: Operator = (call) => {
  const fill = tensorIn(call, 'value') ?? { dims: [1], data: [0], float: true }
  const dims = Array.from(tensorAt(call, 0)?.data ?? [], (item) =>
    typeof item === 'number' ? item : 1,
  )
  const count = countOf(dims)
  return constantOf({
    dims,
    data: new Array<Item>(count).fill(fill.data[0] ?? 0),
    float: fill.float,
  })
}

const range: Operator = (call) => {
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((i) => numbersAt(call, i)?.[0])
  const count = Math.max(0, Math.ceil((limit - start) / delta))
  countOf([count])
  return constantOf(listOf(Array.from({ length: count }, (_, i) => start + i * delta)))
}

const cast: Operator = (call) => {
  const held = inputAt(call, 0)
  if (held.kind !== 'constant') return held
  const float = [1, 10, 11, 16].includes(intOf(call, 'to', 1))
  if (float || !held.tensor.float) return { ...held, tensor: { ...held.tensor, float } }
  return constantOf({ ...held.tensor, float, data: Array.from(plain(held.tensor), Math.trunc) })
}

export const LAYOUT: readonly (readonly [string, Operator])[] = [
  ['Identity', through],
  ['Dropout', through],
  ['Cast', cast],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Reshape', toShape],
  ['Flatten', flatten],
  ['Concat', concatenate],
  ['Slice', slice],
  ['Split', split],
  ['Gather', gather],
  ['Expand', expand],
  ['Shape', shapeOf],
  ['Size', sizeOfAll],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Range', range],
]
