import { mismatch } from '../errors.js'
import type { KindJson } from '../graph/json.js'
import { checkName } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import type { Nodes, Sequence, Token, Tokens, Value, Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'

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

/** Options of an input with nodes. */
export interface ForestOptions {
  /** Inputs of one axis have the same trees; `tree` by default. */
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
  /** A forest in each row: `size` numbers a node. */
  tree<const F extends number>(
    name: string,
    options: VectorOptions<F> & ForestOptions,
  ): Nodes<Sequence<F>>
  /** A forest in each row: an id a node. */
  tree<const V extends number>(
    name: string,
    options: TokenOptions<V> & ForestOptions,
  ): Nodes<Tokens<V>>
  /** An id a row. */
  token<const V extends number>(name: string, options: TokenOptions<V>): Token<V>
}

/** An input as plain data: its kind with the kind's options, `{ sequence: { size: 3 } }`. */
export type InputKind =
  | { readonly vector: VectorOptions }
  | { readonly sequence: VectorOptions & AxisOptions }
  | { readonly tokens: TokenOptions & AxisOptions }
  | { readonly tree: VectorOptions & ForestOptions }
  | { readonly tree: TokenOptions & ForestOptions }
  | { readonly token: TokenOptions }

/** The value of an input of the kind `K`. */
export type InputValue<K> = K extends { readonly vector: VectorOptions<infer F> }
  ? Vector<F>
  : K extends { readonly sequence: VectorOptions<infer F> }
    ? Sequence<F>
    : K extends { readonly tokens: TokenOptions<infer V> }
      ? Tokens<V>
      : K extends { readonly tree: VectorOptions<infer F> }
        ? Nodes<Sequence<F>>
        : K extends { readonly tree: TokenOptions<infer V> }
          ? Nodes<Tokens<V>>
          : K extends { readonly token: TokenOptions<infer V> }
            ? Token<V>
            : never

/** The values of inputs by name. */
export type InputValues<I> = { readonly [N in keyof I]: InputValue<I[N]> }

/** Makes the functions that declare inputs in a scope. */
export function inputsOf(scope: Scope): Inputs {
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
    tree: ((name, options) => declareTree(scope, name, options)) as Inputs['tree'],
    token(name, options) {
      const { vocabularySize } = checkInput(name, options, TOKEN_OPTIONS, 'vocabularySize')
      const wire = scope.input(name, { token: { vocabulary: vocabularySize } })
      return scope.value({ kind: 'token', vocabularySize }, wire)
    },
  }
}

const KINDS = ['vector', 'sequence', 'tokens', 'tree', 'token'] as const

/** Declares values of nodes, and, for the first on an axis, their parents. */
function declareTree(
  scope: Scope,
  name: string,
  options: (VectorOptions | TokenOptions) & ForestOptions,
): Nodes {
  checkName('input', name)
  const where = `input ${name}`
  checkOptions(where, options, [...VECTOR_OPTIONS, ...TOKEN_OPTIONS, ...AXIS_OPTIONS])
  const axis = checkAxis(name, { axis: options.axis ?? 'tree' })
  const both = 'size' in options && 'vocabularySize' in options
  if (both || !('size' in options || 'vocabularySize' in options)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a size or a vocabularySize', options)
  }
  const value =
    'size' in options
      ? ({ kind: 'sequence', size: checkCount(`${where} size`, options.size), axis } as const)
      : ({
          kind: 'tokens',
          vocabularySize: checkCount(`${where} vocabularySize`, options.vocabularySize),
          axis,
        } as const)
  const kind: KindJson =
    value.kind === 'sequence'
      ? { sequence: { size: value.size, axis } }
      : { tokens: { vocabulary: value.vocabularySize, axis } }
  const wire = scope.input(name, kind)
  if (scope.declaration.addForest(axis)) {
    scope.node(`${axis}.parents`, { input: { forest: { axis } } }, [])
  }
  return scope.value({ ...value, forest: true } as const, wire)
}

/** Declares an input that is given as data. */
export function declareInput(scope: Scope, name: string, given: unknown): Value {
  checkOptions(`input ${name}`, given, KINDS, 'kind')
  const [[kind, options] = [], ...more] = Object.entries(given as Readonly<Record<string, never>>)
  const known = KINDS.find((it) => it === kind)
  if (known === undefined || options === undefined || more.length > 0) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `input ${name}`, 'one kind with its options', given)
  }
  return inputsOf(scope)[known](name, options)
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
