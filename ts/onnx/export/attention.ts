import type { NodeJson } from '../../index.js'
import { attribute } from './build.js'
import { type Carried, type Context, weights, whole } from './context.js'
import { type Held, type Ports, ports } from './held.js'
import { LEAST } from './time.js'

type Op = NodeJson['op']
type Score = Extract<Op, { readonly attention: unknown }>['attention']['score']

/**
 * Adds an attention of a query, or of one a step, to the memory of its row: ports `context`, `weights` and, with coverage,
 * `coverageLoss`.
 */
export function attention(
  context: Context,
  name: string,
  score: Score,
  [asked, keys, held = keys]: readonly Held[],
): Ports | undefined {
  const { writer, axes } = context
  const memory = keys?.axis
  if (asked === undefined || keys === undefined || held === undefined || memory === undefined)
    return undefined
  const coverage = 'additive' in score ? score.additive.coverage : undefined
  const covered = coverage === undefined ? undefined : context.carry?.(`${name}.covered`, memory)
  const query = whole(context, asked)
  const single = query.axis === undefined
  const queries = single
    ? writer.one('Unsqueeze', `${name}.query`, [query.name, writer.ints([1])])
    : query.name
  const scores =
    'dot' in score
      ? dots(context, name, score.dot.scale, queries, keys)
      : energies(context, name, score.additive, covered?.inside, queries, keys)
  const valid = axes.valid(memory)
  const mask = valid && writer.once('Unsqueeze', `${memory}.keys`, [valid, writer.ints([1])])
  const masked = (label: string, from: string, other: number): string =>
    mask === undefined
      ? from
      : writer.one('Where', `${name}.${label}`, [mask, from, writer.floats(other)])
  const known = masked('known', scores, LEAST)
  const soft = writer.one('Softmax', `${name}.softmax`, [known], attribute('axis', -1))
  const shares = masked('shares', soft, 0)
  // Steps that a row does not have may hold anything, and 0 times infinity is no number.
  const sum = writer.one('MatMul', `${name}.sum`, [shares, axes.masked(held, 0)])
  const flat = (label: string, from: string): string =>
    single ? writer.one('Squeeze', `${name}.${label}`, [from, writer.ints([1])]) : from
  const weights: Held = {
    name: flat('weights', shares),
    of: 'weights',
    size: 0,
    axis: query.axis,
    memory,
  }
  return ports([
    ['context', { name: flat('context', sum), of: 'numbers', size: held.size, axis: query.axis }],
    ['weights', weights],
    ...(covered === undefined
      ? []
      : [['coverageLoss', again(context, name, covered, weights)] as const]),
  ])
}

/** `Σ min(w, c)` with the sum c of the weights before; adds w to c. */
function again({ writer }: Context, name: string, { inside, next }: Carried, weights: Held): Held {
  const least = writer.one('Min', `${name}.least`, [weights.name, inside.name])
  next(writer.one('Add', `${name}.covered`, [inside.name, weights.name]))
  const loss = writer.one('ReduceSum', `${name}.again`, [least, writer.ints([-1])])
  return { name: loss, of: 'numbers', size: 1 }
}

/** `scale query · key`. */
function dots(
  { writer }: Context,
  name: string,
  scale: number,
  queries: string,
  keys: Held,
): string {
  const turned = writer.one('Transpose', `${name}.keys`, [keys.name], attribute('perm', [0, 2, 1]))
  const dots = writer.one('MatMul', `${name}.dots`, [queries, turned])
  return scale === 1 ? dots : writer.one('Mul', `${name}.scores`, [dots, writer.floats(scale)])
}

/** `weight · tanh(query + key)`, or of `query + key + c coverage` with the sum c of the weights before. */
function energies(
  context: Context,
  name: string,
  { weight, coverage }: Extract<Score, { readonly additive: unknown }>['additive'],
  covered: Held | undefined,
  queries: string,
  keys: Held,
): string {
  const { writer } = context
  const high = writer.one('Unsqueeze', `${name}.queries`, [queries, writer.ints([2])])
  const wide = writer.one('Unsqueeze', `${name}.keys`, [keys.name, writer.ints([1])])
  let sums = writer.one('Add', `${name}.sums`, [high, wide])
  if (covered !== undefined && coverage !== undefined) {
    const each = writer.one('Unsqueeze', `${name}.each`, [covered.name, writer.ints([1, 3])])
    const more = writer.one('Mul', `${name}.more`, [each, weights(context, coverage)])
    sums = writer.one('Add', `${name}.all`, [sums, more])
  }
  const pairs = writer.one('Tanh', `${name}.pairs`, [sums])
  const own = weights(context, weight)
  const column = writer.once('Unsqueeze', `${weight}.column`, [own, writer.ints([1])])
  const scores = writer.one('MatMul', `${name}.energies`, [pairs, column])
  return writer.one('Squeeze', `${name}.scores`, [scores, writer.ints([3])])
}
