import { isObject, isRecord } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { InitJson, ScoreJson } from '../graph/json.js'
import { nameOf } from '../graph/names.js'
import { isValue, type Scope, type Site, scopeOf } from '../graph/scope.js'
import { currentScope } from '../graph/step.js'
import {
  type Alignment,
  checkKind,
  checkSize,
  type Numeric,
  type Resize,
  type Sequence,
} from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { checkInitializer, type Initializer, pytorchUniform } from './initializer.js'

/** The score of a key in {@link attention}. */
export type AttentionScore = 'dot' | 'scaled' | 'general' | 'additive'

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** The score of a key; `'additive'` by default. */
  readonly score?: AttentionScore
  /** Units of the additive score; as many as the query has numbers by default. */
  readonly size?: number
  /**
   * Lets the additive score see how much each step of the memory has been looked at before; `false` by default. For the
   * step of a cell.
   */
  readonly coverage?: boolean
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /** Names the layer and its parameters; `attention` by default. */
  readonly name?: string
}

export const ATTENTION_OPTIONS = [
  'score',
  'size',
  'coverage',
  'initializer',
  'name',
] as const satisfies readonly (keyof AttentionOptions)[]

/** What a query reads: a sequence, or one to find steps by and another to take them from. */
export type Memory<V extends number = number> =
  | Sequence<V>
  | { readonly keys: Sequence; readonly values: Sequence<V> }

/** Result of an attention. */
export interface Attended<Q extends Numeric, V extends number> {
  /** The weighted sum of the memory's steps. */
  readonly context: Resize<Q, V>
  /** The weight of each step of the memory, an output to look at. */
  readonly weights: Alignment<Q extends Sequence ? string : undefined>
}

/** Result of an attention with coverage. */
export interface Covered<Q extends Numeric, V extends number> extends Attended<Q, V> {
  /** `Σⱼ min(wⱼ, cⱼ)`, from 0 to 1: what is looked at again. An output to keep small. */
  readonly coverageLoss: Resize<Q, 1>
}

/** The layer that {@link attention} makes. Called twice, it shares its parameters. */
export type Attention = <Q extends Numeric, V extends number>(
  query: Q,
  memory: Memory<V>,
) => Attended<Q, V>

/** The layer that {@link attention} makes with `coverage`. */
export type CoverageAttention = <Q extends Numeric, V extends number>(
  query: Q,
  memory: Memory<V>,
) => Covered<Q, V>

/**
 * Looks up what a query asks for in a memory, a sequence of the same row: `context = Σⱼ wⱼ valueⱼ`,
 * `w = softmax(score(query, keyⱼ))` over the memory's valid steps. A memory without steps gives zeros. Keys
 * and values are one sequence unless given as `{ keys, values }`.
 *
 * The score is one of
 * - `'additive'` (Bahdanau et al., 2015): `v · tanh(W_q query + W_k key + b)`; parameters `weight_q`
 *   `[size, Q]`, `weight_k` `[size, K]`, `bias` and `weight_v` `[size]`;
 * - `'dot'` (Luong et al., 2015): `query · key`, of one size;
 * - `'scaled'` (Vaswani et al., 2017): `query · key / √size`;
 * - `'general'` (Luong et al., 2015): `query · W key`; parameter `weight` `[Q, K]`.
 *
 * Outside of a cell each step of a sequence of queries has a context of its own, and a vector has one (attention
 * pooling, with a `parameter` for a query). In a cell's step the query may depend on the state, and the memory is a
 * sequence of another axis from outside:
 *
 * ```ts
 * const look = attention({ size: 64 })
 * const decoder = cell({ h: 64 }, ({ h }, x) => gruCell(64)({ h }, concat(x, look(h, memory).context)))
 * ```
 *
 * With `coverage` (Tu et al., 2016; See et al., 2017) the additive score of a step sees `cⱼ`, the sum of the key's
 * weights at the steps before: `v · tanh(W_q query + W_k key + cⱼ w_c + b)`, with a further parameter `weight_c`
 * `[size]`. Each call remembers its own weights, and a session carries them. The result has `coverageLoss` besides; to
 * train it, make it an output of the model with the loss `meanAbsolute({ weight })` and zeros for targets.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` for a memory that is
 * no sequence or lies on the cell's own axis, `ERR_UNROLLED_SHAPE` for a query and keys of unlike sizes where the score
 * wants one size, `ERR_UNROLLED_GRAPH` for coverage outside of a cell.
 */
