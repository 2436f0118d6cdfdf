import { attribute } from './build.js'
import { type Context, whole } from './context.js'
import { type Held, type Ports, ports } from './held.js'

/** Cuts values of all gates into those of each. */
function parts({ writer }: Context, name: string, from: string, count: number): readonly string[] {
  const made = Array.from({ length: count }, () => writer.free(`${name}.part`))
  writer.add('Split', [from], made, [attribute('axis', -1)])
  return made
}

/** Inputs over the axis of those that have one. */
function stretched(context: Context, inputs: readonly Held[]): readonly Held[] {
  const axis = inputs.find((held) => held.axis !== undefined)?.axis
  return inputs.map((held) => whole(context, held, axis))
}

/** `c' = σ(f) c + σ(i) tanh(g)`, `h' = σ(o) tanh(c')`: ports `h` and `c`. */
export function lstmGates(
  context: Context,
  name: string,
  inputs: readonly Held[],
): Ports | undefined {
  const { writer } = context
  const [sum, c] = stretched(context, inputs)
  if (sum === undefined || c === undefined) return undefined
  const [i = '', f = '', g = '', o = ''] = parts(context, name, sum.name, 4).map((part, n) =>
    writer.one(n === 2 ? 'Tanh' : 'Sigmoid', `${name}.gate`, [part]),
  )
  const kept = writer.one('Mul', `${name}.kept`, [f, c.name])
  const taken = writer.one('Mul', `${name}.taken`, [i, g])
  const next = writer.one('Add', `${name}.c`, [kept, taken])
  const shown = writer.one('Tanh', `${name}.shown`, [next])
  const h = writer.one('Mul', `${name}.h`, [o, shown])
  return ports([
    ['h', { ...c, name: h }],
    ['c', { ...c, name: next }],
  ])
}

/** `h' = (1 - z) n + z h`, `n = tanh(pre + r rec)`: port `h`. */
export function gruGates(
  context: Context,
  name: string,
  inputs: readonly Held[],
): Ports | undefined {
  const { writer } = context
  const [pre, rec, h] = stretched(context, inputs)
  if (pre === undefined || rec === undefined || h === undefined) return undefined
  const [preR = '', preZ = '', preN = ''] = parts(context, name, pre.name, 3)
  const [recR = '', recZ = '', recN = ''] = parts(context, name, rec.name, 3)
  const gate = (pre: string, rec: string, op: string): string =>
    writer.one(op, `${name}.gate`, [writer.one('Add', `${name}.sum`, [pre, rec])])
  const [r, z] = [gate(preR, recR, 'Sigmoid'), gate(preZ, recZ, 'Sigmoid')]
  const n = gate(preN, writer.one('Mul', `${name}.reset`, [r, recN]), 'Tanh')
  const closed = writer.one('Sub', `${name}.closed`, [writer.floats(1), z])
  const taken = writer.one('Mul', `${name}.new`, [closed, n])
  const kept = writer.one('Mul', `${name}.kept`, [z, h.name])
  return ports([['h', { ...h, name: writer.one('Add', `${name}.h`, [taken, kept]) }]])
}
