import { Described, mismatch } from '../errors.js'
import type { InitJson } from '../graph/json.js'
import { type Layer, layer, type Mapping } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import type { Sequence, Token, Tokens, Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'
import { checkInitializer, type Initializer } from './initializer.js'

/** Options of {@link embedding}. */
export interface EmbeddingOptions<S extends number, V extends number | undefined> {
  /** Numbers in the vector of an id. */
  readonly size: S
  /** The number of ids; needed if the layer begins a model, else taken from the tokens. */
  readonly vocabularySize?: V
  /** An id whose vector is zero and never learns; none by default. */
  readonly padding?: number
  /** `'glorot'`: uniform in ±0.05 (default); `'pytorch'`: normal with deviation 1. */
  readonly initializer?: Initializer
  /** Names the layer and its parameters; `embedding` by default. */
  readonly name?: string
}

export const EMBEDDING_OPTIONS = [
  'size',
  'vocabularySize',
  'padding',
  'initializer',
  'name',
] as const satisfies readonly (keyof EmbeddingOptions<number, number>)[]

/** Tokens become sequences, a token a vector. */
export interface EmbeddingMapping<S extends number> extends Mapping {
  readonly output: this['input'] extends Tokens
    ? Sequence<S>
    : this['input'] extends Token
      ? Vector<S>
      : never
}

/**
 * Looks up a learned vector for each id: `y = weight[id]`.
 *
 * tokens → sequence `[size]`, token → vector `[size]`. Parameter `weight` `[vocabularySize, size]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for tokens of
 * another vocabulary.
 */
export function embedding<S extends number, V extends number | undefined = undefined>(
  options: EmbeddingOptions<S, V>,
): EmbeddingLayer<S, V> {
  checkOptions('embedding', options, EMBEDDING_OPTIONS)
  const where = nameOf('embedding', options.name)
  const size = checkCount(`${where} size`, options.size)
  const vocabulary =
    options.vocabularySize === undefined
      ? undefined
      : checkCount(`${where} vocabularySize`, options.vocabularySize)
  const padding =
    options.padding === undefined ? null : checkCount(`${where} padding`, options.padding, 0)
  const init = initOf(checkInitializer(where, options.initializer))
  const made = layer<EmbeddingLayer<S, V>>({
    kind: 'embedding',
    name: options.name,
    accepts: ['tokens', 'token'],
    first: vocabulary === undefined ? undefined : { tokens: { vocabulary, axis: 'time' } },
    build(site, x) {
      checkVocabulary(where, x.vocabularySize, vocabulary, padding)
      const weight = site.parameter('weight', [x.vocabularySize, size], init)
      const wire = site.scope.node(site.label, { embedding: { weight, padding } }, [x])
      return x.kind === 'tokens'
        ? site.scope.value<Sequence>({ kind: 'sequence', size, axis: x.axis }, wire)
        : site.scope.value<Vector>({ kind: 'vector', size }, wire)
    },
  })
  embeddings.add(made)
  return made
}

/** The layer that {@link embedding} makes. */
type EmbeddingLayer<S extends number, V extends number | undefined> = Layer<
  Tokens | Token,
  EmbeddingMapping<S>,
  V extends number ? Tokens<V> : never
>

const embeddings = new WeakSet<object>()

/** Finds the table of an embedding that the graph has, of `[ids, size]`, for a layer that shares it. */
export function tableOf(
  where: string,
  { declaration }: Scope,
  given: object,
  shape: readonly [number, number],
): string {
  const option = `${where} tied`
  if (!embeddings.has(given)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', option, 'a layer of embedding', given)
  }
  const name = declaration.nameOf(given)
  const table = declaration.parameters.find((it) => it.name === `${name}.weight`)
  if (table === undefined) {
    const received = new Described('one that is not called yet')
    throw mismatch('ERR_UNROLLED_GRAPH', option, 'an embedding of this graph', received)
  }
  if (table.shape.join() !== shape.join()) {
    const expected = `a table of [${shape.join(', ')}], a row for each result`
    const received = new Described(`that of ${name}, [${table.shape.join(', ')}]`)
    throw mismatch('ERR_UNROLLED_SHAPE', option, expected, received)
  }
  return table.name
}

function initOf(initializer: Initializer): InitJson {
  return initializer === 'pytorch' ? { normal: { std: 1 } } : { uniform: { bound: 0.05 } }
}

function checkVocabulary(
  where: string,
  received: number,
  expected: number | undefined,
  padding: number | null,
): void {
  if (expected !== undefined && expected !== received) {
    throw mismatch('ERR_UNROLLED_SHAPE', where, `tokens of vocabulary ${expected}`, received)
  }
  if (padding !== null && padding >= received) {
    const below = `an id below ${received}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} padding`, below, padding)
  }
}