export function attention(
  options: AttentionOptions & { readonly coverage: true },
): CoverageAttention
export function attention(options?: AttentionOptions): Attention
export function attention(options: AttentionOptions = {}): Attention {
  checkOptions('attention', options, ATTENTION_OPTIONS)
  const where = nameOf('attention', options.name)
  const score = checkWord(`${where} score`, options.score ?? 'additive', [
    'additive',
    'dot',
    'general',
    'scaled',
  ])
  const initializer = checkInitializer(where, options.initializer)
  const size = options.size === undefined ? undefined : checkCount(`${where} size`, options.size)
  if (size !== undefined && score !== 'additive') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} size`, `none with the score '${score}'`, size)
  }
  const coverage = checkBoolean(`${where} coverage`, options.coverage ?? false)
  if (coverage && score !== 'additive') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} coverage`, "the score 'additive'", score)
  }
  const maker = currentScope()
  const call: Attention = (query, given) => {
    const { keys, values } = memoryOf(where, given)
    const scope = scopeOf(where, [query, keys, values])
    checkKind(`${where} query`, query, ['vector', 'sequence'])
    if (coverage && !scope.inBody) throw uncovered(where)
    return scope.attempt(() => {
      const site = scope.site(call, 'attention', options.name, maker)
      const scored = { where, score, size: size ?? query.size, coverage, initializer }
      return attend(site, scored, query, keys, values) as never
    })
  }
  return call
}

/** An attention's score with its units and initial weights. */
interface Scored {
  readonly where: string
  readonly score: AttentionScore
  readonly size: number
  readonly coverage: boolean
  readonly initializer: Initializer
}

/** The error for a coverage without steps before. */
function uncovered(where: string): Error {
  const expected = 'a query of the step of a cell, which has steps before'
  const received = new Described('one from outside of a cell')
  return mismatch('ERR_UNROLLED_GRAPH', `${where} coverage`, expected, received)
}

/** Adds the nodes of one call. */
function attend(
  site: Site,
  scored: Scored,
  query: Numeric,
  keys: Sequence,
  values: Sequence,
): Attended<Numeric, number> | Covered<Numeric, number> {
  const { scope } = site
  const parts = scoredParts(site, scored, query, keys)
  const inputs = values === parts.keys ? [parts.query, values] : [parts.query, parts.keys, values]
  const node = scope.node(site.label, { attention: { score: parts.score } }, inputs)
  const axis = query.kind === 'sequence' ? query.axis : undefined
  return {
    context: scope.value({ ...query, size: values.size }, `${node}:context`),
    weights: scope.value(
      { kind: 'alignment', axis, memory: values.axis } as Alignment<never>,
      `${node}:weights`,
    ),
    ...(scored.coverage && {
      coverageLoss: scope.value({ ...query, size: 1 }, `${node}:coverageLoss`),
    }),
  }
}

/** The query and keys as the node compares them. */
function scoredParts(
  site: Site,
  { where, score, size, coverage, initializer }: Scored,
  query: Numeric,
  keys: Sequence,
): { readonly score: ScoreJson; readonly query: Numeric; readonly keys: Sequence } {
  const parameter = (name: string, shape: readonly number[], inputs: number, init: InitJson) =>
    site.parameter(name, shape, initializer === 'pytorch' ? pytorchUniform(inputs) : init)
  if (score === 'additive') {
    const weight = (name: string, inputs: number) =>
      parameter(name, [size, inputs], inputs, 'glorotUniform')
    const bias = parameter('bias', [size], query.size, 'zeros')
    const bound = Math.sqrt(6 / (size + 1))
    const uniform = { uniform: { bound } }
    const covering = coverage && { coverage: parameter('weight_c', [size], 1, uniform) }
    return {
      score: { additive: { weight: parameter('weight_v', [size], size, uniform), ...covering } },
      query: project(site, 'query', query, weight('weight_q', query.size), bias, size),
      keys: project(site, 'keys', keys, weight('weight_k', keys.size), null, size),
    }
  }
  if (score === 'general') {
    const weight = parameter('weight', [query.size, keys.size], keys.size, 'glorotUniform')
    const projected = project(site, 'keys', keys, weight, null, query.size)
    return { score: { dot: { scale: 1 } }, query, keys: projected }
  }
  checkSize(`${where} keys`, keys, query.size)
  const scale = score === 'scaled' ? 1 / Math.sqrt(query.size) : 1
  return { score: { dot: { scale } }, query, keys }
}

function project<X extends Numeric>(
  { scope, label }: { readonly scope: Scope; readonly label: string },
  part: string,
  x: X,
  weight: string,
  bias: string | null,
  size: number,
): X {
  const wire = scope.node(`${label}.${part}`, { linear: { weight, bias, rows: null } }, [x])
  return scope.value({ ...x, size }, wire)
}

function memoryOf(where: string, given: unknown): { keys: Sequence; values: Sequence } {
  const parts = isValue(given) ? { keys: given, values: given } : given
  if (!isRecord(parts)) {
    throw mismatch('ERR_UNROLLED_KIND', `${where} memory`, 'a sequence, or { keys, values }', given)
  }
  checkOptions(`${where} memory`, parts, ['keys', 'values'])
  const { keys, values } = parts as { keys?: unknown; values?: unknown }
  return { keys: sequenceOf(`${where} keys`, keys), values: sequenceOf(`${where} values`, values) }
}

function sequenceOf(where: string, value: unknown): Sequence {
  if (!isObject(value) || !isValue(value)) {
    throw mismatch('ERR_UNROLLED_KIND', where, 'a sequence', value)
  }
  checkKind(where, value, ['sequence'])
  return value
}
