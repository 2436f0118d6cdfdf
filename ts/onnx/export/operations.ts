import type { NodeJson } from '../../index.js'
import { attribute, float } from './build.js'
import { type Context, together, weights, whole } from './context.js'
import { gruGates, lstmGates } from './gates.js'
import type { Held } from './held.js'
import { argmax, choose, embedding, oneHot } from './ids.js'
import { layerNorm, linear, matmul } from './products.js'

type Op = NodeJson['op']
type Options<K extends string> = Extract<Exclude<Op, string>, Readonly<Record<K, unknown>>>[K]

/** Operators of two numbers or more, which meet as NumPy's broadcasting has them. */
const COMBINED: Readonly<Record<string, string>> = {
  add: 'Add',
  multiply: 'Mul',
  divide: 'Div',
  maximum: 'Max',
  minimum: 'Min',
}

/** Operators of each number by itself. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  abs: 'Abs',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  softplus: 'Softplus',
}

/** Adds a node that looks at one step of its inputs at a time; nothing for one of another kind. */
export function operation(
  context: Context,
  node: NodeJson,
  inputs: readonly Held[],
): Held | undefined {
  const { op, name } = node
  const [x] = inputs
  if (x === undefined) return given(context, node)
  if (typeof op === 'string') return plain(context, name, op, inputs, x)
  if ('activation' in op) return activation(context, name, op.activation, x)
  if ('affine' in op) return affine(context, name, op.affine, x)
  if ('elu' in op) return one(context, 'Elu', name, x, float('alpha', op.elu.alpha))
  if ('leakyRelu' in op)
    return one(context, 'LeakyRelu', name, x, float('alpha', op.leakyRelu.slope))
  if ('slice' in op) return slice(context, name, op.slice, x)
  if ('linear' in op) return linear(context, name, op.linear, x)
  if ('matmul' in op) return matmul(context, name, op.matmul, inputs)
  if ('layerNorm' in op) return layerNorm(context, name, op.layerNorm, x)
  if ('embedding' in op) return embedding(context, name, op.embedding, x)
  if ('choose' in op) return choose(context, name, op.choose, inputs)
  // Drops nothing outside of training.
  return 'dropout' in op ? x : undefined
}

/** Numbers that stand in the graph. */
function given(context: Context, { op }: NodeJson): Held | undefined {
  if (typeof op === 'string') return undefined
  if ('constant' in op) {
    const { values } = op.constant
    return { name: context.writer.floats(values), of: 'numbers', size: values.length, given: true }
  }
  if (!('parameter' in op)) return undefined
  const { weight } = op.parameter
  const [size = 0] = context.parameter(weight).shape
  return { name: weights(context, weight), of: 'numbers', size, given: true }
}

function plain(
  context: Context,
  name: string,
  op: string,
  inputs: readonly Held[],
  x: Held,
): Held | undefined {
  if (Object.hasOwn(COMBINED, op)) return combine(context, name, COMBINED[op] ?? '', inputs)
  if (Object.hasOwn(FUNCTIONS, op)) return one(context, FUNCTIONS[op] ?? '', name, x)
  switch (op) {
    case 'detach':
    case 'gumbelNoise':
      return x
    case 'straightThrough':
      return hard(context, name, inputs)
    case 'where':
      return where(context, name, inputs)
    case 'concat':
      return concat(context, name, inputs)
    case 'sum':
      return {
        ...x,
        size: 1,
        name: context.writer.one('ReduceSum', name, [x.name, context.writer.ints([-1])]),
      }
    case 'argmax':
      return argmax(context, name, x)
    case 'oneHot':
      return oneHot(context, name, x)
    default:
      return undefined
  }
}

/** Adds a node of one input, with a result like it. */
function one(
  { writer }: Context,
  op: string,
  name: string,
  x: Held,
  ...attributes: Parameters<Context['writer']['one']>[3][]
): Held {
  return { ...x, name: writer.one(op, name, [x.name], ...attributes) }
}

