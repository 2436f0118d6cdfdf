/** GELU as files spell it: `x (1 + erf(x / √2)) / 2`, which is `x Φ(x)`. */
import { affine, gelu } from '../../index.js'
import { commonAxes } from './broadcast.js'
import { flowAt, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import { describe, flow, type Held } from './held.js'
import { numberOf } from './lengths.js'

const erf: Operator = (call) => {
  const { axes, scaled } = flowAt(call, 0)
  if (scaled !== undefined && Math.abs(scaled.by - Math.SQRT1_2) < 1e-6)
    return { kind: 'erf', axes, x: scaled.x, whole: false, by: 1 }
  throw new NodeFault('the erf of GELU, of x / √2', describe(call.inputs[0]))
}

/** Applies an operator of two numbers to an erf; nothing where it has no meaning in a GELU. */
export function ofErf(op: string, a: Held, b: Held): Held | undefined {
  if (a.kind !== 'erf') return b.kind === 'erf' && op !== 'Sub' ? ofErf(op, b, a) : undefined
  if (op === 'Add' && numberOf(b) === 1 && !a.whole) return { ...a, whole: true }
  if (op !== 'Mul' || !a.whole) return undefined
  const number = numberOf(b)
  if (number !== undefined) return { ...a, by: a.by * number }
  if (b.kind !== 'flow') return undefined
  // Of x, or of half of it where the file halves first.
  const by = b.value === a.x ? 1 : b.scaled?.x === a.x ? b.scaled.by : undefined
  if (by === undefined) return undefined
  return flow(commonAxes(a.axes, b.axes), affine(gelu(a.x), { scale: 2 * by * a.by }))
}

export const ERF: readonly (readonly [string, Operator])[] = [['Erf', erf]]
