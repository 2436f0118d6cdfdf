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

/** Options of an input without steps that holds numbers. */
export interface VectorOptions<F extends number = number> {
  /** Numbers in a row, or in a step. */
  readonly size: F
}

/** Options of an input of ids without steps. */
export interface TokenOptions<V extends number = number> {
  /** The number of ids; each is below it. */
  readonly vocabularySize: V
}

/** Options of an input with steps. */
export interface AxisOptions {
  /** Inputs of one axis have the same lengths; `time` by default. */
  readonly axis?: string
}

export const AXIS_OPTIONS = ['axis'] as const satisfies readonly (keyof AxisOptions)[]
export const VECTOR_OPTIONS = ['size'] as const satisfies readonly (keyof VectorOptions)[]
export const TOKEN_OPTIONS = ['vocabularySize'] as const satisfies readonly (keyof TokenOptions)[]

/** Declares the inputs of a graph. */
export interface Inputs {
  /** `size` numbers a row. */
  vector<const F extends number>(name: string, options: VectorOptions<F>): Vector<F>
  /** `size` numbers a step. */
  sequence<const F extends number>(
    name: string,
    options: VectorOptions<F> & AxisOptions,
  ): Sequence<F>
  /** An id a step. */
  tokens<const V extends number>(name: string, options: TokenOptions<V> & AxisOptions): Tokens<V>
  /** An id a row. */
  token<const V extends number>(name: string, options: TokenOptions<V>): Token<V>
}

/** The argument of a declaration. */
export interface GraphContext {
  readonly input: Inputs
}

/**
 * Makes a model of any shape: `declare` makes inputs, applies layers and returns the outputs by name.
 *
 * ```ts
 * const tagger = graph(({ input }) => {
 *   const words = input.tokens('words', { vocabularySize: 1000 })
 *   const { output } = lstm({ hiddenSize: 64, bidirectional: true })(embedding({ size: 32 })(words))
 *   return { tags: dense({ size: 12 })(output) }
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` for a graph that contradicts itself; the layers'
 * errors for values that do not fit.
 */
export function graph<O extends Outputs>(
  declare: (context: GraphContext) => O,
  options: ModelOptions = {},
): Model<Readonly<Record<string, Value>>, O> {
  const { seed, precision } = checkModel('graph', options)
  return new Model(openModel(graphOf(declare), seed, precision))
}

/** Gives the graph of {@link graph} as data. */
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
      const { size } = checkInput(name, options, VECTOR_OPTIONS, 'size')
      return scope.value({ kind: 'vector', size }, scope.input(name, { vector: { size } }))
    },
    sequence(name, options) {
      const { size } = checkInput(name, options, [...VECTOR_OPTIONS, ...AXIS_OPTIONS], 'size')
      const axis = checkAxis(name, options)
      const wire = scope.input(name, { sequence: { size, axis } })
      return scope.value({ kind: 'sequence', size, axis }, wire)
    },
    tokens(name, options) {
      const known = [...TOKEN_OPTIONS, ...AXIS_OPTIONS]
      const { vocabularySize } = checkInput(name, options, known, 'vocabularySize')
      const axis = checkAxis(name, options)
      const wire = scope.input(name, { tokens: { vocabulary: vocabularySize, axis } })
      return scope.value({ kind: 'tokens', vocabularySize, axis }, wire)
    },
    token(name, options) {
      const { vocabularySize } = checkInput(name, options, TOKEN_OPTIONS, 'vocabularySize')
      const wire = scope.input(name, { token: { vocabulary: vocabularySize } })
      return scope.value({ kind: 'token', vocabularySize }, wire)
    },
  }
}

/** Refuses a bad name, an unknown option, and a bad count. */
function checkInput<K extends string, O extends { readonly [P in K]: number }>(
  name: string,
  options: O,
  known: readonly string[],
  count: K,
): O {
  checkName('input', name)
  checkOptions(`input ${name}`, options, known)
  checkCount(`input ${name} ${count}`, options[count])
  return options
}

function checkAxis(name: string, { axis = 'time' }: AxisOptions): string {
  checkName(`input ${name} axis`, axis)
  return axis
}
