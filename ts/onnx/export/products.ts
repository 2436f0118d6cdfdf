import type { NodeJson } from '../../index.js'
import { attribute, float } from './build.js'
import { type Context, together, weights, whole } from './context.js'
import type { Held } from './held.js'

type Op = NodeJson['op']
type Options<K extends string> = Extract<Exclude<Op, string>, Readonly<Record<K, unknown>>>[K]

/** `y = x Wᵀ + b`. */
export function linear(
  context: Context,
  name: string,
  { weight, bias, rows }: Options<'linear'>,
  x: Held,
): Held {
  const { writer } = context
  const [outputs = 0] = context.parameter(weight).shape
  const [start, end] = rows ?? [0, outputs]
  const part = (parameter: string): string => {
    const all = weights(context, parameter)
    if (end - start === outputs) return all
    const bounds = [[start], [end], [0]].map((list) => writer.ints(list))
    return writer.once('Slice', `${parameter}.${start}_${end}`, [all, ...bounds])
  }
  const own = part(weight)
  const size = end - start
  if (x.given !== true && x.axis === undefined) {
    const inputs = [x.name, own, ...(bias === null ? [] : [part(bias)])]
    return { ...x, size, name: writer.one('Gemm', name, inputs, attribute('transB', 1)) }
  }
  const columns = writer.once('Transpose', `${own}.columns`, [own], attribute('perm', [1, 0]))
  const product = writer.one('MatMul', bias === null ? name : `${name}.product`, [x.name, columns])
  const sum = bias === null ? product : writer.one('Add', name, [product, part(bias)])
  return { ...x, size, name: sum }
}

/** Multiplies matrices that each row or step holds flat. */
export function matmul(
  context: Context,
  name: string,
  { rows, inner, columns, transpose }: Options<'matmul'>,
  inputs: readonly Held[],
): Held {
  const { writer } = context
  const all = inputs.map((held) => whole(context, held))
  const { axis, names } = together(context, all)
  // 0 keeps a dimension.
  const kept = axis === undefined ? [0] : [0, 0]
  const matrix = (
    index: number,
    [high, wide]: readonly [number, number],
    flat: boolean,
  ): string => {
    const size = flat ? [wide, high] : [high, wide]
    const shape = writer.ints([...kept, ...size])
    const held = writer.one('Reshape', `${name}.matrix`, [names[index] ?? '', shape])
    if (!flat) return held
    const perm = attribute('perm', [...kept.keys(), kept.length + 1, kept.length])
    return writer.one('Transpose', `${name}.transposed`, [held], perm)
  }
  const factors = [
    matrix(0, [rows, inner], transpose === 'a'),
    matrix(1, [inner, columns], transpose === 'b'),
  ]
  const product = writer.one('MatMul', `${name}.product`, factors)
  const size = rows * columns
  const flat = writer.one('Reshape', name, [product, writer.ints([...kept, size])])
  return { name: flat, of: 'numbers', size, axis }
}

/** Normalizes the features of each step. */
export function layerNorm(
  context: Context,
  name: string,
  { gain, bias, epsilon }: Options<'layerNorm'>,
  x: Held,
): Held {
  const all = whole(context, x)
  const inputs = [all.name, weights(context, gain), weights(context, bias)]
  const settings = [attribute('axis', -1), float('epsilon', epsilon)]
  return { ...all, name: context.writer.one('LayerNormalization', name, inputs, ...settings) }
}
