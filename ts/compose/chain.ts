import type { Apply, Signature, Signed } from '../graph/layer.js'
import type { AnyValues, Numeric, Value } from '../graph/value.js'
import type { InputKind, InputValue } from './inputs.js'

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

/** The layers of `sequential`, each that does not fit made an error; `K` is the option `input`. */
export type CheckSequential<L extends readonly unknown[], K = undefined> = {
  readonly [N in keyof L]: number extends L['length'] ? AnyLayer : At<CheckFirst<L, K>, N>
}

/** Any function of one value, as far as types go. */
type AnyLayer = (x: never) => unknown

/** Refuses no layers at all. */
export type AtLeastOne<L extends readonly unknown[]> = L extends readonly []
  ? readonly [WrongLayer<'there are no layers', never>]
  : unknown

type CheckFirst<L extends readonly unknown[], K> = K extends InputKind
  ? CheckChain<L, InputValue<K>>
  : L extends readonly [infer Head, ...infer Rest]
    ? [FirstOf<Head>] extends [never]
      ? readonly [WrongLayer<'the first layer needs inputSize or vocabularySize', Head>, ...Rest]
      : CheckChain<L, FirstOf<Head>>
    : L

type At<T, K> = K extends keyof T ? T[K] : unknown

/** The value that a model of these layers begins with; any for a list whose first layer is not known. */
type FirstValue<L extends readonly unknown[], K> = K extends InputKind
  ? InputValue<K>
  : L extends readonly [infer Head, ...unknown[]]
    ? FirstOf<Head>
    : AnyValues

/** The output of a model of these layers. */
export type SequentialOutput<
  L extends readonly unknown[],
  K = undefined,
> = number extends L['length'] ? Numeric : Extract<ChainOutput<L, FirstValue<L, K>>, Numeric>

/** The inputs of a model of these layers. */
export type SequentialInputs<L extends readonly unknown[], K = undefined> = InputNamed<
  FirstValue<L, K>
>

type InputNamed<F> = 0 extends 1 & F
  ? AnyValues
  : F extends { readonly kind: 'tokens' }
    ? { readonly tokens: F }
    : F extends { readonly kind: 'token' }
      ? { readonly token: F }
      : { readonly input: Extract<F, Value> }
