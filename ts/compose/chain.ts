import type { Apply, Signature, Signed } from '../graph/layer.js'
import type { Numeric, Value } from '../graph/value.js'

/** The type error of a layer in the wrong place. */
export interface WrongLayer<Reason extends string, Received> {
  readonly 'unrolled: this layer does not fit here': Reason
  readonly received: Received
}

/** The part of a layer's result that the next layer takes: `output` of a recurrent layer. */
export type Onward<R> = R extends { readonly output: infer O } ? O : R

/** The value that the layer `L` passes on for `X`; an error if `L` does not take `X`. */
export type Through<L, X> =
  L extends Signed<infer S>
    ? S extends Signature<infer In, infer M, unknown>
      ? X extends In
        ? Onward<Apply<M, X>>
        : WrongLayer<'it takes another kind of value', X>
      : never
    : L extends (x: infer In) => infer R
      ? X extends In
        ? Onward<R>
        : WrongLayer<'it takes another kind of value', X>
      : WrongLayer<'it is no layer', X>

/** The input of a model that begins with the layer `L`. */
export type FirstOf<L> = L extends Signed<{ readonly first: infer F }> ? F : never

/** The value that a chain of layers passes on for `X`, or the error of the first misfit. */
export type ChainOutput<L extends readonly unknown[], X> = L extends readonly [
  infer Head,
  ...infer Rest,
]
  ? ChainOutput<Rest, Through<Head, X>>
  : X

/** The layers with those that do not fit turned into errors. */
export type CheckChain<L extends readonly unknown[], X> = L extends readonly [
  infer Head,
  ...infer Rest,
]
  ? Through<Head, X> extends infer Y
    ? Y extends Value
      ? readonly [Head, ...CheckChain<Rest, Y>]
      : readonly [Y, ...Rest]
    : never
  : readonly []

/** The layers of `sequential`, each that does not fit made an error. */
export type CheckSequential<L extends readonly unknown[]> = {
  readonly [K in keyof L]: At<CheckFirst<L>, K>
}

type CheckFirst<L extends readonly unknown[]> = L extends readonly [infer Head, ...infer Rest]
  ? [FirstOf<Head>] extends [never]
    ? readonly [WrongLayer<'the first layer needs inputSize or vocabularySize', Head>, ...Rest]
    : CheckChain<L, FirstOf<Head>>
  : L

type At<T, K> = K extends keyof T ? T[K] : unknown

/** The output of a model of these layers. */
export type SequentialOutput<L extends readonly unknown[]> = L extends readonly [
  infer Head,
  ...unknown[],
]
  ? Extract<ChainOutput<L, FirstOf<Head>>, Numeric>
  : never

/** The inputs of a model of these layers. */
export type SequentialInputs<L extends readonly unknown[]> = L extends readonly [
  infer Head,
  ...unknown[],
]
  ? FirstOf<Head> extends infer F extends Value
    ? F extends { readonly kind: 'tokens' }
      ? { readonly tokens: F }
      : { readonly input: F }
    : never
  : never
