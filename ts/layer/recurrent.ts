import type { Start } from '../cell/scan.js'
import { mismatch } from '../errors.js'
import type { KindJson } from '../graph/json.js'
import type { Mapping, Signature, Signed } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, Vector } from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { checkRate } from './dropout.js'
import { checkInitializer, type Initializer } from './initializer.js'
import { checkMerge, type Merge, type Merged } from './merge.js'

/** Options that change the step of a recurrent layer or cell. */
export interface RecurrentStepOptions {
  /** Learns biases; `true` by default (`gru`: the value of `resetAfter`). */
  readonly bias?: boolean
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /**
   * Normalizes the pre-activations over the units (Ba, Kiros, Hinton 2016), each kind as in the paper; gains begin at 1.
   * `false` by default.
   */
  readonly layerNorm?: boolean
  /**
   * Dropout of the state in its products with the weights, from 0 (default) to below 1: one mask a row for all steps
   * (Gal, Ghahramani 2016), one for all gates, as in Keras. What a gate keeps of the state is not dropped.
   */
  readonly recurrentDropout?: number
}

/** Options that `rnn`, `lstm` and `gru` share. */
export interface RecurrentOptions<
  H extends number,
  I extends number | undefined,
  B extends boolean,
  M extends Merge = Merge,
> extends RecurrentStepOptions {
  /** Numbers in the hidden state. */
  readonly hiddenSize: H
  /** Numbers in a step of the input; needed only if the layer begins a model. */
  readonly inputSize?: I
  /** Layers stacked, each on the output of the one below; 1 by default. */
  readonly numLayers?: number
  /** Dropout between the stacked layers, from 0 (default) to below 1. */
  readonly dropout?: number
  /** Runs from each row's last valid step to its first; outputs keep the original order. */
  readonly reverse?: boolean
  /** Runs both ways and joins the two, forward first: outputs and states have 2 `hiddenSize`. */
  readonly bidirectional?: B
  /**
   * Joins the outputs of both ways, of every layer: `'concat'` (default) side by side, `'sum'`, `'multiply'` or
   * `'average'` number by number, with `hiddenSize` numbers. States stand side by side. For `bidirectional` alone.
   */
  readonly merge?: M
  /**
   * The state before the first step of a row: zeros (default), or learned, a parameter for each state, layer and
   * direction: `initial_h_l0` and so on, zeros at first. A call's `initial` goes before it. A learned one begins
   * each call of `predict` and each batch, which therefore refuse a state to go on from; a stream or session goes on.
   */
  readonly initialState?: 'zeros' | 'learned'
  /** Names the layer and its parameters; the kind by default. */
  readonly name?: string
}

/** The output size of `H` units: twice as many both ways, unless they merge number by number. */
export type Directed<H extends number, B extends boolean, M extends Merge = 'concat'> = [
  B,
] extends [false]
  ? H
  : [B] extends [true]
    ? Merged<H, M>
    : number

/** Result of a stacked recurrent layer. */
export interface Stacked<F extends number, S, T = unknown> {
  /** The top layer's hidden state at every step. */
  readonly output: Sequence<F>
  /** The top layer's state after the last step. */
  readonly state: S
  /** Every layer's state after the last step, from the bottom up. */
  readonly layers: readonly S[]
  /**
   * The top layer's states and gates at every step, in the order of the input; both ways stand side by side. Only what is
   * read is kept. Reading a gate takes the step apart: it costs the speed of the fused one.
   */
  readonly trace: T
  /** Every layer's states and gates at every step, from the bottom up. */
  readonly traces: readonly T[]
}

/** A sequence becomes a {@link Stacked}. */
export interface StackedMapping<F extends number, S, T> extends Mapping {
  readonly output: Stacked<F, S, T>
}

/** A layer of `rnn`, `lstm` or `gru`. */
export interface RecurrentLayer<F extends number, S, I extends number | undefined, T = unknown>
  extends Signed<
    Signature<Sequence, StackedMapping<F, S, T>, I extends number ? Sequence<I> : never>
  > {
  (x: Sequence, options?: RecurrentCall<S>): Stacked<F, S, T>
}

