import type {
  Alignment,
  AnyValues,
  Nodes,
  Sequence,
  Token,
  Tokens,
  Value,
  Values,
  Vector,
} from '../graph/value.js'

import type { TreeRow } from '../tree/tree.js'

/** A flat array with its shape, row-major, padded to one length where rows have steps. */
export interface Packed<A extends Float32Array | Int32Array> {
  readonly values: A
  /** `[rows, time, size]`, `[rows, size]`, `[rows, time]` or `[rows]`, depending on the kind. */
  readonly shape: readonly number[]
  /** The valid steps of each row; all of them by default. Padding is never read. */
  readonly lengths?: ArrayLike<number>
}

export const PACKED_KEYS = [
  'values',
  'shape',
  'lengths',
] as const satisfies readonly (keyof Packed<Float32Array>)[]

/** Numbers of one step, or of a row without steps. */
type Numbers = readonly number[] | Float32Array

/**
 * Rows of a sequence: nested arrays `[row][step][number]`, rows of any length; flat rows as
 * `Float32Array`; for one number a step also `[row][step]`; or {@link Packed}.
 */
export type SequenceData =
  | readonly (readonly Numbers[] | readonly number[] | Float32Array)[]
  | Packed<Float32Array>

/** Rows of a vector: nested arrays `[row][number]`, rows as `Float32Array`, or {@link Packed}. */
export type VectorData = readonly Numbers[] | Packed<Float32Array>

/** Rows of ids: nested arrays `[row][step]` of any length, rows as `Int32Array`, or {@link Packed}. */
export type TokensData = readonly (readonly number[] | Int32Array)[] | Packed<Int32Array>

/** One id a row: an array, an `Int32Array`, or {@link Packed}. */
export type TokenData = readonly number[] | Int32Array | Packed<Int32Array>

/** Rows of trees; a further input of the same trees may give the values alone. */
type TreeData<D> = D extends readonly (infer V)[] ? readonly (TreeRow<V> | V)[] : never

/** The data that a value of the kind `X` takes. */
export type DataOf<X extends Value> =
  X extends Nodes<Sequence>
    ? TreeData<SequenceData>
    : X extends Nodes<Tokens>
      ? TreeData<TokensData>
      : X extends Sequence
        ? SequenceData
        : X extends Vector
          ? VectorData
          : X extends Tokens
            ? TokensData
            : X extends Token
              ? TokenData
              : never

/** The data of every value by name; for a single value also without the name. */
export type Feed<R extends Values> =
  | { readonly [K in keyof R]: DataOf<R[K]> }
  | (IsOne<keyof R> extends true ? DataOf<R[keyof R]> : never)

/** Targets for an output of the kind `X`: numbers of its shape, or the ids of classes. */
export type TargetOf<X extends Value> = X extends Sequence
  ? SequenceData | TokensData
  : X extends Vector
    ? VectorData | TokenData
    : never

/** The targets of every output by name; for a single output also without the name. */
export type Targets<R extends Values> =
  | { readonly [K in keyof R]?: TargetOf<R[K]> }
  | (IsOne<keyof R> extends true ? TargetOf<R[keyof R]> : never)

/** The outputs that can have targets: all but the weights of attentions. */
export type Aimed<O extends Values> = {
  readonly [K in keyof O as O[K] extends Alignment ? never : K]: O[K]
}

/** Weights of steps: `[row][step]`, rows as `Float32Array`, or {@link Packed} of `[rows, time]`. */
export type StepWeights = readonly (readonly number[] | Float32Array)[] | Packed<Float32Array>

/** Weights of rows: an array, a `Float32Array`, or {@link Packed} of `[rows]`. */
export type RowWeights = readonly number[] | Float32Array | Packed<Float32Array>

/** Weights for the targets of an output of the kind `X`: one a step, or one a row. */
export type WeightsOf<X extends Value> = X extends Sequence
  ? StepWeights
  : X extends Vector
    ? RowWeights
    : never

/** The weights of outputs by name, 1 where left out; for a single output also without the name. */
export type Weights<R extends Values> =
  | { readonly [K in keyof R]?: WeightsOf<R[K]> }
  | (IsOne<keyof R> extends true ? WeightsOf<R[keyof R]> : never)

/** Inputs with their targets: a whole data set in memory, or one batch. */
export interface Examples<I extends Values = AnyValues, O extends Values = AnyValues> {
  readonly x: Feed<I>
  readonly y: Targets<Aimed<O>>
  /**
   * A weight for the target of each step, or of each row where the output has no steps; all 1 by
   * default (Keras: `sample_weight`). A mean loss is `Σ weight · loss / Σ weight`. The weights are
   * finite and not negative. A target of weight 0 does not count, and is never read: NaN or an id
   * that does not exist may stand there. Accuracy counts all others alike.
   */
  readonly weights?: Weights<Aimed<O>>
}

export const EXAMPLES_KEYS = ['x', 'y', 'weights'] as const satisfies readonly (keyof Examples)[]

/** Batches one after the other. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>

/** The place in a run that a function of batches is called for. */
export interface Position {
  /** The epoch, counted from 1. */
  readonly epoch: number
  /**
   * The batches of the epoch that were taken before: 0, except in the first epoch of a run that is resumed. A
   * function that reads it gives the batches from there; for others those before are passed over.
   */
  readonly step: number
}

/**
 * Data for training or measurement: examples in memory, which are shuffled and cut into batches; or
 * ready-made batches, as an iterable or async iterable, or as a function that returns a fresh one for
 * every epoch.
 */
export type Data<I extends Values = AnyValues, O extends Values = AnyValues> =
  | Examples<I, O>
  | Batches<Examples<I, O>>
  | ((position: Position) => Batches<Examples<I, O>>)

/** `true` for one name, and for names that are unknown and may be one. */
type IsOne<All, K = All> = [All] extends [never]
  ? false
  : string extends All
    ? true
    : K extends unknown
      ? [All] extends [K]
        ? true
        : false
      : never
