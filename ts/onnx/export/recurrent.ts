import { attribute } from './build.js'
import type { Cell, Weights } from './cells.js'
import { type Context, whole } from './context.js'
import type { Held, Ports } from './held.js'

/** Adds LSTM, GRU or RNN over a sequence; `initial` has the states that do not begin with zeros. */
export function recurrent(
  context: Context,
  name: string,
  cell: Cell,
  { x, reverse, initial }: { readonly x: Held; readonly reverse: boolean; readonly initial: Ports },
): Ports {
  const { writer, axes } = context
  const { pattern, size, states } = cell
  const { axis = '' } = x
  const turned = writer.one('Transpose', `${name}.x`, [x.name], attribute('perm', [1, 0, 2]))
  const starts = states.map((state) => {
    const held = initial.get(state)
    if (held === undefined) return ''
    return writer.one('Unsqueeze', `${name}.${state}_0`, [
      whole(context, held).name,
      writer.ints([0]),
    ])
  })
  const inputs = [
    turned,
    ...matrices(context, cell),
    biases(context, cell),
    axes.lengths(axis) ?? '',
    ...starts,
    ...(pattern.peepholes ? [seeing(context, cell)] : []),
  ]
  while (inputs.at(-1) === '') inputs.pop()
  const y = writer.free(`${name}.y`)
  const ends = states.map((state) => writer.free(`${name}.${state}_n`))
  writer.add(
    pattern.op,
    inputs,
    [y, ...ends],
    [
      attribute('hidden_size', size),
      ...(reverse ? [attribute('direction', 'reverse')] : []),
      ...(pattern.activations.length > 0 ? [attribute('activations', pattern.activations)] : []),
      ...(pattern.resetAfter ? [attribute('linear_before_reset', 1)] : []),
    ],
  )
  const flat = writer.one('Squeeze', `${name}.flat`, [y, writer.ints([1])])
  const output = writer.one('Transpose', `${name}.output`, [flat], attribute('perm', [1, 0, 2]))
  const held = { of: 'numbers', size } as const
  const shown = cell.shown.map((port) => [port, { ...held, name: output, axis }] as const)
  const last = states.map((state, i) => {
    const end = writer.one('Squeeze', `${name}.${state}`, [ends[i] ?? '', writer.ints([0])])
    return [state, { ...held, name: end }] as const
  })
  return new Map([...shown, ...last])
}

/** W and R, in ONNX's order of the gates. */
function matrices(context: Context, { pattern, size, input, recurrent }: Cell): readonly string[] {
  const { writer, parameter } = context
  return [input, recurrent].map(({ weight }) => {
    const { shape, values } = parameter(weight)
    const [, columns = 0] = shape
    const dims = [1, pattern.gates.length * size, columns]
    return writer.weights(`${weight}.${pattern.op}`, dims, () =>
      ordered(values, pattern.gates, size * columns),
    )
  })
}

/** The biases of both products, one after the other; nothing without any. */
function biases(context: Context, { pattern, size, input, recurrent }: Cell): string {
  const { writer, parameter } = context
  const both = [input, recurrent]
  if (both.every(({ bias }) => bias === null)) return ''
  const count = pattern.gates.length * size
  const values = ({ bias }: Weights): Float32Array =>
    bias === null ? new Float32Array(count) : ordered(parameter(bias).values, pattern.gates, size)
  const label = both.map(({ bias }) => bias ?? '0').join('+')
  return writer.weights(`${label}.${pattern.op}`, [1, 2 * count], () => {
    const joined = new Float32Array(2 * count)
    both.forEach((weights, i) => {
      joined.set(values(weights), i * count)
    })
    return joined
  })
}

/** The weights by which the gates see the cell, one gate after the other. */
function seeing({ writer, parameter }: Context, { peepholes, size }: Cell): string {
  return writer.weights(`${peepholes.join('+')}.LSTM`, [1, peepholes.length * size], () => {
    const joined = new Float32Array(peepholes.length * size)
    for (const [i, name] of peepholes.entries()) joined.set(parameter(name).values, i * size)
    return joined
  })
}

/** Blocks of so many values in another order. */
function ordered(values: Float32Array, order: readonly number[], block: number): Float32Array {
  const made = new Float32Array(order.length * block)
  order.forEach((from, i) => {
    made.set(values.subarray(from * block, (from + 1) * block), i * block)
  })
  return made
}
