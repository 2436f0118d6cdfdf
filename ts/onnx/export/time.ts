import type { NodeJson } from '../../index.js'
import { attribute } from './build.js'
import { type Context, whole } from './context.js'
import type { Held } from './held.js'

/** Below every number in single precision, and finite: scores of nothing but such numbers have weights. */
export const LEAST = -3.4028234663852886e38

/** Adds a node that looks along the steps of a sequence; nothing for one of another kind. */
export function overTime(
  context: Context,
  node: NodeJson,
  inputs: readonly Held[],
): Held | undefined {
  const { op, name } = node
  const [x, more] = inputs
  if (x === undefined) return undefined
  if (typeof op !== 'string') {
    if ('shift' in op) return shift(context, name, op.shift.start, x, more)
    return 'repeat' in op ? repeat(context, op.repeat.steps, x, more) : undefined
  }
  switch (op) {
    case 'last':
      return last(context, name, x)
    case 'sumOverTime':
      return sum(context, name, x)
    case 'mean':
      return mean(context, name, x)
    case 'max':
      return max(context, name, x)
    case 'softmaxOverTime':
      return softmaxOverTime(context, name, x)
    default:
      return undefined
  }
}

/** The value of a row without its axis. */
function pooled({ of, size }: Held, name: string): Held {
  return { name, of, size }
}

/** A pooled value, zeros for rows without steps. */
function orZeros(
  { writer, axes }: Context,
  name: string,
  { axis = '' }: Held,
  value: string,
): string {
  const any = axes.any(axis)
  return any === undefined ? value : writer.one('Where', name, [any, value, writer.floats(0)])
}

function last(context: Context, name: string, x: Held): Held {
  const { writer, axes } = context
  const place = axes.last(x.axis ?? '')
  if (place === undefined) {
    return pooled(x, writer.one('Gather', name, [x.name, writer.ints(-1)], attribute('axis', 1)))
  }
  const found = writer.one('GatherND', name, [x.name, place], attribute('batch_dims', 1))
  return pooled(x, orZeros(context, `${name}.any`, x, found))
}

function sum({ writer, axes }: Context, name: string, x: Held): Held {
  const inputs = [axes.masked(x, 0), writer.ints([1])]
  return pooled(x, writer.one('ReduceSum', name, inputs, attribute('keepdims', 0)))
}

function mean(context: Context, name: string, x: Held): Held {
  const { writer, axes } = context
  const lengths = axes.lengths(x.axis ?? '')
  const settings = [attribute('axes', [1]), attribute('keepdims', 0)]
  if (lengths === undefined) return pooled(x, writer.one('ReduceMean', name, [x.name], ...settings))
  const total = sum(context, `${name}.sum`, x)
  const count = writer.once('Cast', `${x.axis}.number`, [lengths], attribute('to', 1))
  const least = writer.once('Max', `${x.axis}.least`, [count, writer.floats(1)])
  const column = writer.once('Unsqueeze', `${x.axis}.divisor`, [least, writer.ints([1])])
  return pooled(x, writer.one('Div', name, [total.name, column]))
}

function max(context: Context, name: string, x: Held): Held {
  const { writer, axes } = context
  const inputs = [axes.masked(x, Number.NEGATIVE_INFINITY)]
  const settings = [attribute('axes', [1]), attribute('keepdims', 0)]
  const found = writer.one('ReduceMax', name, inputs, ...settings)
  return pooled(x, orZeros(context, `${name}.any`, x, found))
}

function softmaxOverTime({ writer, axes }: Context, name: string, x: Held): Held {
  return { ...x, name: writer.one('Softmax', name, [axes.masked(x, LEAST)], attribute('axis', 1)) }
}

/** The sequence one step later, with a first step in front. */
function shift(
  context: Context,
  name: string,
  start: number | undefined,
  x: Held,
  given: Held | undefined,
): Held {
  const { writer } = context
  const bounds = [[0], [-1], [1]].map((list) => writer.ints(list))
  const before = writer.one('Slice', `${name}.before`, [x.name, ...bounds])
  const first = given === undefined ? begun(context, name, start, x) : whole(context, given).name
  const step = writer.one('Unsqueeze', `${name}.first`, [first, writer.ints([1])])
  return { ...x, name: writer.one('Concat', name, [step, before], attribute('axis', 1)) }
}

/** Zeros, or the first id, of each row. */
function begun(
  { writer, axes }: Context,
  name: string,
  start: number | undefined,
  { of, size }: Held,
): string {
  const [value, tail] = of === 'ids' ? [writer.ints(start ?? 0), []] : [writer.floats(0), [size]]
  return writer.one('Expand', `${name}.start`, [value, axes.shape(tail)])
}

/** A value at each step of the axis of `along`, or of one of its own. */
function repeat(
  context: Context,
  steps: Extract<Exclude<NodeJson['op'], string>, { readonly repeat: unknown }>['repeat']['steps'],
  x: Held,
  along: Held | undefined,
): Held | undefined {
  if (steps !== null) context.axes.fixed(steps.axis, steps.count)
  const axis = steps?.axis ?? along?.axis
  return axis === undefined ? undefined : whole(context, x, axis)
}