/** Options of a recurrent layer's call. */
export interface RecurrentCall<S> {
  /** The state before the first step; for stacked layers a list, bottom up. */
  readonly initial?: Start<S>['initial'] | readonly Start<S>['initial'][]
  /**
   * A vector that conditions every step of the bottom layer (Goodfellow et al. 2016, section 10.2.4; of both directions): its product
   * with a matrix of its own, `weight_ch_l0` `[gates H, C]` without a bias, is added to the input's.
   */
  readonly context?: Vector
}

export const RECURRENT_CALL_OPTIONS = [
  'initial',
  'context',
] as const satisfies readonly (keyof RecurrentCall<unknown>)[]

/** The names of the options of a step. */
export const STEP_OPTIONS = [
  'bias',
  'initializer',
  'layerNorm',
  'recurrentDropout',
] as const satisfies readonly (keyof RecurrentStepOptions)[]

/** The names of the shared options. */
export const RECURRENT_OPTIONS = [
  ...STEP_OPTIONS,
  'hiddenSize',
  'inputSize',
  'numLayers',
  'dropout',
  'reverse',
  'bidirectional',
  'merge',
  'initialState',
  'name',
] as const satisfies readonly (keyof RecurrentOptions<number, number, boolean>)[]

/** The most stacked layers; a number of layers given by mistake must not fill the memory with nodes. */
const MOST_LAYERS = 256

const INITIAL_STATES = ['zeros', 'learned'] as const

type Shared = RecurrentOptions<number, number | undefined, boolean>

/** The options that a layer and a cell share, with every default filled in. */
export interface CellSettings
  extends Required<Pick<Shared, 'hiddenSize' | keyof RecurrentStepOptions>> {
  /** The layer or cell in messages: its name, or its kind. */
  readonly where: string
}

/** Shared options with every default filled in. */
export interface Settings extends CellSettings, Required<Omit<Shared, 'inputSize' | 'name'>> {
  /** The input of a model that begins with the layer. */
  readonly first: KindJson | undefined
}

/** Checks the options of a step and fills in their defaults. */
export function resolveStep(
  where: string,
  hiddenSize: number,
  options: RecurrentStepOptions,
  bias = (): boolean => true,
): CellSettings {
  const layerNorm = checkBoolean(`${where} layerNorm`, options.layerNorm ?? false)
  const settings = {
    where,
    hiddenSize: checkCount(`${where} hiddenSize`, hiddenSize),
    bias: checkBoolean(`${where} bias`, options.bias ?? (layerNorm || bias())),
    initializer: checkInitializer(where, options.initializer),
    layerNorm,
    recurrentDropout: checkRate(`${where} recurrentDropout`, options.recurrentDropout ?? 0),
  }
  if (layerNorm && !settings.bias) {
    const expected = 'true where layerNorm is true'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} bias`, expected, false)
  }
  return settings
}

/** Checks the shared options and fills in their defaults. */
export function resolveSettings(
  kind: string,
  options: Shared,
  own: readonly string[],
  bias = (): boolean => true,
): Settings {
  checkOptions(kind, options, [...RECURRENT_OPTIONS, ...own])
  const where = nameOf(kind, options.name)
  const inputSize =
    options.inputSize === undefined
      ? undefined
      : checkCount(`${where} inputSize`, options.inputSize)
  const settings = {
    ...resolveStep(where, options.hiddenSize, options, bias),
    numLayers: checkCount(`${where} numLayers`, options.numLayers ?? 1, 1, MOST_LAYERS),
    dropout: checkRate(`${where} dropout`, options.dropout ?? 0),
    reverse: checkBoolean(`${where} reverse`, options.reverse ?? false),
    bidirectional: checkBoolean(`${where} bidirectional`, options.bidirectional ?? false),
    merge: checkMerge(where, options.merge),
    initialState: checkWord(
      `${where} initialState`,
      options.initialState ?? 'zeros',
      INITIAL_STATES,
    ),
    first: inputSize === undefined ? undefined : { sequence: { size: inputSize, axis: 'time' } },
  }
  if (settings.reverse && settings.bidirectional) {
    const expected = 'false where bidirectional is true'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} reverse`, expected, true)
  }
  if (!settings.bidirectional && options.merge !== undefined) {
    const expected = 'none where bidirectional is false'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} merge`, expected, options.merge)
  }
  return settings
}
