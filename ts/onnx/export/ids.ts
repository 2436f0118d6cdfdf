import type { NodeJson } from '../../index.js'
import { attribute } from './build.js'
import { type Context, stepwise, weights, whole } from './context.js'
import type { Held } from './held.js'

type Op = NodeJson['op']
type Options<K extends string> = Extract<Exclude<Op, string>, Readonly<Record<K, unknown>>>[K]

/** Rows of a table by their ids; zeros for the id of padding. */
export function embedding(
  context: Context,
  name: string,
  { weight, padding }: Options<'embedding'>,
  ids: Held,
): Held {
  const { writer } = context
  const { shape, values } = context.parameter(weight)
  const [, size = 0] = shape
  const rows = writer.one(
    'Gather',
    name,
    [weights(context, weight), ids.name],
    attribute('axis', 0),
  )
  const found: Held = { name: rows, of: 'numbers', size, axis: ids.axis }
  if (padding === null || isZero(values.subarray(padding * size, (padding + 1) * size)))
    return found
  const same = writer.one('Equal', `${name}.same`, [ids.name, writer.ints(padding)])
  const mask = writer.one('Unsqueeze', `${name}.mask`, [same, writer.ints([-1])])
  return { ...found, name: writer.one('Where', `${name}.rows`, [mask, writer.floats(0), rows]) }
}

function isZero(values: Float32Array): boolean {
  return values.every((value) => Object.is(value, 0))
}

/** 1 for the feature that an id names, 0 for the others. */
export function oneHot({ writer }: Context, name: string, ids: Held): Held {
  const inputs = [ids.name, writer.ints(ids.size), writer.floats([0, 1])]
  return { ...ids, of: 'numbers', name: writer.one('OneHot', name, inputs, attribute('axis', -1)) }
}

/** The id of the largest number, the first of equal ones. */
function largest(context: Context, name: string, x: Held): Held {
  const settings = [attribute('axis', -1), attribute('keepdims', 0)]
  const all = whole(context, x)
  return { ...all, of: 'ids', name: context.writer.one('ArgMax', name, [all.name], ...settings) }
}

/** 1 for the largest feature, 0 for the others. */
export function argmax(context: Context, name: string, x: Held): Held {
  return oneHot(context, name, largest(context, `${name}.id`, x))
}

/** The id of the largest score or the teacher's, as outside of training: nothing is drawn. */
export function choose(
  context: Context,
  name: string,
  { evaluation }: Options<'choose'>,
  [scores, teacher, ratio]: readonly Held[],
): Held | undefined {
  if (scores === undefined) return undefined
  const axis = [scores, teacher, ratio].find((held) => held?.axis !== undefined)?.axis
  if (teacher !== undefined && ratio === undefined && evaluation === 'forced') {
    return whole(context, teacher, axis)
  }
  const own = largest(context, name, whole(context, scores, axis))
  if (teacher === undefined || ratio === undefined) return own
  const { writer } = context
  const rate = whole(context, ratio)
  const taught = axis === undefined ? rate.name : stepwise(context, rate)
  const forced = writer.one('GreaterOrEqual', `${name}.forced`, [taught, writer.floats(0.5)])
  const flat = writer.one('Squeeze', `${name}.taught`, [forced, writer.ints([-1])])
  const ids = whole(context, teacher, axis)
  return { ...own, name: writer.one('Where', `${name}.id`, [flat, ids.name, own.name]) }
}
