import { isRecord } from '../brand.js'
import { mismatch } from '../errors.js'
import type { Alignment, Sequence, Tokens } from '../graph/value.js'
import type { AttentionOptions, AttentionScore } from '../layer/attention.js'
import { checkRate } from '../layer/dropout.js'
import type { Model } from '../model/model.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { type Decoded, type DecoderSettings, decode, RECURRENT_KINDS } from './decoder.js'
import { graph } from './graph.js'
import type { InputKind } from './inputs.js'
import { MODEL_OPTIONS, type ModelOptions } from './sequential.js'

/** One side of {@link encoderDecoder} that is text: ids below `vocabularySize`. */
export interface TokenSide {
  readonly vocabularySize: number
  /** Of the target: the id that stands before the first token. */
  readonly start?: number
}

/** One side of {@link encoderDecoder} that is numbers: `size` a step. */
export interface NumberSide {
  readonly size: number
}

/** Options of {@link encoderDecoder}. */
export interface EncoderDecoderOptions<
  S extends TokenSide | NumberSide = TokenSide | NumberSide,
  T extends TokenSide | NumberSide = TokenSide | NumberSide,
  A extends AttentionScore | AttentionOptions | undefined =
    | AttentionScore
    | AttentionOptions
    | undefined,
> extends ModelOptions {
  /** The steps that the encoder reads: `{ vocabularySize }` or `{ size }`. */
  readonly source: S
  /** The steps that the decoder writes: `{ vocabularySize, start }` or `{ size }`. */
  readonly target: T
  /** Numbers in a state of the decoder. */
  readonly hiddenSize: number
  /** Numbers in a state of the encoder, of each direction; as in the decoder by default. */
  readonly encoderSize?: number
  /** Numbers in the vector of a token; `hiddenSize` by default. */
  readonly embeddingSize?: number
  /** The recurrent layers of both; `'gru'` by default. */
  readonly cell?: 'rnn' | 'lstm' | 'gru'
  /** Layers of each; 1 by default. */
  readonly numLayers?: number
  /** Runs the encoder both ways; `false` by default. */
  readonly bidirectional?: boolean
  /**
   * Dropout between stacked layers, from 0 (default) to below 1, as in PyTorch; one layer has no place for it and
   * refuses another rate than 0.
   */
  readonly dropout?: number
  /**
   * The way of the encoder's last state into the decoder: its first state (`'initial'`, the default), an input of
   * each step, or `'both'`.
   */
  readonly context?: 'initial' | 'input' | 'both'
  /** Learns a map (`tanh` of a linear one for h) where the sizes of states differ; `true` by default. */
  readonly bridge?: boolean
  /** Attends to the encoder's steps at each step of the decoder; not by default. */
  readonly attention?: A
  /**
   * Attends after the step instead of before, and feeds the attentional state `tanh(W [context, h])` to the next
   * step (Luong et al., 2015); `false` by default.
   */
  readonly inputFeeding?: boolean
}

export const ENCODER_DECODER_OPTIONS = [
  ...MODEL_OPTIONS,
  'source',
  'target',
  'hiddenSize',
  'encoderSize',
  'embeddingSize',
  'cell',
  'numLayers',
  'bidirectional',
  'dropout',
  'context',
  'bridge',
  'attention',
  'inputFeeding',
] as const satisfies readonly (keyof EncoderDecoderOptions)[]

/** The input of a side. */
type SideValue<S> = S extends { readonly vocabularySize: number } ? Tokens : Sequence

/** The outputs of a model with or without attention; of options that leave it open, either. */
type EncoderDecoderOutputs<A> = A extends undefined
  ? { readonly scores: Sequence }
  : { readonly scores: Sequence; readonly weights: Alignment<string> } & ([A] extends [
      { readonly coverage: true },
    ]
      ? { readonly coverageLoss: Sequence<1> }
      : unknown)

/**
 * Makes a model from one sequence to another of another length (Cho et al., 2014; Sutskever et al., 2014): the encoder
 * reads `source`, its last state is the context, and the decoder writes `target` step by step. In training the decoder
 * sees the target one step late (teacher forcing).
 *
 * Inputs `source` and `target`, each on an axis of its own name; the target is input and label at once:
 * `fit({ x: { source, target }, y: target }, { loss: 'crossEntropy' })`. Output `scores`: for tokens the logits of each id,
 * for numbers the next step. With `attention` (Bahdanau et al., 2015) the output `weights` has for each step of the target
 * the weight of each step of the source, and takes no targets; with its option `coverage` the output `coverageLoss` has how
 * much of it each step looks at again, and targets and losses go by the outputs' names.
 *
 * ```ts
 * const model = encoderDecoder({
 *   source: { vocabularySize: 30 },
 *   target: { vocabularySize: 40, start: 0 },
 *   hiddenSize: 128,
 *   bidirectional: true,
 *   attention: 'additive',
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for states of unlike sizes without
 * a bridge.
 */