/** The value of numbers that meet: the largest size, and given if all are. */
function met(inputs: readonly Held[], axis: string | undefined, name: string): Held {
  const size = inputs.reduce((most, held) => Math.max(most, held.size), 1)
  return { name, of: 'numbers', size, axis, given: inputs.every((held) => held.given === true) }
}

function combine(context: Context, name: string, op: string, inputs: readonly Held[]): Held {
  const { axis, names } = together(context, inputs)
  const result = names.reduce((sum, next) => context.writer.one(op, name, [sum, next]))
  return met(inputs, axis, result)
}

/** `a` where the first input is not 0, else `b`. */
function where(context: Context, name: string, inputs: readonly Held[]): Held {
  const { writer } = context
  const { axis, names } = together(context, inputs)
  const [condition = '', a = '', b = ''] = names
  const zero = writer.one('Equal', `${name}.zero`, [condition, writer.floats(0)])
  return met(inputs, axis, writer.one('Where', name, [zero, b, a]))
}

/** The first of two values, in the shape of both. */
function hard(context: Context, name: string, inputs: readonly Held[]): Held {
  const { writer } = context
  const { axis, names } = together(context, inputs)
  const [first = '', second = ''] = names
  const shape = writer.one('Shape', `${name}.shape`, [second])
  return met(inputs, axis, writer.one('Expand', name, [first, shape]))
}

function concat(context: Context, name: string, inputs: readonly Held[]): Held {
  const axis = inputs.find((held) => held.axis !== undefined)?.axis
  const names = inputs.map((held) => whole(context, held, axis).name)
  const size = inputs.reduce((sum, held) => sum + held.size, 0)
  return {
    name: context.writer.one('Concat', name, names, attribute('axis', -1)),
    of: 'numbers',
    size,
    axis,
  }
}

function slice(
  { writer }: Context,
  name: string,
  { start, size }: Options<'slice'>,
  x: Held,
): Held {
  const bounds = [[start], [start + size], [-1]].map((list) => writer.ints(list))
  return { ...x, size, name: writer.one('Slice', name, [x.name, ...bounds]) }
}

function affine(
  { writer }: Context,
  name: string,
  { scale, shift }: Options<'affine'>,
  x: Held,
): Held {
  const scaled = scale === 1 ? x.name : writer.one('Mul', name, [x.name, writer.floats(scale)])
  if (shift === 0) return { ...x, name: scaled }
  return { ...x, name: writer.one('Add', name, [scaled, writer.floats(shift)]) }
}

function activation(
  context: Context,
  name: string,
  of: Options<'activation'>,
  x: Held,
): Held | undefined {
  const { writer } = context
  if (Object.hasOwn(FUNCTIONS, of)) return one(context, FUNCTIONS[of] ?? '', name, x)
  if (of === 'softmax') return one(context, 'Softmax', name, x, attribute('axis', -1))
  if (of === 'hardSigmoid') {
    return one(context, 'HardSigmoid', name, x, float('alpha', 1 / 6), float('beta', 0.5))
  }
  if (of === 'silu') {
    const gate = writer.one('Sigmoid', `${name}.gate`, [x.name])
    return { ...x, name: writer.one('Mul', name, [x.name, gate]) }
  }
  if (of !== 'gelu') return undefined
  // x Φ(x) = x (1 + erf(x / √2)) / 2.
  const scaled = writer.one('Mul', `${name}.scaled`, [x.name, writer.floats(Math.SQRT1_2)])
  const erf = writer.one('Erf', `${name}.erf`, [scaled])
  const gate = writer.one('Add', `${name}.gate`, [erf, writer.floats(1)])
  const product = writer.one('Mul', `${name}.product`, [x.name, gate])
  return { ...x, name: writer.one('Mul', name, [product, writer.floats(0.5)]) }
}

/** Adds a node with several results, or with one by its port. */
export function gates(context: Context, { op, name }: NodeJson, inputs: readonly Held[]) {
  if (op === 'lstmGates') return lstmGates(context, name, inputs)
  return op === 'gruGates' ? gruGates(context, name, inputs) : undefined
}
