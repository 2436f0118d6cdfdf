/** Lengths of the rows, and what files compute of them: here rows are fed with their own lengths, and have no padding. */
import { mean } from '../../index.js'
import { commonAxes } from './broadcast.js'
import { type Call, flowAt, inputAt, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axesOf,
  describe,
  finalStep,
  flow,
  type Held,
  hasRole,
  type Lengths,
} from './held.js'

/** The one number of a constant. */
export function numberOf(held: Held): number | undefined {
  const item = held.kind === 'constant' && held.tensor.data.length === 1 && held.tensor.data[0]
  return typeof item === 'number' ? item : undefined
}

function lengths(of: Lengths['of'], axes: readonly Axis[]): Lengths {
  return { kind: 'lengths', of, axes }
}

/** Applies an operator of two numbers to lengths; nothing where it has another meaning. */
export function ofLengths(op: string, a: Held, b: Held): Held | undefined {
  const number = numberOf(b)
  // An input of another name may be any place of a row.
  if (a.kind === 'ids' && a.name.startsWith('lengths_')) {
    if (op === 'Sub' && number === 1) return lengths('last', a.axes)
    if (op === 'Max' && number === 1) return lengths('divisor', a.axes)
    return op === 'Greater' && number === 0 ? lengths('any', a.axes) : undefined
  }
  if (a.kind === 'lengths' && a.of === 'places' && b.kind === 'ids') {
    return op === 'Less' ? lengths('valid', commonAxes(a.axes, b.axes)) : undefined
  }
  if (a.kind === 'lengths' && a.of === 'last') return op === 'Max' && number === 0 ? a : undefined
  // The sum over the steps of a row, over their number.
  if (op === 'Div' && b.kind === 'lengths' && b.of === 'divisor' && a.kind === 'flow') {
    if (a.pooled?.how === 'sum') return flow(commonAxes(a.axes, b.axes), mean()(a.pooled.x))
  }
  return undefined
}

/** The places of the time or of the rows: `0, 1 … count - 1`. */
export function placesOf(
  start: number | undefined,
  limit: Held,
  delta: number | undefined,
): Lengths | undefined {
  const [count] = limit.kind === 'constant' ? Array.from(limit.tensor.data) : []
  const single = typeof count === 'object' && count.factor === 1 && count.roles.length === 1
  if (!single || start !== 0 || delta !== 1) return undefined
  const of = count.roles[0] === 'time' ? 'places' : 'rows'
  return lengths(of, [{ roles: count.roles, axis: count.axis }])
}

/** A value with another in place of the padding, or of rows without steps: padding has no place here. */
export function unpadded(mask: Lengths, x: Held, other: Held): Held {
  // A number that is the same in all steps.
  if (mask.of === 'valid' && x.kind === 'constant') return x
  const axes = commonAxes(mask.axes, axesOf(x))
  const timed =
    !mask.axes.some((axis) => hasRole(axis, 'time')) ||
    axesOf(x).some((axis) => hasRole(axis, 'time'))
  if (mask.of === 'valid' && x.kind === 'flow' && timed) return { ...x, axes }
  // The last step and the maximum of no steps are zeros here.
  const empty = mask.of === 'any' && x.kind === 'flow' && x.pooled !== undefined
  if (empty && numberOf(other) === 0) return { ...x, axes }
  throw new NodeFault(
    'values of the steps that rows have, or zeros for rows without steps',
    `${describe(x)} and ${describe(other)}`,
  )
}

/** Each row's last step, by its place. */
const gatherNd: Operator = (call: Call) => {
  const [x, place] = [flowAt(call, 0), inputAt(call, 1)]
  const [batch, time, ...features] = x.axes
  const last = place.kind === 'lengths' && place.of === 'last' && hasRole(time, 'time')
  if (!last || batch === undefined || x.value.kind !== 'sequence') {
    throw new NodeFault('the last step of each row', `${describe(x)} at ${describe(place)}`)
  }
  return { ...flow([batch, ...features], finalStep(x.value)), pooled: { how: 'last', x: x.value } }
}

export const LENGTHS: readonly (readonly [string, Operator])[] = [['GatherND', gatherNd]]
