import { Described, mismatch } from '../errors.js'

/** `size` numbers a row. */
export interface Vector<F extends number = number> {
  readonly kind: 'vector'
  readonly size: F
}

/** Any number of steps in each row, `size` numbers a step. */
export interface Sequence<F extends number = number> {
  readonly kind: 'sequence'
  readonly size: F
  /** Values of one axis have the same lengths; `time` unless declared otherwise. */
  readonly axis: string
}

/** Any number of steps in each row, one id below `vocabularySize` a step. */
export interface Tokens<V extends number = number> {
  readonly kind: 'tokens'
  readonly vocabularySize: V
  /** Values of one axis have the same lengths; `time` unless declared otherwise. */
  readonly axis: string
}

/** One id below `vocabularySize` a row. */
export interface Token<V extends number = number> {
  readonly kind: 'token'
  readonly vocabularySize: V
}

/**
 * The weights of an attention: for each query one for each step of the memory, which sum to 1. Can be an
 * output of a model, and enters no layer.
 */
export interface Alignment<A extends string | undefined = string | undefined> {
  readonly kind: 'alignment'
  /** The axis of the queries; `undefined` for a single query a row. */
  readonly axis: A
  /** The axis of the memory. */
  readonly memory: string
}

/**
 * Values of the nodes of a forest: steps of a sequence or of tokens, on an axis that has parents. Layers that
 * look at one step at a time take them like any other; `fold` goes up, `root` takes the root.
 */
export type Nodes<X extends Sequence | Tokens = Sequence | Tokens> = X & { readonly forest: true }

/** Anything that holds numbers. */
export type Numeric<F extends number = number> = Vector<F> | Sequence<F>

/** A value in a graph, typed by kind and size; layers map values to values. */
export type Value = Vector | Sequence | Tokens | Token | Alignment

/** Values by name. */
export type Values = Readonly<Record<string, Value>>

/**
 * Inputs or outputs that the types do not know: those of `Model`, `Data` and others without arguments,
 * which stand for all of their kind.
 */
// biome-ignore lint/suspicious/noExplicitAny: fits where names go in (`predict`) and where names come out.
export type AnyValues = any

/** The name of a kind. */
export type Kind = Value['kind']

/** The same kind as `X`, with `S` numbers. */
export type Resize<X, S extends number> = X extends Sequence
  ? Sequence<S>
  : X extends Vector
    ? Vector<S>
    : never

/** The value's size as a literal, or `number`. */
export type SizeOf<X> = X extends { readonly size: infer F extends number } ? F : never

/** Describes a value in words: `a sequence of size 3`. */
export function describe(value: Value): string {
  return value.kind === 'vector' || value.kind === 'sequence'
    ? `a ${value.kind} of size ${value.size}`
    : value.kind === 'alignment'
      ? 'the weights of an attention'
      : `${value.kind === 'token' ? 'a token' : 'tokens'} of vocabulary ${value.vocabularySize}`
}

/** Refuses a value of another kind than those listed. */
export function checkKind<K extends Kind>(
  where: string,
  value: Value,
  kinds: readonly K[],
): asserts value is Extract<Value, { kind: K }> {
  if (!kinds.some((kind) => kind === value.kind)) {
    const expected = kinds
      .map((kind) => (kind === 'tokens' ? kind : kind === 'alignment' ? `an ${kind}` : `a ${kind}`))
      .join(' or ')
    throw mismatch('ERR_UNROLLED_KIND', where, expected, new Described(describe(value)))
  }
}

/** Refuses a value of another size. */
export function checkSize(where: string, value: Numeric, size: number): void {
  if (value.size !== size) {
    const received = new Described(describe(value))
    throw mismatch('ERR_UNROLLED_SHAPE', where, `size ${size}`, received)
  }
}
