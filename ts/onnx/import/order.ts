/** Rows sorted by their lengths and put back, as PyTorch packs them: rows are independent, so their order is free here. */
import { inputAt, intOf, type Operator, tensorAt } from './call.js'
import { NodeFault, quoted, refused } from './fault.js'
import {
  type Axis,
  axesOf,
  describe,
  type Flow,
  type Held,
  hasRole,
  type Lengths,
  type RoleAxis,
} from './held.js'

/** The only axis of something, if that is the batch. */
function rowsOf(held: Held): RoleAxis | undefined {
  const [axis, ...others] = axesOf(held)
  const alone = others.length === 0 && hasRole(axis, 'batch') && !hasRole(axis, 'time')
  return alone ? (axis as RoleAxis) : undefined
}

/** Sorts the lengths of all rows; or the places of sorted rows, which puts rows back. */
const topK: Operator = (call) => {
  const x = inputAt(call, 0)
  const rows = rowsOf(x)
  const [count] = Array.from(tensorAt(call, 1)?.data ?? [])
  const whole = typeof count === 'object' && count.factor === 1 && count.roles.join() === 'batch'
  const falling = intOf(call, 'largest', 1) === 1
  const all = rows !== undefined && (whole || (count !== undefined && count === rows.size))
  const expected = 'the lengths of all rows, to sort the rows by'
  if (!all || intOf(call, 'sorted', 1) !== 1) throw new NodeFault(expected, describe(x))
  if (x.kind === 'ids' && rows.axis === undefined) {
    const sorted: Axis = { ...rows, axis: call.node.output[1] ?? 'sorted' }
    const order: Lengths = { kind: 'lengths', of: 'order', axes: [sorted], before: rows }
    return [{ ...x, axes: [sorted] }, order]
  }
  if (x.kind === 'lengths' && x.of === 'order' && !falling) return [rowPlaces(x), back(x)]
  throw new NodeFault(expected, describe(x))
}

/** The places that sorted rows have, for the rows as they were. */
function back(order: Lengths): Lengths {
  const sorted = order.axes[0] as RoleAxis
  return { kind: 'lengths', of: 'order', axes: [order.before as Axis], before: sorted }
}

function rowPlaces(order: Lengths): Lengths {
  return { kind: 'lengths', of: 'rows', axes: [order.before as Axis] }
}

/** Writes the places of sorted rows where the rows were. */
const scatter: Operator = (call) => {
  const [order, rows] = [inputAt(call, 1), inputAt(call, 2)]
  const counted = rows.kind === 'lengths' && rows.of === 'rows'
  if (order.kind === 'lengths' && order.of === 'order' && counted && intOf(call, 'axis', 0) === 0)
    return back(order)
  const received = `${describe(rows)} at ${describe(order)}`
  throw new NodeFault('the places of rows in another order', received)
}

/** Puts the rows of a value in another order: its batch alone tells. */
export function inOrder(held: Held, at: number, order: Lengths): Held {
  const axes = axesOf(held)
  const [before, axis] = [order.before, axes[at]]
  const rows = axis !== undefined && hasRole(axis, 'batch') && !hasRole(axis, 'time')
  if (!rows || held.kind === 'constant' || (axis as RoleAxis).axis !== (before as RoleAxis).axis)
    throw new NodeFault('rows in the order of the lengths that were sorted', describe(held))
  const next = { ...(axis as RoleAxis), axis: (order.axes[0] as RoleAxis).axis }
  return { ...held, axes: axes.map((it, i) => (i === at ? next : it)) }
}

/** Refuses an output whose rows are not in the order of the inputs. */
export function checkOrder(name: string, { axes }: Flow): void {
  const sorted = axes.find((axis) => hasRole(axis, 'batch') && (axis as RoleAxis).axis)
  if (sorted === undefined) return
  const received = `rows as ${quoted((sorted as RoleAxis).axis ?? '')} sorts them`
  const advice = 'pack_padded_sequence(..., enforce_sorted=False) puts rows back'
  throw refused(
    `output ${quoted(name)}`,
    'rows in the order of the inputs',
    `${received}; ${advice}`,
  )
}

export const ORDERS: readonly (readonly [string, Operator])[] = [
  ['TopK', topK],
  ['ScatterElements', scatter],
  ['Scatter', scatter],
]
