/** Values and constants of several shapes that meet: axes of size 1, and missing ones in front, spread. */
import type { Numeric } from '../../index.js'
import { shared } from './build.js'
import type { Call } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  arranged,
  axesOf,
  constantOf,
  describe,
  featureDims,
  type Held,
  isFeature,
  type RoleAxis,
} from './held.js'
import { expanded } from './move.js'
import { countOf, type Item, type Tensor } from './tensor.js'

/** Pairs the axes of two values from the last one on; axes of size 1 spread. */
export function commonAxes(a: readonly Axis[], b: readonly Axis[]): Axis[] {
  const rank = Math.max(a.length, b.length)
  const refused = (): NodeFault =>
    new NodeFault('values whose axes agree', `${describeAxes(a)} and ${describeAxes(b)}`)
  const axes = Array.from({ length: rank }, (_, i): Axis => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1]
    if (x === 1) return y
    if (y === 1 || x === y) return x
    const same =
      !isFeature(x) && !isFeature(y) && x.roles.join() === y.roles.join() && x.axis === y.axis
    // A constant that repeats its numbers along the batch or time has a fixed size there: the file's, if that is fixed too.
    const fixed = isFeature(x) ? !isFeature(y) && has(y, x) : isFeature(y) && has(x, y)
    if (same || fixed) return isFeature(x) ? y : x
    throw refused()
  })
  // A value has one batch and one time at most: each step of one beside each of another is none.
  const roles = axes.flatMap((axis) => (isFeature(axis) ? [] : axis.roles))
  if (new Set(roles).size !== roles.length) throw refused()
  return axes
}

/** Tells if a batch or time may have so many places. */
const has = ({ size }: RoleAxis, count: number): boolean => size === undefined || size === count

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

/** Applies a function of two numbers to constants. */
export function folded(
  { fold }: { fold(a: number, b: number): number },
  op: string,
  a: Tensor,
  b: Tensor,
): Held {
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
