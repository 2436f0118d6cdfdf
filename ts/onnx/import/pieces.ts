/** Operators that take a part of a value: slices, splits, places, rows of a table. */
import { embedding, type Numeric } from '../../index.js'
import { type Call, inputAt, intOf, intsFrom, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axesOf,
  axisAt,
  type Constant,
  describe,
  featureDims,
  finalStep,
  flow,
  type Held,
  type Ids,
  isFeature,
  isTime,
  moved,
} from './held.js'
import { taken } from './move.js'
import { inOrder } from './order.js'
import { countOf, plain } from './tensor.js'

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
  const before = isTime(axis) && step === 1 && start === 0 && end === -1
  if (before && (held.kind === 'flow' || held.kind === 'ids'))
    return { kind: 'before', of: held, axes }
  const last = isTime(axis) && step > 0 && (end >= FAR || end === size)
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
  if (indices.kind === 'lengths' && indices.of === 'order') return inOrder(data, at, indices)
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
  if (single && isTime(axis) && last) return flow(rest, finalStep(data.value))
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
  call.build.vocabularies.set(ids.name, count)
  const name = call.build.unique(call.node.name || 'embedding')
  const value = embedding({ size, name })(ids.declare(count) as never) as Numeric
  call.build.match(call.node.name || name, { [`${name}.weight`]: plain(table.tensor) })
  return flow([...ids.axes, ...rest], value)
}

export const PIECES: readonly (readonly [string, Operator])[] = [
  ['Slice', slice],
  ['Split', split],
  ['Gather', gather],
]