export function encoderDecoder<
  const S extends TokenSide | NumberSide,
  const T extends TokenSide | NumberSide,
  const A extends AttentionScore | AttentionOptions | undefined = undefined,
>(
  options: EncoderDecoderOptions<S, T, A>,
): Model<
  { readonly source: SideValue<S>; readonly target: SideValue<T> },
  EncoderDecoderOutputs<A>
> {
  checkOptions('encoderDecoder', options, ENCODER_DECODER_OPTIONS)
  const inputs = {
    source: inputOf('source', options.source),
    target: inputOf('target', options.target),
  }
  const settings = settingsOf(options)
  const { seed, precision } = options
  const model = graph(inputs, ({ source, target }): Decoded => decode(settings, source, target), {
    ...(seed !== undefined && { seed }),
    ...(precision !== undefined && { precision }),
  })
  // The sides' kinds decide the inputs, and the attention the outputs.
  return model as never
}

function inputOf(name: 'source' | 'target', side: unknown): InputKind {
  const where = `encoderDecoder ${name}`
  checkOptions(where, side, ['vocabularySize', 'size', ...(name === 'target' ? ['start'] : [])])
  const { vocabularySize, size, start } = side as {
    vocabularySize?: number
    size?: number
    start?: number
  }
  if ((vocabularySize === undefined) === (size === undefined)) {
    const expected = '{ vocabularySize } for ids or { size } for numbers'
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, side)
  }
  if (vocabularySize === undefined) {
    if (start !== undefined) {
      const advice = 'numbers begin with zeros'
      throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} start`, 'none', start, advice)
    }
    return { sequence: { size: checkCount(`${where} size`, size), axis: name } }
  }
  if (name === 'target') checkCount(`${where} start`, start, 0)
  return {
    tokens: {
      vocabularySize: checkCount(`${where} vocabularySize`, vocabularySize),
      axis: name,
    },
  }
}

function settingsOf(options: EncoderDecoderOptions): DecoderSettings {
  const where = 'encoderDecoder'
  const hiddenSize = checkCount(`${where} hiddenSize`, options.hiddenSize)
  const numLayers = checkCount(`${where} numLayers`, options.numLayers ?? 1, 1, 256)
  const attention = attentionOf(options.attention)
  const feeding = checkBoolean(`${where} inputFeeding`, options.inputFeeding ?? false)
  if (feeding && attention === undefined) {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      `${where} inputFeeding`,
      'false without attention',
      true,
    )
  }
  return {
    start: 'start' in options.target ? options.target.start : undefined,
    targetSize: 'size' in options.target ? options.target.size : options.target.vocabularySize,
    hiddenSize,
    encoderSize: checkCount(`${where} encoderSize`, options.encoderSize ?? hiddenSize),
    embeddingSize: checkCount(`${where} embeddingSize`, options.embeddingSize ?? hiddenSize),
    cell: checkWord(`${where} cell`, options.cell ?? 'gru', RECURRENT_KINDS),
    numLayers,
    bidirectional: checkBoolean(`${where} bidirectional`, options.bidirectional ?? false),
    dropout: dropoutOf(options.dropout, numLayers),
    context: checkWord(`${where} context`, options.context ?? 'initial', [
      'initial',
      'input',
      'both',
    ]),
    bridge: checkBoolean(`${where} bridge`, options.bridge ?? true),
    attention,
    feeding,
  }
}

function dropoutOf(given: number | undefined, numLayers: number): number {
  const where = 'encoderDecoder dropout'
  const rate = checkRate(where, given ?? 0)
  if (rate === 0 || numLayers > 1) return rate
  const advice = 'dropout stands between layers: give numLayers of 2 or more'
  throw mismatch('ERR_UNROLLED_ARGUMENT', where, '0 with one layer', rate, advice)
}

function attentionOf(
  given: AttentionScore | AttentionOptions | undefined,
): AttentionOptions | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string') return { score: given }
  if (isRecord(given)) return given
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'encoderDecoder attention', 'a score or options', given)
}
