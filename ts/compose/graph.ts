import { mismatch } from '../errors.js'
import { Declaration } from '../graph/declaration.js'
import type { GraphJson } from '../graph/json.js'
import { finish, type Outputs } from '../graph/outputs.js'
import { checkName, Scope } from '../graph/scope.js'
import type { Sequence, Token, Tokens, Value, Vector } from '../graph/value.js'
import { Model } from '../model/model.js'
import { openModel } from '../native/open.js'
import { checkCount, checkOptions } from '../options.js'
import { checkModel, type ModelOptions } from './sequential.js'

/** Declares the inputs of a graph. */
export interface Inputs {
  /** One vector of `size` numbers a row. */
  vector<const F extends number>(name: string, options: { readonly size: F }): Vector<F>
  /** `size` numbers a step; inputs of one `axis` (`time` by default) have the same lengths. */
  sequence<const F extends number>(
    name: string,
    options: { readonly size: F; readonly axis?: string },
  ): Sequence<F>
  /** An id a step; inputs of one `axis` (`time` by default) have the same lengths. */
  tokens<const V extends number>(
    name: string,
    options: { readonly vocabularySize: V; readonly axis?: string },
  ): Tokens<V>
  /** One id a row. */
  token<const V extends number>(name: string, options: { readonly vocabularySize: V }): Token<V>
}

/** What a declaration is given. */
export interface GraphContext {
  readonly input: Inputs
}

/**
 * A model of any shape: `declare` makes inputs, puts layers on them and returns the outputs by name.
 *
 * ```ts
 * const tagger = graph(({ input }) => {
 *   const words = input.tokens('words', { vocabularySize: 1000 })
 *   const { output } = lstm({ hiddenSize: 64, bidirectional: true })(embedding({ size: 32 })(words))
 *   return { tags: dense({ size: 12 })(output) }
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` for a graph that contradicts itself, and what the
 * layers throw for values that do not fit.
 */
export function graph<O extends Outputs>(
  declare: (context: GraphContext) => O,
  options: ModelOptions = {},
): Model<Readonly<Record<string, Value>>, O> {
  const { seed, precision } = checkModel('graph', options)
  return new Model(openModel(graphOf(declare), seed, precision))
}

/** The graph of {@link graph} as data. */
export function graphOf(declare: (context: GraphContext) => Outputs): GraphJson {
  if (typeof declare !== 'function') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'graph', 'a function', declare)
  }
  const declaration = new Declaration()
  const scope = new Scope(declaration)
  return finish(declaration, scope, declare({ input: inputs(scope) }))
}

function inputs(scope: Scope): Inputs {
  return {
    vector(name, options) {
      checkName('input', name)
      checkOptions(`input ${name}`, options, ['size'])
      checkCount(`input ${name} size`, options.size)
      const { size } = options
      const wire = scope.input(name, { vector: { size } })
      return scope.value({ kind: 'vector', size }, wire)
    },
    sequence(name, options) {
      checkName('input', name)
      checkOptions(`input ${name}`, options, ['size', 'axis'])
      checkCount(`input ${name} size`, options.size)
      const { size, axis = 'time' } = options
      checkName(`input ${name} axis`, axis)
      const wire = scope.input(name, { sequence: { size, axis } })
      return scope.value({ kind: 'sequence', size, axis }, wire)
    },
    tokens(name, options) {
      checkName('input', name)
      checkOptions(`input ${name}`, options, ['vocabularySize', 'axis'])
      checkCount(`input ${name} vocabularySize`, options.vocabularySize)
      const { vocabularySize, axis = 'time' } = options
      checkName(`input ${name} axis`, axis)
      const wire = scope.input(name, { tokens: { vocabulary: vocabularySize, axis } })
      return scope.value({ kind: 'tokens', vocabularySize, axis }, wire)
    },
    token(name, options) {
      checkName('input', name)
      checkOptions(`input ${name}`, options, ['vocabularySize'])
      checkCount(`input ${name} vocabularySize`, options.vocabularySize)
      const { vocabularySize } = options
      const wire = scope.input(name, { token: { vocabulary: vocabularySize } })
      return scope.value({ kind: 'token', vocabularySize }, wire)
    },
  }
}
